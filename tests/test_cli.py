import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from cli import app

ROOT = Path(__file__).parents[1]
HEAVY = ("temporalio", "sqlalchemy", "fastapi", "uvicorn", "httpx2", "psutil", "asyncpg", "pydantic")

JOURNEY = """
journey: hello
title: Say hello
class: transactional
trigger: {event: Signed Up}
steps:
  - wait: 1h
  - send: order-thanks
"""


def kundresa(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_help_does_not_wait_for_libraries_that_it_does_not_need() -> None:
    script = f"import sys, cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_tells_every_mistake_with_its_file_and_line_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(JOURNEY)
    assert kundresa("check", "--journeys", tmp_path) == (0, "1 journey without mistakes.\n")
    (tmp_path / "broken.yaml").write_text(JOURNEY.replace("hello", "broken").replace("1h", "soon"))
    (tmp_path / "letterless.yaml").write_text(JOURNEY.replace("hello", "letterless").replace("order-thanks", "nothing"))
    code, said = kundresa("check", "--journeys", tmp_path)
    assert code == 1
    assert "broken.yaml:7:" in said
    assert "letterless.yaml:8:" in said
    assert "1 journey without mistakes." in said


def test_draw_shows_a_tree_or_mermaid_text(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(JOURNEY)
    code, tree = kundresa("draw", "hello", "--journeys", tmp_path)
    assert code == 0
    assert "Wait 1 hour" in tree
    code, mermaid = kundresa("draw", "hello", "--mermaid", "--journeys", tmp_path)
    assert code == 0
    assert mermaid.startswith("flowchart TD")


def test_draw_names_the_journeys_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(JOURNEY)
    code, said = kundresa("draw", "goodbye", "--journeys", tmp_path)
    assert code == 1
    assert "There is no journey goodbye" in said
    assert "There are: hello." in said


def test_a_wrong_duration_says_what_to_write() -> None:
    code, said = kundresa("advance", "soon")
    assert code == 2
    assert "such as '3d'" in " ".join(said.replace("│", " ").split())
