"""What travels into Temporal of letters and errors: ids and kinds, never a contact's data."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from activities.discretion import Discretion
from store.session import Database
from tests.activities.office import ADDRESS, NAME, Office, delayed, ordered
from tests.mail.fault_smtp import Act, Fault, Phase

WORDS = (ADDRESS, ADDRESS.split("@")[0], NAME)


class Clumsy:
    """Activities whose errors quote what they were about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def stumble(self, over: str) -> None:
        match over:
            case "a value":
                raise ValueError(f"{ADDRESS} is no city")
            case "a cause":
                try:
                    raise KeyError(ADDRESS)
                except KeyError as error:
                    raise RuntimeError(f"no {NAME}") from error
            case "the database":
                async with self._database.transaction() as session:
                    await session.execute(text("INSERT INTO journeys (name) VALUES (:a), (:a)"), {"a": ADDRESS})


@workflow.defn(sandboxed=False)
class Stumbling:
    @workflow.run
    async def run(self, over: str) -> None:
        await workflow.execute_activity(
            "stumble",
            over,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@pytest.mark.parametrize(
    ("over", "kind"),
    [("a value", "ValueError"), ("a cause", "RuntimeError"), ("the database", "IntegrityError 23505")],
)
async def test_the_words_of_an_unexpected_error_stay_here(
    temporal_client: Client, database: Database, caplog: pytest.LogCaptureFixture, over: str, kind: str
) -> None:
    queue = f"stumbling-{uuid4()}"
    worker = Worker(
        temporal_client,
        task_queue=queue,
        workflows=[Stumbling],
        activities=[Clumsy(database).stumble],
        interceptors=[Discretion()],
    )
    with caplog.at_level(logging.DEBUG):
        async with worker:
            handle = await temporal_client.start_workflow(Stumbling.run, over, id=queue, task_queue=queue)
            with pytest.raises(WorkflowFailureError):
                await handle.result()
    history = (await handle.fetch_history()).to_json()
    assert kind in history
    assert "in stumble" in history  # the place in the code is told
    assert not any(word in history or word in caplog.text for word in WORDS)


FAULTS = [
    Fault(Phase.MAIL, Act.ANSWER, f"451 4.1.1 <{ADDRESS}> later".encode()),
    Fault(Phase.RCPT, Act.ANSWER, f"450 4.2.0 <{ADDRESS}> {NAME} is greylisted".encode()),
    Fault(Phase.DOT, Act.ANSWER, f"451 4.3.0 <{ADDRESS}> later".encode()),
    Fault(Phase.DOT, Act.ANSWER_AND_DROP, f"354 {ADDRESS}?".encode()),
    Fault(Phase.GREETING, Act.ANSWER_AND_DROP, f"421 {ADDRESS}".encode()),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_delay_tells_nothing_of_the_contact(office: Office, fault: Fault) -> None:
    order = await office.enters()
    office.server.fault = fault
    error = await delayed(office.sending(), order)
    assert not any(word in f"{error!r} {error.message} {error.details}" for word in WORDS)
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("changes", "fault", "outcome"),
    [
        ({}, None, "sent"),
        ({}, Fault(Phase.RCPT, Act.ANSWER, f"550 5.1.1 <{ADDRESS}> {NAME}?".encode()), "failed"),
        ({"letter": "broken"}, None, "render_failed"),
        ({"letter": "unfit"}, None, "render_failed"),
    ],
)
async def test_orders_and_receipts_tell_nothing_of_the_contact(
    office: Office, changes: dict[str, str], fault: Fault | None, outcome: str
) -> None:
    (office.templates / "broken" / "body.txt").write_text("{{ contact[contact.first_name] }}")
    order = await office.enters()
    order = ordered(order.enrolment, **changes)
    office.server.fault = fault
    receipt = await office.sending().send(order)
    assert receipt.outcome == outcome
    payloads = await pydantic_data_converter.encode([order, receipt])
    travelling = b"".join(payload.data for payload in payloads).decode()
    assert str(order.enrolment) in travelling
    assert not any(word in travelling for word in WORDS)


async def test_errors_of_the_database_hide_their_parameters(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as session:
            await session.execute(text("SELECT cast(:a AS integer) / 0"), {"a": 1})
    assert "parameters hidden" in str(caught.value)
