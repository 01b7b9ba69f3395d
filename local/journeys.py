"""Journey files, read and published: what `kundresa check`, `draw` and `apply` do, and every start of the stack."""

from dataclasses import dataclass
from pathlib import Path

from local.database import reached
from local.errors import NoJourneysError, StackError
from rules import drawing
from rules.mistakes import InvalidFileError, Mistake
from rules.reading import Reading, read_journey, read_journeys, read_library
from store import journeys
from store.journeys import Published
from store.session import Database


@dataclass(frozen=True)
class Applied:
    """What was done: a version for each good file; journeys whose file is gone take no new contacts."""

    published: list[Published]
    withdrawn: list[str]
    mistakes: list[Mistake]


def read_all(folder: Path, templates: Path) -> Reading:
    """Every journey of a folder, with what it refers to looked up, and all mistakes."""
    return read_journeys(folder, read_library(templates))


async def apply(database_url: str, folder: Path, templates: Path) -> Applied:
    """Publish what the folder says. A journey whose file is broken keeps the version that it has.

    Raises NoJourneysError when there is not one file: that would withdraw every journey.
    """
    reading = _something(folder, templates)
    broken = {Path(mistake.file).stem for mistake in reading.mistakes}
    database = Database(database_url, connections=1)
    try:
        with reached(database_url):
            async with database.transaction() as session:
                published = [await journeys.publish(session, journey) for journey in reading.journeys.values()]
                withdrawn = await journeys.withdraw(session, [*reading.journeys, *broken])
    finally:
        await database.close()
    return Applied(published, withdrawn, reading.mistakes)


def _something(folder: Path, templates: Path) -> Reading:
    reading = read_all(folder, templates)
    if not any(folder.glob("[!.]*.yaml")):
        raise NoJourneysError(folder, [str(mistake) for mistake in reading.mistakes if folder.is_dir()])
    return reading


def told(applied: Applied) -> list[str]:
    """What was done, one line each, the mistakes last."""
    done = [f"{one.journey}: version {one.version}, {'new' if one.new else 'unchanged'}" for one in applied.published]
    gone = [f"{name}: its file is gone, so it takes no new contacts" for name in applied.withdrawn]
    return [*done, *gone, *(f"{mistake} (left as it was)" for mistake in applied.mistakes)]


def drawn(folder: Path, name: str, *, mermaid: bool) -> str:
    """One journey as a tree for the terminal, or as Mermaid text. Raises StackError when there is none to draw."""
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise StackError(f"There is no journey {name} in {folder}. There are: {known or 'none'}.")
    try:
        journey = read_journey(path)
    except InvalidFileError as error:
        raise StackError(str(error)) from error
    return drawing.mermaid(journey) if mermaid else "\n".join(drawing.tree(journey))
