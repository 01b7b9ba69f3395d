"""Where an event goes: which runs hear of it, which goals it reaches, which journeys it starts. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rules.facts import Facts, Happening
from rules.holds import counts, holds, reads
from rules.journey import Journey
from rules.names import REQUESTED
from rules.plan import Plan, listens, matches
from rules.triggers import OnEvent, OnRequest
from rules.values import MISSING, reach

_KEY_MAX = 200


@dataclass(frozen=True)
class Version:
    """A version of a journey with its plan and the event names that its runs listen to."""

    journey: Journey
    plan: Plan
    listens: frozenset[str]

    @property
    def name(self) -> tuple[str, int]:
        """Name and number."""
        return self.plan.journey, self.plan.version


def version(journey: Journey, plan: Plan) -> Version:
    """A version, ready for routing."""
    return Version(journey, plan, listens(plan))


@dataclass(frozen=True)
class Inside:
    """An enrolment of the contact: on its way, or over with its goal still open, or the latest of its journey."""

    id: UUID
    journey: str
    version: int
    key: str
    trigger_seq: int
    start: Mapping[str, Any]
    started_at: datetime
    ended: bool
    workflow_id: str
    goal_until: datetime | None = None
    goal_reached: bool = False


@dataclass(frozen=True)
class Tell:
    """Signal this run; `properties` are only those that its journey reads."""

    enrolment: Inside
    properties: dict[str, Any]


@dataclass(frozen=True)
class Reach:
    """The goal of this enrolment is reached."""

    enrolment: Inside


@dataclass(frozen=True)
class Again:
    """Start this enrolment's run (again): it entered with the event, and nobody knows whether the run was started."""

    version: Version
    enrolment: Inside
    start: dict[str, Any]


@dataclass(frozen=True)
class Start:
    """The contact enters this journey; `start` holds only the properties that the journey reads of its first event."""

    version: Version
    key: str
    start: dict[str, Any]


Step = Tell | Reach | Again | Start


def route(
    event: Happening,
    received_at: datetime,
    inside: Sequence[Inside],
    versions: Mapping[tuple[str, int], Version],
    live: Sequence[Version],
) -> Iterator[Step]:
    """Everything that this event sets going, for a contact with these enrolments.

    Work may be repeated, after merges and after newer versions too: what an event began once is only begun again.
    """
    for enrolment in inside:
        known = versions.get((enrolment.journey, enrolment.version))
        if known is None or enrolment.trigger_seq > event.seq:
            continue
        if enrolment.trigger_seq == event.seq:
            if not enrolment.ended:
                yield Again(known, enrolment, started_with(event, known))
            continue
        if _reaches(event, received_at, enrolment, known):
            yield Reach(enrolment)
        if not enrolment.ended and event.name in known.listens:
            yield Tell(enrolment, prune(event, known.plan))
    begun = {enrolment.journey for enrolment in inside if enrolment.trigger_seq == event.seq}
    for candidate in live:
        start = _starts(event, received_at, candidate, inside) if candidate.plan.journey not in begun else None
        if start is not None:
            yield start


def _reaches(event: Happening, received_at: datetime, enrolment: Inside, known: Version) -> bool:
    goal = known.journey.goal
    if goal is None or enrolment.goal_reached or enrolment.goal_until is None or received_at > enrolment.goal_until:
        return False
    return counts(goal, event, enrolment.start)


def _starts(event: Happening, received_at: datetime, candidate: Version, inside: Sequence[Inside]) -> Start | None:
    if not any(_triggers(trigger, event, candidate) for trigger in candidate.journey.trigger):
        return None
    key = key_of(event, candidate.journey)
    if key is None:
        return None
    same = [each for each in inside if each.journey == candidate.plan.journey and each.key == key]
    if not _may_enter(candidate, same, received_at):
        return None
    return Start(candidate, key, started_with(event, candidate))


def _triggers(trigger: OnEvent | OnRequest, event: Happening, candidate: Version) -> bool:
    if isinstance(trigger, OnRequest):
        return event.name == REQUESTED and event.properties.get("journey") == candidate.plan.journey
    asked = Facts(now=event.at, start=event.properties)
    return event.name in trigger.event and (trigger.where is None or holds(trigger.where, asked))


def _may_enter(candidate: Version, same: Sequence[Inside], received_at: datetime) -> bool:
    """One run at a time; whether there may be another after it is the author's rule."""
    if any(not each.ended for each in same):
        return False
    if not same:
        return True
    rule = candidate.journey.re_entry
    latest = max(each.started_at for each in same)
    return rule.allowed and received_at >= latest + (rule.after or timedelta(0))


def key_of(event: Happening, journey: Journey) -> str | None:
    """What tells this run from another of the same contact: "" without a key; None when the event lacks it."""
    if journey.key is None:
        return ""
    value = reach(event.properties, journey.key.removeprefix("properties."))
    if value is MISSING or not isinstance(value, str | int):
        return None
    return str(value)[:_KEY_MAX]


def prune(event: Happening, plan: Plan) -> dict[str, Any]:
    """Only those properties of the event that this plan's matches read: the rest stays out of Temporal."""
    paths: set[str] = set()
    for match in matches(plan):
        if event.name in match.event:
            paths |= {match.same} if match.same else set()
            paths |= reads(match.where) if match.where else set()
    return _only(event.properties, paths)


def started_with(event: Happening, candidate: Version) -> dict[str, Any]:
    """Of the event that starts a run, only the properties that `same` compares with later."""
    goal = [candidate.journey.goal] if candidate.journey.goal else []
    return _only(event.properties, {match.same for match in (*matches(candidate.plan), *goal) if match.same})


def _only(properties: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for path in sorted(paths):
        value = reach(properties, path)
        if value is MISSING:
            continue
        *outer, last = path.split(".")
        place = kept
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = value
    return kept


def entered(start: Start, event: Happening, received_at: datetime, enrolment: UUID, workflow_id: str) -> Inside:
    """The enrolment that a start makes, as the next event of the same contact finds it."""
    goal = start.version.journey.goal
    return Inside(
        id=enrolment,
        journey=start.version.plan.journey,
        version=start.version.plan.version,
        key=start.key,
        trigger_seq=event.seq,
        start=start.start,
        started_at=received_at,
        ended=False,
        workflow_id=workflow_id,
        goal_until=received_at + goal.within if goal else None,
    )


def reached(enrolment: Inside) -> Inside:
    """The enrolment with its goal reached."""
    return replace(enrolment, goal_reached=True)
