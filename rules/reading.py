"""Read the files of authors. The one module of the rules that opens files; whatever is in them, it tells mistakes."""

from dataclasses import dataclass, field
from pathlib import Path

from rules.checking import Library, check, refer
from rules.journey import Journey
from rules.mistakes import Fault, InvalidFileError, Mistake
from rules.notation import Source, parse
from rules.shape import shape


@dataclass(frozen=True)
class Reading:
    """The journeys of a folder that are free of mistakes, by name, and the mistakes of the others."""

    journeys: dict[str, Journey] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def read_journey(path: Path, library: Library | None = None) -> Journey:
    """The journey in a file; what it refers to is looked up if there is a library. Raises InvalidFileError."""
    source, mistakes = parse(path.name, _text(path))
    journey, misshapen = shape(source, Journey)
    mistakes += misshapen
    if journey is not None:
        mistakes += _senseless(journey, source, path, library)
    if mistakes or journey is None:
        raise InvalidFileError(sorted(mistakes, key=lambda mistake: mistake.line))
    return journey


def _senseless(journey: Journey, source: Source, path: Path, library: Library | None) -> list[Mistake]:
    faults = [*_misnamed(journey, path), *check(journey), *(refer(journey, library) if library is not None else ())]
    return [source.mistake(fault.path, fault.message) for fault in faults]


def _misnamed(journey: Journey, path: Path) -> list[Fault]:
    if journey.journey == path.stem:
        return []
    return [
        Fault(("journey",), f"the file is called '{path.name}', so write 'journey: {path.stem}', or rename the file")
    ]


def read_journeys(folder: Path, library: Library) -> Reading:
    """Every journey of a folder. A file with mistakes keeps none of the others from being read."""
    reading = Reading()
    for path in _files(folder, reading):
        try:
            journey = read_journey(path, library)
        except InvalidFileError as error:
            reading.mistakes.extend(error.mistakes)
        else:
            reading.journeys[journey.journey] = journey
    return reading


def _files(folder: Path, reading: Reading) -> list[Path]:
    if not folder.is_dir():
        reading.mistakes.append(Mistake(str(folder), 1, "the folder", "there is no such folder"))
        return []
    seen = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in seen:
        if path.suffix == ".yml":
            advice = f"only .yaml files are read; call it '{path.stem}.yaml'"
            reading.mistakes.append(Mistake(path.name, 1, "the file", advice))
    return [path for path in seen if path.suffix == ".yaml"]


def read_library(templates: Path) -> Library:
    """What journeys may refer to: every folder of letters that has a subject."""
    return Library(letters=frozenset(path.parent.name for path in templates.glob("[!_.]*/subject.txt")))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidFileError([Mistake(path.name, 1, "the file", f"it cannot be opened: {error.strerror}")]) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFileError([Mistake(path.name, line, "the file", "it is not written in UTF-8")]) from error
