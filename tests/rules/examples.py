"""Files as authors write them, in which the mistakes are told behind their lines, after `#! `."""

from collections.abc import Mapping

from rules.library import Library
from rules.reading import Reading, read_texts

HEAD = """\
journey: tried
title: Tried
class: marketing
topic: offers
trigger: {event: Signed Up}
"""


def marked(files: Mapping[str, str]) -> list[str]:
    """What the comments of the files say will be told of their lines."""
    return sorted(
        f"{file}:{number}: {told.strip()}"
        for file, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for told in line.split("#! ")[1:]
    )


def read(files: Mapping[str, str], library: Library | None = None) -> Reading:
    """The files, read together."""
    return read_texts(files, library)


def told(reading: Reading) -> list[str]:
    """All mistakes and warnings, one line each."""
    return sorted(map(str, (*reading.mistakes, *reading.warnings)))
