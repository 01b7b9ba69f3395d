"""Whether a condition holds of facts, and whether an event counts. Pure: the clock is `facts.now`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from rules.conditions import All, AnyOf, Condition, EventHappened, Not, PropertyIs, Times, TraitIs
from rules.facts import Facts, Happening
from rules.matches import EventMatch
from rules.values import compares, reach


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether the condition holds of these facts."""
    match condition:
        case All(all=parts):
            return all(holds(part, facts) for part in parts)
        case AnyOf(any=parts):
            return any(holds(part, facts) for part in parts)
        case Not(not_=part):
            return not holds(part, facts)
        case TraitIs(trait=path):
            return compares(condition, reach(facts.traits, path))
        case PropertyIs(property=path):
            return compares(condition, reach(facts.start, path))
        case EventHappened():
            return _often(condition.frequency or Times(at_most=0), _count(condition, facts))
        case _:
            assert_never(condition)


def counts(match: EventMatch, happening: Happening, start: Mapping[str, Any]) -> bool:
    """Whether an event is one of those that count; `start` holds the properties of the event that began the run."""
    return (
        happening.name in match.event
        and _shares(match.same, happening.properties, start)
        and _passes(match.where, happening, Facts(now=happening.at))
    )


def _passes(where: Condition | None, happening: Happening, facts: Facts) -> bool:
    # Inside `where` the properties that are asked for are the event's own.
    return where is None or holds(where, replace(facts, start=happening.properties))


def _shares(path: str | None, properties: Mapping[str, Any], start: Mapping[str, Any]) -> bool:
    if not path:
        return True
    wanted = _identity(reach(start, path))
    return wanted is not None and _identity(reach(properties, path)) == wanted


def _identity(value: object) -> str | None:
    # One system sends order 1042 as a number, the next as text: it is the same order.
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _count(asked: EventHappened, facts: Facts) -> int:
    if asked.within == "enrolment" and facts.entered is None:
        return 0
    since = _since(asked, facts)
    return sum(
        happening.name == asked.event
        and (since is None or happening.at >= since)
        and _shares(asked.same, happening.properties, facts.start)
        and _passes(asked.where, happening, facts)
        for happening in facts.events
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


def _often(times: Times, count: int) -> bool:
    return (
        (times.at_least is None or count >= times.at_least)
        and (times.at_most is None or count <= times.at_most)
        and (times.exactly is None or count == times.exactly)
    )


def needs(condition: Condition) -> frozenset[str]:
    """The names of the events that must be known to tell whether the condition holds."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            return frozenset().union(*map(needs, parts))
        case Not(not_=part):
            return needs(part)
        case TraitIs() | PropertyIs():
            return frozenset()
        case EventHappened(event=name, where=where):
            return frozenset({name}) | (needs(where) if where else frozenset())
        case _:
            assert_never(condition)


def reads(condition: Condition) -> frozenset[str]:
    """The paths of the event properties that the condition looks at, in `where` and in `same` too."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            return frozenset().union(*map(reads, parts))
        case Not(not_=part):
            return reads(part)
        case TraitIs():
            return frozenset()
        case PropertyIs(property=path):
            return frozenset({path})
        case EventHappened(where=where, same=path):
            return (frozenset({path}) if path else frozenset()) | (reads(where) if where else frozenset())
        case _:
            assert_never(condition)
