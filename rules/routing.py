"""Where an event goes: which runs hear of it, which goals it reaches, which journeys it starts. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from rules.arrivals import Arrival, Inside, Version
from rules.entering import Refuse, Start, enter
from rules.holds import counts
from rules.names import TRAITS_CHANGED
from rules.pruning import prune, started_with


@dataclass(frozen=True)
class Tell:
    """Signal this run, under the event's name or that of changed traits.

    `properties` are only those that its journey reads, `traits` only those that its waits rest on.
    """

    enrolment: Inside
    name: str
    properties: dict[str, Any]
    traits: list[str] = field(default_factory=list)


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


Step = Tell | Reach | Again | Start | Refuse


def route(
    arrival: Arrival,
    inside: Sequence[Inside],
    versions: Mapping[tuple[str, int], Version],
    live: Sequence[Version],
) -> Iterator[Step]:
    """Everything that this event sets going, for a contact with these enrolments.

    Work may be repeated, after merges and after newer versions too: what an event began once is only begun again.
    """
    event = arrival.event
    for enrolment in inside:
        known = versions.get((enrolment.journey, enrolment.version))
        if known is None or enrolment.trigger_seq > event.seq:
            continue
        if enrolment.trigger_seq == event.seq:
            if not enrolment.ended:
                yield Again(known, enrolment, started_with(event, known))
        elif _concerns(arrival, enrolment):
            yield from _met(arrival, enrolment, known)
    begun = {enrolment.journey for enrolment in inside if enrolment.trigger_seq == event.seq}
    for candidate in live:
        if candidate.plan.journey not in begun and (step := enter(arrival, candidate, inside)) is not None:
            yield step


def _concerns(arrival: Arrival, enrolment: Inside) -> bool:
    """What was imported concerns a run only if it happened while the run was there."""
    return not arrival.backfill or arrival.occurred_at > enrolment.started_at


def _met(arrival: Arrival, enrolment: Inside, known: Version) -> Iterator[Step]:
    """What the event means for somebody who came by an earlier one."""
    if _reaches(arrival, enrolment, known):
        yield Reach(enrolment)
    if enrolment.ended:
        return
    traits = known.watched(arrival.traits)
    if arrival.event.name in known.listens:
        yield Tell(enrolment, arrival.event.name, prune(arrival.event, known.plan), traits)
    elif traits:
        yield Tell(enrolment, TRAITS_CHANGED, {}, traits)


def _reaches(arrival: Arrival, enrolment: Inside, known: Version) -> bool:
    goal, at = known.journey.goal, arrival.occurred_at if arrival.backfill else arrival.received_at
    if goal is None or enrolment.goal_reached or enrolment.goal_until is None or at > enrolment.goal_until:
        return False
    return counts(goal, arrival.event, enrolment.start)


def entered(start: Start, arrival: Arrival, enrolment: UUID, workflow_id: str) -> Inside:
    """The enrolment that a start makes, as the next event of the same contact finds it."""
    goal = start.version.journey.goal
    return Inside(
        id=enrolment,
        journey=start.version.plan.journey,
        version=start.version.plan.version,
        key=start.key,
        trigger_seq=arrival.event.seq,
        start=start.start,
        started_at=arrival.received_at,
        ended=False,
        workflow_id=workflow_id,
        goal_until=arrival.received_at + goal.within if goal else None,
    )


def reached(enrolment: Inside) -> Inside:
    """The enrolment with its goal reached."""
    return replace(enrolment, goal_reached=True)
