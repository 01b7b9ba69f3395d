"""The shipped translations: whole, sure, in step with the letters, and with the placeholders of the originals."""

from pathlib import Path

import pytest

from mail.catalogues import collected, faults, update
from mail.rendering import Letters
from mail.translations import DOMAIN, catalogues
from tests.content.contexts import LOCALE, TEMPLATES

FILES = list(catalogues(LOCALE, DOMAIN))


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(TEMPLATES)


def test_swedish_is_there() -> None:
    assert "sv" in {path.parts[-3] for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.parts[-3]))
def test_every_message_of_every_letter_is_translated_and_nothing_else_is(letters: Letters, path: Path) -> None:
    assert list(faults(path, collected(letters))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.parts[-3]))
def test_the_files_are_as_the_command_leaves_them(letters: Letters, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.parts[-3] / "LC_MESSAGES" / path.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())
    update(copy, collected(letters))
    assert copy.read_text() == path.read_text()


def test_no_compiled_file_is_kept() -> None:
    assert list(LOCALE.rglob("*.mo")) == []
