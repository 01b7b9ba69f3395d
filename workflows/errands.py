"""What a contact's waiting events set going: worked out in order, before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rules.routing import Again, Inside, Reach, Start, Tell, Version, entered, reached, route
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
    """All that one event sets going."""

    waiting: Waiting
    tells: list[Tell] = field(default_factory=list)
    goals: list[UUID] = field(default_factory=list)
    starts: list[Entering] = field(default_factory=list)


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
        errands, event = Errands(waiting), waiting.event
        for step in route(event, waiting.received_at, list(known.values()), versions, live.get(event.name, ())):
            match step:
                case Tell():
                    errands.tells.append(step)
                case Reach(enrolment=enrolment):
                    known[enrolment.id] = reached(enrolment)
                    errands.goals.append(enrolment.id)
                case Again():
                    errands.starts.append(_enter_again(step))
                case Start():
                    entering = _enter(contact, waiting, step)
                    known[entering.inside.id] = entering.inside
                    errands.starts.append(entering)
        every.append(errands)
    return every


def _enter(contact: UUID, waiting: Waiting, step: Start) -> Entering:
    plan = step.version.plan
    run = workflow_id(plan.journey, contact, step.key)
    enrolment = enrolment_id(plan.journey, contact, step.key, waiting.event.seq)
    inside = entered(step, waiting.event, waiting.received_at, enrolment, run)
    starting = Starting(run, enrolment, plan, step.version.journey.title, waiting.received_at, step.start)
    return Entering(inside, starting)


def _enter_again(step: Again) -> Entering:
    inside, version = step.enrolment, step.version
    starting = Starting(
        inside.workflow_id, inside.id, version.plan, version.journey.title, inside.started_at, step.start
    )
    return Entering(inside, starting)
