"""Read the files of authors. The one module of the rules that opens files; whatever is in them, it tells mistakes.

`read_all(folders)` reads everything of a shop from disk, `read_texts(texts)` the same from memory (what the API gets:
`{"journeys/welcome.yaml": "journey: welcome ..."}`). Both give one `Reading`. `read_journey` and `read_journeys` read
journeys alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rules.coupon import Coupon
from rules.facts import Named
from rules.files import Draft, Folders, draft, model, of, place, settle
from rules.journey import Journey
from rules.library import Library
from rules.mistakes import InvalidFileError, Mistake
from rules.policies import Lifecycle, Pacing
from rules.segment import Segment


@dataclass(frozen=True)
class Reading:
    """All that was read and is free of mistakes, by kind and name; the mistakes of the others; and warnings.

    `broken` are the files that hold mistakes, as (folder, name): `("journeys", "welcome")`.
    """

    journeys: dict[str, Journey] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    coupons: dict[str, Coupon] = field(default_factory=dict)
    stages: Lifecycle | None = None
    pacing: Pacing | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    broken: frozenset[tuple[str, str]] = frozenset()

    @property
    def named(self) -> Named:
        """What conditions refer to by name."""
        stages = self.stages.stages if self.stages is not None else ()
        return Named({name: segment.when for name, segment in self.segments.items()}, stages)


def read_all(folders: Folders, library: Library | None = None) -> Reading:
    """Everything in these folders. What is no file (letters, staff) comes from the library, else from `templates`."""
    texts: dict[str, bytes] = {}
    mistakes: list[Mistake] = []
    for kind, folder in folders.named().items():
        if folder.is_dir() or kind == "journeys":  # a shop without segments has no folder of them
            _load(folder, kind, texts, mistakes)
    return _read(texts, (library or _letters(folders)).covering(folders.named()), mistakes)


def read_texts(texts: Mapping[str, str | bytes], library: Library | None = None) -> Reading:
    """Everything in these texts, by paths such as `journeys/welcome.yaml`; the library tells what else there is."""
    return _read(texts, (library or Library()).covering({place(file)[0] for file in texts}), [])


def read_journeys(folder: Path, library: Library) -> Reading:
    """Every journey of a folder. A file with mistakes keeps none of the others from being read."""
    return read_all(Folders(journeys=folder), library)


def read_journey(path: Path, library: Library | None = None) -> Journey:
    """The journey in a file; what it refers to is looked up if there is a library. Raises InvalidFileError."""
    read = draft(Journey, path.name, _content(path))
    settle([read], library or Library(), set())
    if read.wrong or not isinstance(read.whole, Journey):
        raise InvalidFileError([each for each in read.told if each.severity == "mistake"])
    return read.whole


def read_library(templates: Path) -> Library:
    """What the files may refer to that is none of them: every folder of letters that has a subject."""
    return Library(letters=frozenset(path.parent.name for path in templates.glob("[!_.]*/subject.txt")))


def _read(texts: Mapping[str, str | bytes], library: Library, mistakes: list[Mistake]) -> Reading:
    drafts: list[Draft] = []
    for file, content in texts.items():
        try:
            drafts.append(draft(model(file), file, content))
        except InvalidFileError as error:
            mistakes += error.mistakes
    broken = {place(mistake.file) for mistake in mistakes}
    settle(drafts, library, broken)
    found = [*mistakes, *(mistake for each in drafts for mistake in each.told)]
    told = sorted(found, key=lambda mistake: (mistake.file, mistake.line))
    return Reading(
        journeys=of(drafts, Journey),
        segments=of(drafts, Segment),
        coupons=of(drafts, Coupon),
        stages=of(drafts, Lifecycle).get("stages"),
        pacing=of(drafts, Pacing).get("pacing"),
        mistakes=[mistake for mistake in told if mistake.severity == "mistake"],
        warnings=[mistake for mistake in told if mistake.severity == "warning"],
        broken=frozenset(broken | {(each.kind, each.name) for each in drafts if each.wrong}),
    )


def _letters(folders: Folders) -> Library:
    return read_library(folders.templates) if folders.templates is not None else Library()


def _load(folder: Path, kind: str, texts: dict[str, bytes], mistakes: list[Mistake]) -> None:
    if not folder.is_dir():
        mistakes.append(Mistake(str(folder), 1, "the folder", "there is no such folder"))
        return
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        file = f"{kind}/{path.name}"
        if path.suffix == ".yml":
            advice = f"only .yaml files are read; call it '{path.stem}.yaml'"
            mistakes.append(Mistake(file, 1, "the file", advice))
        elif path.suffix == ".yaml":
            try:
                texts[file] = _content(path)
            except InvalidFileError as error:
                mistakes += [replace(mistake, file=file) for mistake in error.mistakes]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidFileError([Mistake(path.name, 1, "the file", f"it cannot be opened: {error.strerror}")]) from error
