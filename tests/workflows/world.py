"""A world for runs: activities that act on plain data, and every order that a run has given."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.contacts import Changed, Changing
from activities.decisions import Answer, Appointment, Moment, Question
from activities.enrolling import Admission, Admitted
from activities.enrolments import Ending, Moved, Standing
from activities.orders import LetterOrder, Receipt
from activities.webhooks import CallOrder
from rules.decisions import Verdict
from rules.facts import Facts
from rules.flips import flips
from rules.holds import holds
from rules.journey import Journey
from rules.layout import lay_out
from rules.moments import settled
from workflows.acting import LETTERS_QUEUE, WEBHOOKS_QUEUE
from workflows.journey import JourneyWorkflow
from workflows.payloads import Heard
from workflows.starting import JOURNEYS_QUEUE, RunBusy, Starting, hear, start, workflow_id

Run = WorkflowHandle[Any, str]


@dataclass
class World:
    """What activities answer, and what they were asked. `receipts` by letter; without one a letter is sent."""

    traits: dict[str, Any] = field(default_factory=dict)
    zone: str = "Europe/Helsinki"
    receipts: dict[str, list[Receipt | Exception]] = field(default_factory=dict)
    orders: list[LetterOrder] = field(default_factory=list)
    endings: dict[UUID, Ending] = field(default_factory=dict)
    standings: list[str] = field(default_factory=list)
    changes: list[Changing] = field(default_factory=list)
    calls: list[CallOrder] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    verdicts: dict[UUID, dict[int, Verdict]] = field(default_factory=dict)
    held: bool = False

    @property
    def letters(self) -> list[str]:
        """The letters that were ordered."""
        return [order.letter for order in self.orders]

    def said(self, enrolment: UUID) -> list[tuple[str, str]]:
        """The verdicts of a run that were recorded: kind and verdict, in their order."""
        return [(each.kind, each.verdict) for _, each in sorted(self.verdicts[enrolment].items())]

    def _record(self, enrolment: UUID, verdicts: list[Verdict]) -> None:
        self.verdicts.setdefault(enrolment, {}).update({each.number: each for each in verdicts})

    @activity.defn
    async def send(self, order: LetterOrder) -> Receipt:
        self._record(order.enrolment, order.verdicts)
        if self.held:
            return Receipt("held")
        self.orders.append(order)
        answers = self.receipts.get(order.letter)
        answer = answers.pop(0) if answers else Receipt("sent")
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn
    async def decide(self, question: Question) -> Answer:
        self._record(question.enrolment, question.verdicts)
        if self.held:
            return Answer(held=True)
        facts = Facts(question.now, self.traits)
        cases = (number for number, condition in enumerate(question.conditions) if holds(condition, facts))
        looks = [at for condition in question.conditions if (at := flips(condition, facts)) is not None]
        return Answer(next(cases, None), look=min(looks, default=None))

    @activity.defn
    async def locate(self, appointment: Appointment) -> Moment:
        self._record(appointment.enrolment, appointment.verdicts)
        zone = ZoneInfo(self.traits.get("timezone", self.zone))
        return Moment(settled(appointment.local, appointment.now, zone, self.traits, {}), zone.key)

    @activity.defn
    async def change(self, changing: Changing) -> Changed:
        self._record(changing.enrolment, changing.verdicts)
        self.changes.append(changing)
        return Changed()

    @activity.defn
    async def call(self, order: CallOrder) -> Receipt:
        self._record(order.enrolment, order.verdicts)
        if self.held:
            return Receipt("held")
        self.calls.append(order)
        answers = self.receipts.get(order.call.url)
        answer = answers.pop(0) if answers else Receipt("delivered")
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn
    async def enrol(self, admission: Admission) -> Admitted:
        self._record(admission.enrolment, admission.verdicts)
        if not self.held:
            self.admissions.append(admission)
        return Admitted(held=self.held)

    @activity.defn
    async def move(self, moved: Moved) -> None:
        self._record(moved.enrolment, moved.verdicts)
        self.moves.append(moved)

    @activity.defn
    async def finish(self, ending: Ending) -> None:
        self._record(ending.enrolment, ending.verdicts)
        self.endings[ending.enrolment] = ending

    @activity.defn
    async def stand(self, standing: Standing) -> None:
        self._record(standing.enrolment, standing.verdicts)
        self.standings.append(standing.status)

    def workers(self, client: Client) -> tuple[Worker, Worker, Worker]:
        """Workers in the sandbox, as a strict reader of the workflow code."""
        local: list[Callable[..., Any]] = [
            *(self.decide, self.locate, self.change, self.enrol),
            *(self.finish, self.stand, self.move),
        ]
        return (
            Worker(client, task_queue=JOURNEYS_QUEUE, workflows=[JourneyWorkflow], activities=local),
            Worker(client, task_queue=LETTERS_QUEUE, activities=[self.send]),
            Worker(client, task_queue=WEBHOOKS_QUEUE, activities=[self.call]),
        )


def journey(*steps: Mapping[str, Any], **more: Any) -> Journey:
    """A marketing journey of these steps."""
    return Journey.model_validate(
        {
            "journey": "tried",
            "title": "A journey that is tried",
            "class": "marketing",
            "topic": "offers",
            "trigger": {"event": "Signed Up"},
            "steps": list(steps),
            **more,
        }
    )


async def enter(client: Client, definition: Journey, start_with: Mapping[str, Any] | None = None) -> Run:
    """Start a run of a contact of its own."""
    contact = uuid4()
    run = workflow_id(definition.journey, contact, "")
    plan = lay_out(definition, 1)
    await start(client, Starting(run, uuid4(), plan, definition.title, datetime.now(UTC), start_with or {}))
    return client.get_workflow_handle(run)


async def happen(client: Client, run: Run, event: str, seq: int, traits: Sequence[str] = (), **properties: Any) -> None:
    """Tell the run of an event, as the router does: again, when the run is just beginning anew."""
    heard = Heard(seq, datetime.now(UTC), properties, list(traits))
    for _ in range(100):
        try:
            return await hear(client, run.id, event, heard)
        except RunBusy:
            await asyncio.sleep(0.05)
    raise AssertionError(f"{run.id} stays busy")
