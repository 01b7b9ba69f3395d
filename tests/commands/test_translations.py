"""`kundresa translations`: what is missing is told, and brought in."""

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner

from cli import app
from tests.content.contexts import LOCALE

Result = tuple[int, str]


def translations(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["translations", *map(str, arguments)])
    return result.exit_code, result.output


def test_what_ships_has_no_faults() -> None:
    code, said = translations()
    assert code == 0
    assert said.endswith("1 language beside English, 0 faults.\n")


def test_a_new_language_is_begun_and_ends_with_1_until_it_is_whole(tmp_path: Path) -> None:
    code, said = translations("--locale", tmp_path, "--language", "fi", "--json")
    told = json.loads(said)
    assert code == 1
    assert len(told["faults"]) == told["messages"] > 300
    assert {path.name for path in (tmp_path / "fi" / "LC_MESSAGES").iterdir()} == {"letters.po", "pages.po"}


def test_an_update_takes_out_what_is_no_longer_used(tmp_path: Path) -> None:
    shutil.copytree(LOCALE, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "sv" / "LC_MESSAGES" / "letters.po"
    kept = path.read_text()
    path.write_text(kept + '\nmsgid "olds"\nmsgstr "gammalt"\n')
    code, said = translations("--locale", tmp_path)
    assert code == 1
    assert "'olds' is no longer used" in said
    assert translations("--locale", tmp_path, "--update")[0] == 0
    assert path.read_text() == kept
