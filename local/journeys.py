"""Authors' files, read and published: what `kundresa check`, `draw`, `plan` and `apply` do, and every stack's start."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from local.database import reached
from local.errors import NoJourneysError, StackError
from mail.fingerprints import fingerprints
from mail.library import library
from rules import drawing
from rules.content import Content, content
from rules.files import Folders
from rules.mistakes import InvalidFileError, Mistake
from rules.reading import Reading, read_journey
from rules.reading import read_all as read_folders
from store.publishing import Published
from store.session import Database
from workflows.publishing import publish


@dataclass(frozen=True)
class Applied:
    """What was done with each file, and the mistakes of those that were left as they are."""

    published: list[Published]
    mistakes: list[Mistake]


def folders(journeys: Path, templates: Path) -> Folders:
    """Where the files are: segments, policies and coupons in folders of their names beside that of the journeys."""
    beside = Folders.under(journeys.parent)
    return Folders(journeys, beside.segments, beside.policies, beside.coupons, templates)


def read_all(journeys: Path, templates: Path, staff: Iterable[str] = (), senders: Iterable[str] = ()) -> Reading:
    """Everything in the folders, with what it refers to looked up, and all mistakes."""
    return read_folders(folders(journeys, templates), library(templates, staff, senders))


def read_content(
    journeys: Path, templates: Path, staff: Iterable[str] = (), senders: Iterable[str] = ()
) -> tuple[Content, Reading]:
    """What is to become live, beside what was read. A kind whose folder is missing is left as it is.

    Raises NoJourneysError when there is not one file: that would withdraw every journey.
    """
    reading = read_all(journeys, templates, staff, senders)
    if not any(journeys.glob("[!.]*.yaml")):
        raise NoJourneysError(journeys, [str(mistake) for mistake in reading.mistakes if journeys.is_dir()])
    there = folders(journeys, templates).named()
    kinds = frozenset(kind for kind, folder in there.items() if folder.is_dir())
    return content(reading, kinds, fingerprints(templates) if templates.is_dir() else None), reading


async def apply(
    database_url: str, journeys: Path, templates: Path, staff: Iterable[str] = (), senders: Iterable[str] = ()
) -> Applied:
    """Publish what the folders say. What is broken keeps the state that it has; whoever is inside stays as they are."""
    whole, reading = read_content(journeys, templates, staff, senders)
    database = Database(database_url, connections=1)
    try:
        with reached(database_url):
            published = await publish(database, whole, {})
    finally:
        await database.close()
    return Applied(published, reading.mistakes)


_LETTERS_MAX = 12
_SINGULAR = {"segments": "segment ", "coupons": "coupon ", "policies": "policy ", "letters": "letter "}
_GONE = {
    "journeys": "its file is gone, so it takes no new contacts",
    "segments": "its file is gone, so nobody is in it any more",
}


def told(published: list[Published]) -> list[str]:
    """What was done, one line each. Of what is no journey, only what changed is told; of many letters, their number."""
    changed = [one for one in published if one.kind == "journeys" or one.change != "unchanged"]
    letters = Counter(one.change for one in changed if one.kind == "letters")
    many = {change for change, number in letters.items() if number > _LETTERS_MAX}
    return [
        *(
            f"{_SINGULAR.get(one.kind, '')}{one.name}: {_done(one)}"
            for one in changed
            if one.kind != "letters" or one.change not in many
        ),
        *(f"{letters[change]} letters: {change}" for change in sorted(many)),
    ]


def _done(one: Published) -> str:
    if one.change == "gone":
        return _GONE.get(one.kind, "its file is gone")
    waits = "; it goes live when everybody inside an older version has finished" if one.waits else ""
    return f"version {one.version}, {one.change}{waits}" if one.version is not None else one.change


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
