"""What is wrong in an author's file, and where.

ValueError
└── InvalidFileError    a file that was to be read holds mistakes; all of them are in it
"""

from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]
"""The way to a place in a file: keys, and positions in lists. A list of one may be written without being a list."""

Severity = Literal["mistake", "warning"]
"""A mistake keeps the file from being used. A warning is told, and the file is used all the same."""


@dataclass(frozen=True)
class Fault:
    """Something wrong at a place of a definition, whatever file it came from."""

    path: Path
    message: str
    severity: Severity = "mistake"


def warning(path: Path, message: str) -> Fault:
    """Something that works, but is hardly meant."""
    return Fault(path, message, "warning")


@dataclass(frozen=True)
class Mistake:
    """Something wrong on a line of a file, with advice. `where` names the place as the author wrote it."""

    file: str
    line: int
    where: str
    message: str
    severity: Severity = "mistake"

    def __str__(self) -> str:
        mild = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}: {mild}{self.where}: {self.message}"


class InvalidFileError(ValueError):
    """The file is not what it should be; every mistake that was found is told."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(map(str, mistakes)))
