"""When the truth of a condition can change by time alone: nothing happens, and still a window closes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, assert_never

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
    SegmentIs,
    StageIs,
    TopicIs,
    TraitIs,
)
from rules.facts import Facts, Happening
from rules.holds import holds, inside, read
from rules.instants import Relative, instant
from rules.references import LIFECYCLE, segment
from rules.values import reach

TRIED: Final = 40
"""As many instants are tried for a change; the one after them is told untried, so that the answer stays cheap."""

_TICK: Final = timedelta(microseconds=1)
"""Moments are kept to the microsecond: it is the first instant after a bound that is still inside."""


def flips(condition: Condition, facts: Facts) -> datetime | None:
    """The next instant after `facts.now` at which the truth can change by time alone; None: it never does.

    Before that instant it surely does not change. At it, it may stay what it is. Raises Circle.
    """
    coming = sorted({at for at in _bounds(condition, facts) if at > facts.now})
    if not coming:
        return None
    truth = holds(condition, facts)
    changing = (at for at in islice(coming, TRIED) if holds(condition, replace(facts, now=at)) is not truth)
    return next(changing, next(islice(coming, TRIED, None), None))


def _bounds(condition: Condition, facts: Facts) -> Iterator[datetime]:
    """Every instant, past or coming, from which on some part of the condition may be another."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from _bounds(part, facts)
        case Not(not_=part):
            yield from _bounds(part, facts)
        case TraitIs(trait=path):
            yield from _compared(condition, reach(facts.traits, path))
        case PropertyIs(property=path):
            yield from _compared(condition, reach(facts.start, path))
        case EventHappened():
            yield from _happened(condition, facts)
        case SegmentIs(segment=name):
            if (asked := facts.named.segments.get(name)) is not None:
                yield from _bounds(asked, inside(facts, segment(name)))
        case StageIs():
            deeper = inside(facts, LIFECYCLE)
            for stage in facts.named.stages:
                yield from _bounds(stage.when, deeper) if stage.when is not None else ()
        case InJourney(in_journey=journey, within=within):
            yield from _leaving((stay.entered for stay in facts.stays if stay.journey == journey), within)
        case LetterWas(within=within):
            yield from _leaving(read(condition.model_copy(update={"within": None}), facts), within)
        case TopicIs():
            return
        case _:
            assert_never(condition)


def _happened(asked: EventHappened, facts: Facts) -> Iterator[datetime]:
    events = [event for event in facts.events if event.name == asked.event]
    moments = [event.at for event in events]
    yield from _leaving(moments, asked.within if isinstance(asked.within, timedelta) else None)
    for at in moments:
        yield from _passing(at, asked)
    if asked.where is not None:
        for event in events:
            yield from _bounds(asked.where, replace(facts, start=event.properties))
    for name, measure in asked.measures:
        yield from _measured(name, measure, measure.property, events)


def _measured(name: str, measure: Comparison, path: str, events: Iterable[Happening]) -> Iterator[datetime]:
    # The other figures are numbers, which time does not change.
    if name in ("first", "last"):
        for event in events:
            yield from _compared(measure, reach(event.properties, path))


def _compared(comparison: Comparison, value: object) -> Iterator[datetime]:
    moment = instant(value)
    if moment is not None:
        yield from _passing(moment, comparison)


def _passing(at: datetime, bounds: Comparison | EventHappened) -> Iterator[datetime]:
    """When a moment comes to lie before, or no longer after, a bound that moves with the clock."""
    if isinstance(bounds.before, Relative):
        yield from _shifted(at, _TICK - bounds.before.offset)
    if isinstance(bounds.after, Relative):
        yield from _shifted(at, -bounds.after.offset)


def _leaving(moments: Iterable[datetime], within: timedelta | None) -> Iterator[datetime]:
    """When moments fall out of the window that reaches so far back from now."""
    if within is not None:
        for at in moments:
            yield from _shifted(at, within + _TICK)


def _shifted(at: datetime, by: timedelta) -> Iterator[datetime]:
    try:
        yield (at + by).astimezone(UTC)
    except OverflowError:
        # Beyond the calendar nothing changes any more.
        return
