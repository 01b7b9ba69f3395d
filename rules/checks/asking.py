"""Conditions that cannot be asked where they stand, or not in the way they are written."""

from collections.abc import Iterator

from rules.conditions import (
    All,
    AnyOf,
    Comparison,
    Condition,
    EventHappened,
    InJourney,
    LetterWas,
    Not,
    PropertyIs,
    TraitIs,
)
from rules.instants import Relative
from rules.journey import Journey
from rules.library import Whole
from rules.logic import never
from rules.mistakes import Fault, Path
from rules.needs import needs
from rules.patterns import portable
from rules.places import CONDITIONS, Places, inside
from rules.plan import stirring
from rules.steps import Becomes
from rules.ways import CONTRADICTION


def where_asks_properties(places: Places[Whole]) -> Iterator[Fault]:
    """`where` is asked of one event, and of nothing around it."""
    for path, where in places.wheres():
        for inner, condition in inside(where, path):
            if not isinstance(condition, PropertyIs | All | AnyOf | Not):
                yield Fault(inner, "'where' asks for properties of the event; ask for the rest in a branch")


def conditions_can_hold(places: Places[Whole]) -> Iterator[Fault]:
    """No condition contradicts itself; of one inside another, the outermost is told."""
    told: list[Path] = []
    for path, condition in places.all:
        inner = any(path[: len(outer)] == outer for outer in told)
        if isinstance(condition, CONDITIONS) and not inner and never(condition):
            told.append(path)
            yield Fault(path, CONTRADICTION)


def contacts_have_no_run(places: Places[Whole]) -> Iterator[Fault]:
    """Segments and stages are asked of contacts: there is no event that began a run, and no enrolment."""
    of_events = {path for start, where in places.wheres() for path, _ in inside(where, start)}
    for path, condition in places.all:
        match condition:
            case PropertyIs() if path not in of_events:
                advice = "ask for a trait, or for an event with a 'where'"
                yield Fault((*path, "property"), f"only a run has an event whose properties can be asked for; {advice}")
            case EventHappened(same=str(same)) if same:
                yield Fault((*path, "same"), f"only a run has '{same}' to compare with; leave 'same' out")
            case EventHappened(within="enrolment"):
                advice = "write a duration, such as 'within: 30d'"
                yield Fault((*path, "within"), f"only a run has a beginning that one can count from; {advice}")
            case _:
                pass


def patterns_are_portable(places: Places[Whole]) -> Iterator[Fault]:
    """A pattern means the same in memory and in the database, and takes no endless time."""
    for path, condition in places.of(Comparison):
        if condition.matches is not None and (why := portable(condition.matches)) is not None:
            yield Fault((*path, "matches"), f"this pattern cannot be searched for: {why}")


def somebody_tells(places: Places[Journey]) -> Iterator[Fault]:
    """A run that waits for a condition is told of events, traits, topics and time, and of nothing else."""
    for path, awaited in places.of(Becomes):
        place = (*path, "condition")
        asked = list(inside(awaited.condition, place))
        moves = any(_moves_by_time(condition) for _, condition in asked)
        if moves or needs(awaited.condition).traits or stirring(awaited.condition):
            continue
        kinds = {type(condition) for _, condition in asked}
        if InJourney in kinds or LetterWas in kinds:
            advice = "wait a while, and ask in a branch"
            yield Fault(place, f"nobody tells a waiting run of letters and journeys, so this would never end; {advice}")
        else:
            yield Fault(place, "what this asks never changes while the run waits; ask in a branch")


def _moves_by_time(condition: Condition) -> bool:
    match condition:
        case EventHappened(within=within):
            return within is not None
        case InJourney(within=within) | LetterWas(within=within):
            return within is not None
        case TraitIs(before=before, after=after) | PropertyIs(before=before, after=after):
            return isinstance(before, Relative) or isinstance(after, Relative)
        case _:
            return False
