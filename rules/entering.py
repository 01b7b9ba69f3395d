"""Whether an event starts a journey, and if not, why not. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, assert_never

from rules.arrivals import Arrival, Inside, Version
from rules.conditions import Condition
from rules.durations import spell
from rules.explaining import decisive, findings
from rules.facts import Happening
from rules.holds import holds
from rules.journey import Journey
from rules.names import DATE_REACHED, REQUESTED, SCHEDULE_REACHED, SEGMENT_ENTERED, SEGMENT_LEFT
from rules.pruning import started_with
from rules.triggers import OnDate, OnEvent, OnRequest, OnSchedule, OnSegment, Trigger
from rules.values import MISSING, reach

LATE = timedelta(hours=1)
"""An event that is older than this when it arrives starts only journeys whose trigger allows its age."""

DAY = timedelta(days=1)
"""A date that was reached longer ago than this, while nobody worked, starts nothing: a letter about it is too late."""

_KEY_MAX = 200
_SEGMENT = {"entered": SEGMENT_ENTERED, "left": SEGMENT_LEFT}


@dataclass(frozen=True)
class Start:
    """The contact enters this journey; `start` holds only the properties that the journey reads of its first event."""

    version: Version
    key: str
    start: dict[str, Any]


@dataclass(frozen=True)
class Why:
    """A reason in words, and the facts that it rests on."""

    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refuse:
    """The contact does not enter, although the journey's trigger names the event. `verdict` is the reason in a word.

    `why` finds the words: of most refusals nobody asks for them, for they are written down already.
    """

    version: Version
    verdict: str
    why: Callable[[], Why]


def occasions(trigger: Trigger) -> tuple[str, ...]:
    """The names of the events at which this trigger is asked."""
    match trigger:
        case OnEvent(event=names):
            return names
        case OnSegment(on=on):
            return (_SEGMENT[on],)
        case OnDate():
            return (DATE_REACHED,)
        case OnSchedule():
            return (SCHEDULE_REACHED,)
        case OnRequest():
            return (REQUESTED,)
        case _:
            assert_never(trigger)


def enter(arrival: Arrival, candidate: Version, inside: Sequence[Inside]) -> Start | Refuse | None:
    """Whether the contact enters; None: the event is no occasion of this journey."""
    meant = [trigger for trigger in candidate.journey.trigger if _means(trigger, arrival.event, candidate)]
    if not meant:
        return None
    refusals = [_refused(trigger, arrival, candidate) for trigger in meant]
    if None not in refusals:
        return refusals[0]
    key = key_of(arrival.event, candidate.journey)
    if key is None:
        return Refuse(candidate, "no key", partial(_keyless, arrival, candidate.journey))
    same = [each for each in inside if each.journey == candidate.plan.journey and each.key == key]
    return _barred(candidate, same, arrival.received_at) or Start(
        candidate, key, started_with(arrival.event, candidate)
    )


def _means(trigger: Trigger, event: Happening, candidate: Version) -> bool:
    """Whether the trigger is about this event at all."""
    if event.name not in occasions(trigger):
        return False
    match trigger:
        case OnEvent():
            return True
        case OnSegment(segment=segment):
            return event.properties.get("segment") == segment
        case OnDate(date=trait):
            return _named(event, candidate) and event.properties.get("trait") == trait
        case OnSchedule() | OnRequest():
            return _named(event, candidate)
        case _:
            assert_never(trigger)


def _named(event: Happening, candidate: Version) -> bool:
    return event.properties.get("journey") == candidate.plan.journey


def _refused(trigger: Trigger, arrival: Arrival, candidate: Version) -> Refuse | None:
    """Why this trigger does not start the journey; None: it does."""
    if isinstance(trigger, OnEvent):
        return _late(trigger, arrival, candidate) or _filtered(trigger, arrival, candidate)
    if isinstance(trigger, OnDate) and arrival.age > DAY:
        return Refuse(candidate, "late", partial(_passed, arrival))
    return None


def _late(trigger: OnEvent, arrival: Arrival, candidate: Version) -> Refuse | None:
    allowed = trigger.late
    if not arrival.backfill and arrival.age <= LATE:
        return None
    if allowed is not None and arrival.age <= allowed:
        return None
    return Refuse(candidate, "backfill" if arrival.backfill else "late", partial(_came_late, arrival, allowed))


def _came_late(arrival: Arrival, allowed: timedelta | None) -> Why:
    how = "was imported, and happened" if arrival.backfill else "happened"
    bound = f"up to {spell(allowed)} late" if allowed is not None else "only when they are new"
    reason = f"{arrival.event.name} {how} {_span(arrival.age)} before it came; the journey takes events {bound}"
    return Why(reason, _age(arrival, allowed))


def _passed(arrival: Arrival) -> Why:
    return Why(f"the date was reached {_span(arrival.age)} ago, while nobody worked", _age(arrival, DAY))


def _keyless(arrival: Arrival, journey: Journey) -> Why:
    return Why(f"{arrival.event.name} tells no {journey.key}", {"key": journey.key})


def _age(arrival: Arrival, allowed: timedelta | None) -> dict[str, Any]:
    return {
        "occurred_at": arrival.occurred_at.isoformat(),
        "age": int(arrival.age.total_seconds()),
        "allowed": None if allowed is None else int(allowed.total_seconds()),
    }


def _span(age: timedelta) -> str:
    """The age in words, to the minute."""
    return spell(timedelta(seconds=age.total_seconds() // 60 * 60)) if age >= timedelta(minutes=1) else "a moment"


def _filtered(trigger: OnEvent, arrival: Arrival, candidate: Version) -> Refuse | None:
    if trigger.where is None or holds(trigger.where, arrival.asked):
        return None
    return Refuse(candidate, "filter", partial(_failed, trigger.where, arrival))


def _failed(where: Condition, arrival: Arrival) -> Why:
    """The first condition that fails, with the value that it was asked of."""
    conditions = [finding.as_data() for finding in findings(where, arrival.asked)]
    return Why(f"{arrival.event.name} does not count; {decisive(where, arrival.asked)}", {"conditions": conditions})


def _barred(candidate: Version, same: Sequence[Inside], now: datetime) -> Refuse | None:
    """One run at a time; whether there may be another after it is the author's rule."""
    if not same:
        return None
    active = next((each for each in same if not each.ended), None)
    if active is not None:
        return Refuse(candidate, "inside", partial(_on_the_way, active))
    rule, latest = candidate.journey.re_entry, max(each.started_at for each in same)
    until = latest + (rule.after or timedelta(0)) if rule.allowed else None
    if until is not None and now >= until:
        return None
    return Refuse(candidate, "re-entry", partial(_was_in, latest, until))


def _on_the_way(active: Inside) -> Why:
    facts = {"enrolment": str(active.id), "since": active.started_at.isoformat()}
    return Why(f"on the way since {active.started_at:%Y-%m-%d %H:%M} UTC", facts)


def _was_in(latest: datetime, until: datetime | None) -> Why:
    facts = {"entered": latest.isoformat()}
    if until is None:
        return Why(f"entered {latest:%Y-%m-%d}, and the journey is for once", facts)
    reason = f"entered {latest:%Y-%m-%d %H:%M} UTC, and may enter again from {until:%Y-%m-%d %H:%M} UTC on"
    return Why(reason, facts | {"until": until.isoformat()})


def key_of(event: Happening, journey: Journey) -> str | None:
    """What tells this run from another of the same contact: "" without a key; None when the event lacks it."""
    if journey.key is None:
        return ""
    value = reach(event.properties, journey.key.removeprefix("properties."))
    if value is MISSING or not isinstance(value, str | int):
        return None
    return str(value)[:_KEY_MAX]
