"""The files of authors, once their text is there: what each is, whether it makes sense, and whether they fit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from rules.advice import one_of
from rules.checking import check, look, refer
from rules.coupon import Coupon
from rules.journey import Journey
from rules.library import Library, Whole
from rules.mistakes import Fault, InvalidFileError, Mistake
from rules.notation import Source, parse
from rules.places import Places
from rules.policies import Lifecycle, Pacing
from rules.segment import Segment
from rules.shape import shape

Kind = TypeVar("Kind", bound=Whole)

KINDS: dict[str, type[Whole]] = {"journeys": Journey, "segments": Segment, "coupons": Coupon}
"""What every file of a folder is. It says its own name under the folder's singular."""

POLICIES: dict[str, type[Whole]] = {"stages": Lifecycle, "pacing": Pacing}
"""The files that the folder `policies` may hold."""


@dataclass(frozen=True)
class Folders:
    """Where the files are. There must be a folder of journeys; the others may be missing."""

    journeys: Path
    segments: Path | None = None
    policies: Path | None = None
    coupons: Path | None = None
    templates: Path | None = None

    @classmethod
    def under(cls, root: Path) -> "Folders":
        """The folders of these names, all in one place."""
        return cls(**{each.name: root / each.name for each in fields(cls)})

    def named(self) -> dict[str, Path]:
        """The folders of YAML files, by what they hold."""
        folders = {kind: getattr(self, kind) for kind in (*KINDS, "policies")}
        return {kind: folder for kind, folder in folders.items() if folder is not None}


@dataclass
class Draft:
    """One file whose shape is right. What is wrong with it is found by itself (`own`), or beside others (`beside`)."""

    kind: str
    name: str
    places: Places[Any]
    source: Source
    own: list[Mistake]
    beside: list[Mistake] = field(default_factory=list)

    @property
    def whole(self) -> Whole:
        """What the file says."""
        whole: Whole = self.places.whole
        return whole

    @property
    def wrong(self) -> bool:
        """Whether something keeps it from being used."""
        return any(mistake.severity == "mistake" for mistake in (*self.own, *self.beside))

    @property
    def told(self) -> list[Mistake]:
        """All that was found, in the order of the file."""
        return sorted((*self.own, *self.beside), key=lambda mistake: mistake.line)


def place(file: str) -> tuple[str, str]:
    """The folder and the name of a file: `journeys/welcome.yaml` is ("journeys", "welcome")."""
    path = PurePosixPath(file)
    return path.parent.name, path.stem


def model(file: str) -> type[Whole]:
    """What a file must hold. Raises InvalidFileError when its place is none of ours."""
    folder, name = place(file)
    found = POLICIES.get(name) if folder == "policies" else KINDS.get(folder)
    if found is None or not file.endswith(".yaml"):
        known = [*(f"{kind}/<name>.yaml" for kind in KINDS), *(f"policies/{policy}.yaml" for policy in POLICIES)]
        raise InvalidFileError(
            [Mistake(file, 1, "the file", f"nothing is read from here; known are {one_of(known, 'and')}")]
        )
    return found


def draft(model: type[Whole], file: str, content: str | bytes) -> Draft:
    """A file of the right shape, looked at by itself. Raises InvalidFileError when it has another."""
    source, mistakes = parse(file, _text(file, content))
    whole, misshapen = shape(source, model)
    if whole is None:
        raise InvalidFileError(sorted([*mistakes, *misshapen], key=lambda mistake: mistake.line))
    places = look(whole)
    faults = [*_misnamed(whole, file), *check(places)]
    return Draft(*place(file), places, source, [*mistakes, *map(source.mistake, faults)])


def settle(drafts: list[Draft], library: Library, broken: set[tuple[str, str]]) -> None:
    """Look up what each file refers to, until no more are found wrong: who rests on a wrong one is wrong, too."""
    asked, wrong = drafts, -1
    while sum(each.wrong for each in drafts) > wrong:
        wrong = sum(each.wrong for each in drafts)
        known = _known(drafts, library, broken)
        for each in asked:
            each.beside = [each.source.mistake(fault) for fault in refer(each.places, known)]
        asked = [each for each in drafts if not each.wrong]


def of(drafts: Iterable[Draft], kind: type[Kind]) -> dict[str, Kind]:
    """The good files of a kind, by name."""
    return {each.name: each.whole for each in drafts if isinstance(each.whole, kind) and not each.wrong}


def _known(drafts: list[Draft], library: Library, broken: set[tuple[str, str]]) -> Library:
    lifecycle, pacing = of(drafts, Lifecycle).get("stages"), of(drafts, Pacing).get("pacing")
    return replace(
        library,
        journeys=None if library.journeys is None else {**library.journeys, **of(drafts, Journey)},
        segments=None if library.segments is None else {**library.segments, **of(drafts, Segment)},
        coupons=None if library.coupons is None else {**library.coupons, **of(drafts, Coupon)},
        stages=library.stages if lifecycle is None else lifecycle.stages,
        pacing=pacing or library.pacing,
        broken=library.broken | broken | {(each.kind, each.name) for each in drafts if each.wrong},
    )


def _misnamed(whole: Whole, file: str) -> Iterator[Fault]:
    path, key = PurePosixPath(file), type(whole).__name__.lower()
    if getattr(whole, key, path.stem) != path.stem:  # policies are told by their files alone
        yield Fault((key,), f"the file is called '{path.name}', so write '{key}: {path.stem}', or rename the file")


def _text(file: str, content: str | bytes) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFileError([Mistake(file, line, "the file", "it is not written in UTF-8")]) from error
