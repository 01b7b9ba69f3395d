"""What authors' files may refer to that is none of them: letters with what each requires, and the shop's staff."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mail.required import required_by_letters
from rules.library import Library
from rules.reading import read_library


def library(templates: Path, staff: Iterable[str] = ()) -> Library:
    """The library of a folder of letters. Without the folder letters are not looked up, without staff their names."""
    known = frozenset(staff) or None
    if not templates.is_dir():
        return Library(staff=known)
    return replace(read_library(templates), needed=required_by_letters(templates), staff=known)
