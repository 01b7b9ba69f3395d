"""Segments that rest on themselves, and journeys that start each other in a circle."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from rules.chains import ENROLS, chain, references, starts
from rules.conditions import SegmentIs, StageIs
from rules.journey import Journey
from rules.library import Library, Whole
from rules.mistakes import Fault, Path, warning
from rules.places import Places
from rules.policies import Lifecycle
from rules.references import LIFECYCLE
from rules.segment import Segment
from rules.steps import Enrol


def nothing_rests_on_itself(places: Places[Whole], library: Library) -> Iterator[Fault]:
    """Nobody could tell who is in a segment that asks for itself, over however many others."""
    whole = places.whole
    if not isinstance(whole, Segment | Lifecycle):
        return
    own = whole.segment if isinstance(whole, Segment) else LIFECYCLE
    links = references(library)
    for path, name in _asked(places):
        if (way := chain(links, name, own)) is not None:
            circle = " -> ".join((own, *way))
            yield Fault(path, f"this goes round in a circle, so nobody can tell who is in it: {circle}")


def _asked(places: Places[Whole]) -> Iterator[tuple[Path, str]]:
    for path, condition in places.all:
        match condition:
            case SegmentIs(segment=name):
                yield (*path, "segment"), name
            case StageIs():
                yield (*path, "stage"), LIFECYCLE
            case _:
                pass


def journeys_end(places: Places[Journey], library: Library) -> Iterator[Fault]:
    """A contact does not go from journey to journey for ever."""
    own = places.whole.journey
    journeys = {**(library.journeys or {}), own: places.whole}

    def started(name: str) -> Mapping[str, str]:
        return starts(journeys[name], library) if name in journeys else {}

    def enrolled(name: str) -> Iterator[str]:
        return (other for other, how in started(name).items() if how == ENROLS)

    certain = set(enrolled(own))
    for path, step in places.of(Enrol):
        place = (*path, "enrol")
        if step.enrol == own:
            yield Fault(place, "nobody enters a journey that they are in; write a 'repeat' instead")
        elif (way := chain(enrolled, step.enrol, own)) is not None:
            yield _endless(place, (own, *way), journeys)
    for name in sorted(started(own).keys() - certain):
        if (way := chain(started, name, own)) is not None and _come_again((own, *way), journeys):
            reasons = ", ".join(f"'{one}' {started(one)[other]}" for one, other in pairwise((own, *way)))
            advice = "see that it comes to an end, or let one of them be 're_entry: never'"
            yield warning(("steps",), f"this may go round in a circle ({reasons}); {advice}")


def _endless(path: Path, circle: tuple[str, ...], journeys: Mapping[str, Journey]) -> Fault:
    told = " -> ".join(circle)
    if _come_again(circle, journeys):
        advice = "take one 'enrol' out, or let one of them be 're_entry: never'"
        return Fault(path, f"these journeys start each other without end: {told}; {advice}")
    return warning(path, f"these journeys start each other: {told}; it ends only because one of them is entered once")


def _come_again(circle: tuple[str, ...], journeys: Mapping[str, Journey]) -> bool:
    return all(journeys[name].re_entry.allowed for name in circle if name in journeys)
