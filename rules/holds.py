"""Whether a condition holds of facts, and whether an event counts. Pure: the clock is `facts.now`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from rules.conditions import (
    All,
    AnyOf,
    Condition,
    EventHappened,
    InJourney,
    LetterWas,
    Not,
    PropertyIs,
    SegmentIs,
    StageIs,
    Times,
    TopicIs,
    TraitIs,
)
from rules.facts import Facts, Happening
from rules.instants import settled
from rules.matches import EventMatch
from rules.measures import figure
from rules.references import LIFECYCLE, looked_into, segment
from rules.values import compares, reach


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition holds of these facts. Raises Circle when segments refer to each other in a circle."""
    return _holds(condition, facts, facts.start)


def _holds(condition: Condition, facts: Facts, start: Mapping[str, Any]) -> bool:
    # Inside `where` the properties that are asked for are the event's own: then these are `start`.
    match condition:
        case PropertyIs(property=path):
            return compares(condition, reach(start, path), facts.now)
        case TraitIs(trait=path):
            return compares(condition, reach(facts.traits, path), facts.now)
        case EventHappened():
            return _happened(condition, facts, start)
        case All(all=parts):
            return all(_holds(part, facts, start) for part in parts)
        case AnyOf(any=parts):
            return any(_holds(part, facts, start) for part in parts)
        case Not(not_=part):
            return not _holds(part, facts, start)
        case SegmentIs(segment=name):
            asked = facts.named.segments.get(name)
            return asked is not None and holds(asked, inside(facts, segment(name)))
        case TopicIs(topic=topic, subscribed=wanted):
            return facts.topics.get(topic, facts.topics.get("*", False)) is wanted
        case StageIs(stage=wanted):
            return stage_of(facts) in wanted
        case InJourney():
            return _stayed(condition, facts)
        case LetterWas():
            return often(condition.times, len(read(condition, facts)))
        case _:
            assert_never(condition)


def inside(facts: Facts, name: str) -> Facts:
    """The facts as a segment sees them: it is about the contact, whichever run asks. Raises Circle."""
    return replace(facts, start={}, entered=None, trail=looked_into(facts.trail, name))


def stage_of(facts: Facts) -> str | None:
    """The stage of the lifecycle that the contact is at: the first whose condition holds; None when there are none."""
    asked = inside(facts, LIFECYCLE)
    stages = (stage.stage for stage in facts.named.stages if stage.when is None or holds(stage.when, asked))
    return next(stages, None)


def counts(match: EventMatch, happening: Happening, start: Mapping[str, Any]) -> bool:
    """Whether an event is one of those that count; `start` holds the properties of the event that began the run."""
    return (
        happening.name in match.event
        and _shares(match.same, happening.properties, start)
        and (match.where is None or _holds(match.where, Facts(now=happening.at), happening.properties))
    )


def counted(asked: EventHappened, facts: Facts) -> list[Happening]:
    """The events that count for the condition, as the facts tell them."""
    return list(_counted(asked, facts, facts.start))


def read(asked: LetterWas, facts: Facts) -> Sequence[datetime]:
    """When the letter was received, opened or clicked, as often as it counts."""
    if asked.event is None:
        moments: Iterable[datetime] = (each.at for each in facts.letters if each.letter == asked.letter)
    else:
        told = (each for each in facts.events if each.name == asked.event)
        moments = (each.at for each in told if each.properties.get("letter") == asked.letter)
    since = None if asked.within is None else facts.now - asked.within
    return [at for at in moments if since is None or at >= since]


def often(times: Times, count: int) -> bool:
    """Whether something that happened so often happened as often as it should."""
    return (
        (times.at_least is None or count >= times.at_least)
        and (times.at_most is None or count <= times.at_most)
        and (times.exactly is None or count == times.exactly)
    )


def _happened(asked: EventHappened, facts: Facts, start: Mapping[str, Any]) -> bool:
    counting = _counted(asked, facts, start)
    if asked.once:
        return next(counting, None) is not None
    events, frequency = list(counting), asked.frequency
    return (frequency is None or often(frequency, len(events))) and all(
        compares(measure, figure(name, measure.property, events), facts.now) for name, measure in asked.measures
    )


def _counted(asked: EventHappened, facts: Facts, start: Mapping[str, Any]) -> Iterator[Happening]:
    if asked.within == "enrolment" and facts.entered is None:
        return
    for happening in _spanned(asked, facts):
        if _shares(asked.same, happening.properties, start) and (
            asked.where is None or _holds(asked.where, facts, happening.properties)
        ):
            yield happening


def _shares(path: str | None, properties: Mapping[str, Any], start: Mapping[str, Any]) -> bool:
    if not path:
        return True
    wanted = _identity(reach(start, path))
    return wanted is not None and _identity(reach(properties, path)) == wanted


def _identity(value: object) -> str | None:
    # One system sends order 1042 as a number, the next as text: it is the same order.
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _spanned(asked: EventHappened, facts: Facts) -> Iterable[Happening]:
    since = _since(asked, facts)
    after = None if asked.after is None else settled(asked.after, facts.now)
    before = None if asked.before is None else settled(asked.before, facts.now)
    return (
        happening
        for happening in facts.events
        if happening.name == asked.event
        and (since is None or happening.at >= since)
        and (after is None or happening.at > after)
        and (before is None or happening.at < before)
    )


def _since(asked: EventHappened, facts: Facts) -> datetime | None:
    match asked.within:
        case timedelta() as back:
            return facts.now - back
        case "enrolment":
            return facts.entered
        case None:
            return None
        case _:
            assert_never(asked.within)


def _stayed(asked: InJourney, facts: Facts) -> bool:
    stays = (stay for stay in facts.stays if stay.journey == asked.in_journey)
    if asked.within is not None:
        since = facts.now - asked.within
        return any(stay.entered >= since for stay in stays)
    return any(asked.ever or stay.ended is None for stay in stays)
