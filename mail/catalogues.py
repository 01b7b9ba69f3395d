"""The `.po` files: what there is to translate, how they are brought up to date, what is wrong in them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po, write_po

from mail.reading import Message
from mail.rendering import Letters

Places: TypeAlias = Mapping[Message, list[str]]
"""Every message, with the letters or pages that it stands in."""

# What says nothing about the messages, and would change with every run.
_NOISE = re.compile(rb'^"(Project-|Report-|POT-|PO-Rev|Last-T|Language-Team|Generated-).*\n', re.MULTILINE)
_PLACES_SHOWN = 3
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_WIDTH = 110


def collected(letters: Letters) -> Places:
    """All messages of all letters, in the order of the letters, and those that are looked up by value."""
    told = ((letter, message) for letter in letters.names() for message in letters.messages(letter))
    return placed((*told, *letters.looked_up()))


def placed(told: Iterable[tuple[str, Message]]) -> Places:
    """Every message once, with the places that it is told of."""
    found: dict[Message, list[str]] = {}
    for place, message in told:
        places = found.setdefault(message, [])
        if place not in places:
            places.append(place)
    return found


def update(path: Path, places: Places) -> None:
    """Bring the `.po` file up to date: new messages come without a translation, unused ones go."""
    catalog = _read(path) if path.exists() else Catalog(locale=path.parts[-3])
    template = Catalog(locale=catalog.locale)
    for message, letters in places.items():
        template.add(message, locations=[(letter, 0) for letter in letters[:_PLACES_SHOWN]])
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.header_comment = "# English, and the language that the folder is named for."
    written = BytesIO()
    write_po(written, catalog, width=_WIDTH, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_NOISE.sub(b"", written.getvalue()))


def faults(path: Path, places: Places) -> Iterator[str]:
    """What is wrong in a `.po` file: missing, unused, unsure, or with other placeholders than the original."""
    catalog = _read(path)
    entries = {_key(entry): entry for entry in catalog if entry.id}
    for message in places:
        if message not in entries:
            yield f"{_told(message)} is missing"
    for message, entry in entries.items():
        if message not in places:
            yield f"{_told(message)} is no longer used"
        else:
            yield from (f"{_told(message)} {fault}" for fault in _faults(entry, catalog.num_plurals))


def _faults(entry: Entry, forms: int) -> Iterator[str]:
    wanted = _texts(entry.id)
    told = _texts(entry.string)
    if entry.fuzzy:
        yield "is marked as unsure (fuzzy)"
    if not all(told) or (len(wanted) > 1 and len(told) != forms):
        yield "is not translated"
    for text in filter(None, told):
        if not _placeholders(text) <= set().union(*map(_placeholders, wanted)):
            yield "has a placeholder that the original lacks"
        # Of several forms each leaves out what it need not say: "one point" has no number in it.
        if len(wanted) == 1 and _placeholders(text) != _placeholders(wanted[0]):
            yield "lacks a placeholder of the original"


def _placeholders(text: str) -> set[str]:
    # A sign per cent that is none of ours would break the letter when it is written.
    stray = {"%"} if "%" in _PLACEHOLDER.sub("", text).replace("%%", "") else set()
    return set(_PLACEHOLDER.findall(text)) | stray


def _texts(text: object) -> tuple[str, ...]:
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text or ""),)


def _key(entry: Entry) -> Message:
    texts = _texts(entry.id)
    return texts[0] if len(texts) == 1 else (texts[0], texts[1])


def _told(message: Message) -> str:
    return repr(message if isinstance(message, str) else message[1])


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)
