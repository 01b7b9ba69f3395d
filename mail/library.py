"""What authors' files may refer to that is none of them: letters with what each requires, senders, and staff."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mail.required import required_by_letters
from rules.library import Library
from rules.reading import read_library


def library(templates: Path, staff: Iterable[str] = (), senders: Iterable[str] = ()) -> Library:
    """The library of a folder of letters. What is not there or empty (folder, staff, senders) is not looked up."""
    known = Library(staff=frozenset(staff) or None, senders=frozenset(senders) or None)
    if not templates.is_dir():
        return known
    letters = read_library(templates).letters
    return replace(known, letters=letters, needed=required_by_letters(templates))
