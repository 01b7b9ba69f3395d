"""What a chapter of the manual is made of."""

from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True)
class Entry:
    """One form under its heading: the parts that it has besides itself, and an example."""

    heading: str
    form: type[BaseModel]
    parts: tuple[type[BaseModel], ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Chapter:
    """A heading, some words, the forms, and a file that ships as an example of all.

    `compares`: the table of what comparisons mean comes after.
    """

    heading: str
    words: str
    entries: tuple[Entry, ...] = ()
    file: str = ""
    compares: bool = False
