"""The shipped translations: whole, sure, in step with the letters, and with the placeholders of the originals."""

from pathlib import Path

import pytest

from api import page
from mail.catalogues import Places, collected, faults, placed, update
from mail.rendering import Letters
from mail.translations import DOMAIN, catalogues
from tests.content.contexts import LOCALE, TEMPLATES

FILES = list(catalogues(LOCALE, "*"))


@pytest.fixture(scope="module")
def told() -> dict[str, Places]:
    """All messages, by the name of their file."""
    return {f"{DOMAIN}.po": collected(Letters(TEMPLATES)), f"{page.DOMAIN}.po": placed(page.messages())}


def named(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


def test_every_language_has_letters_and_pages() -> None:
    assert {"sv-letters", "sv-pages"} <= set(map(named, FILES))
    languages = {path.parts[-3] for path in FILES}
    assert len(FILES) == 2 * len(languages)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_message_is_translated_and_nothing_else_is(told: dict[str, Places], path: Path) -> None:
    assert list(faults(path, told[path.name])) == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_files_are_as_the_command_leaves_them(told: dict[str, Places], path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.parts[-3] / "LC_MESSAGES" / path.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())
    update(copy, told[path.name])
    assert copy.read_text() == path.read_text()


def test_no_compiled_file_is_kept() -> None:
    assert list(LOCALE.rglob("*.mo")) == []
