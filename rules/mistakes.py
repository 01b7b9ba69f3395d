"""What is wrong in an author's file, and where.

Exception
└── InvalidJourney      a file that was to be read holds mistakes; all of them are in it
"""

from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The way to a place in a file: keys, and positions in lists. A list of one may be written without being a list."""


@dataclass(frozen=True)
class Fault:
    """Something wrong at a place of a definition, whatever file it came from."""

    path: Path
    message: str


@dataclass(frozen=True)
class Mistake:
    """Something wrong on a line of a file, with advice. `where` names the place as the author wrote it."""

    file: str
    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where}: {self.message}"


class InvalidFileError(ValueError):
    """The file is not what it should be; every mistake that was found is told."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(map(str, mistakes)))
