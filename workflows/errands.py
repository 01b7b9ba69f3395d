"""What a contact's waiting events set going: worked out in order, before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rules.arrivals import Arrival, Inside, Version
from rules.entering import Refuse, Start
from rules.routing import Again, Reach, Tell, entered, reached, route
from store.enrolments import enrolment_id
from store.outbox import Waiting
from workflows.starting import Starting, workflow_id


@dataclass(frozen=True)
class Entering:
    """A contact enters a journey: the row to be written, and the run to be started."""

    inside: Inside
    starting: Starting


@dataclass
class Errands:
    """All that one event sets going, and the journeys that it does not start although their triggers name it."""

    waiting: Waiting
    tells: list[Tell] = field(default_factory=list)
    goals: list[UUID] = field(default_factory=list)
    starts: list[Entering] = field(default_factory=list)
    refusals: list[Refuse] = field(default_factory=list)


def errands_of(
    contact: UUID,
    events: Sequence[Waiting],
    inside: Sequence[Inside],
    versions: Mapping[tuple[str, int], Version],
    live: Mapping[str, Sequence[Version]],
) -> list[Errands]:
    """The errands of a contact's events, each seeing what the ones before it did. `live` is by the event's name."""
    known = {each.id: each for each in inside}
    every = []
    for waiting in events:
        errands, arrival = Errands(waiting), arrival_of(waiting)
        for step in route(arrival, list(known.values()), versions, live.get(waiting.event.name, ())):
            match step:
                case Tell():
                    errands.tells.append(step)
                case Reach(enrolment=enrolment):
                    known[enrolment.id] = reached(enrolment)
                    errands.goals.append(enrolment.id)
                case Again():
                    errands.starts.append(_enter_again(step))
                case Start():
                    entering = _enter(contact, arrival, step)
                    known[entering.inside.id] = entering.inside
                    errands.starts.append(entering)
                case Refuse():
                    errands.refusals.append(step)
        every.append(errands)
    return every


def arrival_of(waiting: Waiting) -> Arrival:
    """The event, as routing sees it."""
    return Arrival(waiting.event, waiting.received_at, waiting.occurred_at, waiting.traits, waiting.backfill)


def _enter(contact: UUID, arrival: Arrival, step: Start) -> Entering:
    plan = step.version.plan
    run = workflow_id(plan.journey, contact, step.key)
    enrolment = enrolment_id(plan.journey, contact, step.key, arrival.event.seq)
    inside = entered(step, arrival, enrolment, run)
    starting = Starting(run, enrolment, plan, step.version.journey.title, arrival.received_at, step.start)
    return Entering(inside, starting)


def _enter_again(step: Again) -> Entering:
    inside, version = step.enrolment, step.version
    starting = Starting(
        inside.workflow_id, inside.id, version.plan, version.journey.title, inside.started_at, step.start
    )
    return Entering(inside, starting)
