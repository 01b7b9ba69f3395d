"""A world for runs: activities that act on plain data, and every order that a run has given."""

import asyncio
from collections.abc import Callable, Mapping
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
from activities.enrolments import Ending, Standing
from activities.orders import LetterOrder, Receipt
from rules.facts import Facts
from rules.holds import holds
from rules.journey import Journey
from rules.layout import lay_out
from rules.moments import next_moment
from workflows.journey import LETTERS_QUEUE, JourneyWorkflow
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
    held: bool = False

    @property
    def letters(self) -> list[str]:
        """The letters that were ordered."""
        return [order.letter for order in self.orders]

    @activity.defn
    async def send(self, order: LetterOrder) -> Receipt:
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
        if self.held:
            return Answer(held=True)
        facts = Facts(question.now, self.traits)
        cases = (number for number, condition in enumerate(question.conditions) if holds(condition, facts))
        return Answer(next(cases, None))

    @activity.defn
    async def locate(self, appointment: Appointment) -> Moment:
        return Moment(next_moment(appointment.local, appointment.now, ZoneInfo(self.zone)), self.zone)

    @activity.defn
    async def change(self, changing: Changing) -> Changed:
        self.changes.append(changing)
        return Changed()

    @activity.defn
    async def finish(self, ending: Ending) -> None:
        self.endings[ending.enrolment] = ending

    @activity.defn
    async def stand(self, standing: Standing) -> None:
        self.standings.append(standing.status)

    def workers(self, client: Client) -> tuple[Worker, Worker]:
        """Workers in the sandbox, as a strict reader of the workflow code."""
        local: list[Callable[..., Any]] = [self.decide, self.locate, self.change, self.finish, self.stand]
        return (
            Worker(client, task_queue=JOURNEYS_QUEUE, workflows=[JourneyWorkflow], activities=local),
            Worker(client, task_queue=LETTERS_QUEUE, activities=[self.send]),
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


async def happen(client: Client, run: Run, event: str, seq: int, **properties: Any) -> None:
    """Tell the run of an event, as the router does: again, when the run is just beginning anew."""
    heard = Heard(seq, datetime.now(UTC), properties)
    for _ in range(100):
        try:
            return await hear(client, run.id, event, heard)
        except RunBusy:
            await asyncio.sleep(0.05)
    raise AssertionError(f"{run.id} stays busy")
