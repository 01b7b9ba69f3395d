"""`kundresa schema` and `language`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from rules.schema import KINDS

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_printed_as_json(kind: str) -> None:
    result = CliRunner().invoke(app, ["schema", kind])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == KINDS[kind].__name__


def test_an_unknown_kind_of_file_is_a_wrong_argument() -> None:
    result = CliRunner().invoke(app, ["schema", "letter"])
    assert result.exit_code == 2
    assert "letter" in result.stderr


def test_the_manual_that_is_printed_is_the_one_in_the_documents() -> None:
    result = CliRunner().invoke(app, ["language"])
    assert result.stdout == (ROOT / "docs/language.md").read_text()
