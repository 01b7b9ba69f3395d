"""Housekeeping: what nobody works on any more is settled, and who was ended in Temporal's own UI may enter again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from activities.coupons import CouponRounds
from activities.forgetting import Forgetting
from activities.housekeeping import Housekeeping, Looked, Swept
from activities.migrating import Migrating
from activities.orders import Receipt
from mail.evidence import Verdict
from rules.arrivals import Inside
from store import enrolments
from tests.activities.office import Office, delayed
from tests.activities.runs import started, status
from tests.mail.fault_smtp import Act, Fault, Phase
from workflows.schedules import HOUSEKEEPING, schedule_housekeeping
from workflows.starting import SWEEPS_QUEUE
from workflows.sweeps import HousekeepingWorkflow

PATIENCE = timedelta(minutes=30)


@pytest.fixture
def housekeeping(office: Office, temporal_client: Client) -> Housekeeping:
    return Housekeeping(office.database, temporal_client, office.oracle, PATIENCE)


async def left_in_doubt(office: Office, fault: Fault | None) -> None:
    """A letter past the dot, of a run that has ended."""
    order = await office.enters()
    office.server.fault = fault
    await delayed(office.sending(), order)
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "by an operator", order.now)
    office.server.fault = None


async def passes(office: Office, time: timedelta) -> None:
    await office.run("UPDATE messages SET dot_at = dot_at - cast(:time AS interval)", time=time)


@pytest.mark.parametrize(
    ("verdict", "state", "reason"),
    [
        (Verdict.TAKEN, "sent", "the relay has it"),
        (Verdict.ABSENT, "cancelled", "the relay does not have it, and nobody tries again"),
        (Verdict.UNKNOWABLE, "unknown", "nobody knows whether the relay took it; not sent again"),
    ],
)
@pytest.mark.parametrize("noticed", [True, False], ids=["an answer was lost", "the worker was killed"])
async def test_a_letter_in_doubt_whose_run_is_over_is_settled_by_evidence(
    office: Office, housekeeping: Housekeeping, verdict: Verdict, state: str, reason: str, noticed: bool
) -> None:
    await left_in_doubt(office, Fault(Phase.DOT, Act.DROP, takes=True))
    if not noticed:
        await office.run("UPDATE messages SET state = 'dot_pending', reason = NULL")
    await passes(office, PATIENCE)
    office.oracle.verdict = verdict
    assert await housekeeping.settle_abandoned() == Swept(1)
    message = await office.message()
    assert (message["state"], message["reason"]) == (state, reason)
    assert message["settled_at"] is not None
    assert message["raw"] is None
    assert await housekeeping.settle_abandoned() == Swept(0)


async def test_a_letter_in_doubt_is_left_alone_while_an_attempt_may_still_answer(
    office: Office, housekeeping: Housekeeping
) -> None:
    await left_in_doubt(office, Fault(Phase.DOT, Act.DROP, takes=True))
    await passes(office, PATIENCE - timedelta(minutes=1))
    assert await housekeeping.settle_abandoned() == Swept(0)
    assert office.oracle.asked == []


async def test_a_letter_in_doubt_of_a_run_that_goes_on_is_its_attempts_business(
    office: Office, housekeeping: Housekeeping
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.DROP, takes=True)
    await delayed(office.sending(), order)
    await passes(office, PATIENCE * 2)
    assert await housekeeping.settle_abandoned() == Swept(0)


async def test_a_letter_in_doubt_that_its_run_has_left_behind_is_settled_once_there_is_a_later_one(
    office: Office, housekeeping: Housekeeping
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.DROP, takes=True)
    await delayed(office.sending(), order)
    office.server.fault = None
    assert await office.sending().send(replace(order, step="another")) == Receipt("sent")
    await passes(office, PATIENCE * 2)
    assert await housekeeping.settle_abandoned() == Swept(1)
    assert (await office.row("SELECT state FROM messages WHERE step <> 'another'"))["state"] == "unknown"


async def test_what_was_claimed_in_the_moment_in_which_the_run_ended_is_cancelled(
    office: Office, housekeeping: Housekeeping
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(office.sending(), order)
    await office.run("UPDATE enrolments SET status = 'ended', reason = 'merged', ended_at = now()")
    assert await housekeeping.settle_abandoned() == Swept(1)
    message = await office.message()
    assert (message["state"], message["reason"], message["raw"]) == ("cancelled", "merged", None)


async def test_a_late_yes_after_the_sweep_is_still_believed(office: Office, housekeeping: Housekeeping) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=0.4)
    stalled = asyncio.create_task(office.sending().send(order))
    await office.reaches("dot_pending")
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "by an operator", order.now)
    await passes(office, PATIENCE)
    await housekeeping.settle_abandoned()
    assert (await office.message())["state"] == "unknown"
    assert await stalled == Receipt("sent")
    assert (await office.message())["state"] == "sent"


async def closed(client: Client, workflow: str) -> None:
    """Return when Temporal's list shows that the run is closed."""
    for _ in range(100):
        if [run async for run in client.list_workflows(f'WorkflowId = "{workflow}" AND ExecutionStatus != "Running"')]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{workflow} is not listed as closed")


async def entered_again(office: Office, enrolment: UUID) -> UUID:
    """The contact enters once more: the row of the new run, which is not started yet."""
    row = await office.row("SELECT * FROM enrolments WHERE id = :id", id=enrolment)
    again = uuid4()
    values = {name: row[name] for name in ("journey", "version", "key", "trigger_seq", "workflow_id", "started_at")}
    inside = Inside(id=again, start={}, ended=False, **values)
    async with office.database.transaction() as session:
        assert await enrolments.enrol(session, [(row["contact_id"], inside)]) == {again}
    return again


async def test_who_was_terminated_in_temporal_may_enter_again(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    first = (await office.enters()).enrolment
    workflow = await started(office, temporal_client, first)
    assert await housekeeping.end_closed_runs(Looked()) == Swept(0)
    await temporal_client.get_workflow_handle(workflow).terminate("an operator's own tools")
    await closed(temporal_client, workflow)
    assert await housekeeping.end_closed_runs(Looked(datetime.now(UTC) - timedelta(minutes=1))) == Swept(1)
    assert await status(office, first) == ("ended", "terminated in Temporal")
    await entered_again(office, first)


async def test_a_new_run_of_the_same_contact_is_not_taken_for_the_one_that_was_terminated(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    first = (await office.enters()).enrolment
    workflow = await started(office, temporal_client, first)
    await temporal_client.get_workflow_handle(workflow).terminate()
    await closed(temporal_client, workflow)
    await housekeeping.end_closed_runs(Looked())
    second = await entered_again(office, first)
    assert await housekeeping.end_closed_runs(Looked()) == Swept(0)  # written down, and not started yet
    await started(office, temporal_client, second)
    assert await housekeeping.end_closed_runs(Looked()) == Swept(0)  # on its way
    assert await status(office, second) == ("active", None)


async def test_runs_that_closed_before_the_last_round_are_not_looked_at_again(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    enrolment = (await office.enters()).enrolment
    workflow = await started(office, temporal_client, enrolment)
    await temporal_client.get_workflow_handle(workflow).terminate()
    await closed(temporal_client, workflow)
    assert await housekeeping.end_closed_runs(Looked(datetime.now(UTC) + timedelta(minutes=1))) == Swept(0)


@asynccontextmanager
async def working(office: Office, client: Client, housekeeping: Housekeeping) -> AsyncIterator[None]:
    worker = Worker(
        client,
        task_queue=SWEEPS_QUEUE,
        workflows=[HousekeepingWorkflow],
        activities=[
            housekeeping.end_closed_runs,
            housekeeping.settle_abandoned,
            Forgetting(office.database, timedelta(days=90)).forget_decisions,
            CouponRounds(office.database).fill_pools,
            Migrating(office.database, client).settle_versions,
        ],
    )
    async with worker:
        yield


@asynccontextmanager
async def unscheduled(client: Client) -> AsyncIterator[None]:
    """Clear away the schedule."""
    try:
        yield
    finally:
        try:
            await client.get_schedule_handle(HOUSEKEEPING).delete()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


async def test_the_schedule_does_the_rounds(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    enrolment = (await office.enters()).enrolment
    workflow = await started(office, temporal_client, enrolment)
    await temporal_client.get_workflow_handle(workflow).terminate()
    await closed(temporal_client, workflow)
    async with unscheduled(temporal_client), working(office, temporal_client, housekeeping):
        await schedule_housekeeping(temporal_client, timedelta(seconds=1))
        for _ in range(100):
            if (await status(office, enrolment))[0] == "ended":
                break
            await asyncio.sleep(0.1)
        rounds = await finished(temporal_client, 2)
    assert await status(office, enrolment) == ("ended", "terminated in Temporal")
    first, second = [await looked(temporal_client, each) for each in rounds]
    assert first.until is not None
    assert second.until is not None
    assert first.until < second.until


async def finished(client: Client, number: int) -> list[str]:
    """The runs of the first rounds, oldest first."""
    for _ in range(100):
        query = 'WorkflowType = "Housekeeping" AND ExecutionStatus = "Completed"'
        rounds = [run async for run in client.list_workflows(query)]
        if len(rounds) >= number:
            return [run.id for run in sorted(rounds, key=lambda run: run.start_time)[:number]]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{number} rounds were not finished")


async def looked(client: Client, workflow: str) -> Looked:
    result: Looked = await client.get_workflow_handle(workflow, result_type=Looked).result()
    return result


async def test_scheduling_again_changes_how_often_and_nothing_else(temporal_client: Client) -> None:
    async with unscheduled(temporal_client):
        await schedule_housekeeping(temporal_client, timedelta(hours=1))
        handle = temporal_client.get_schedule_handle(HOUSEKEEPING)
        await handle.pause(note="an operator looks into it")
        await schedule_housekeeping(temporal_client, timedelta(hours=1))
        await schedule_housekeeping(temporal_client, timedelta(hours=2))
        schedule = (await handle.describe()).schedule
    assert [interval.every for interval in schedule.spec.intervals] == [timedelta(hours=2)]
    assert (schedule.state.paused, schedule.state.note) == (True, "an operator looks into it")


async def test_workers_that_start_at_once_make_one_schedule(temporal_client: Client) -> None:
    async with unscheduled(temporal_client):
        await asyncio.gather(*(schedule_housekeeping(temporal_client, timedelta(hours=1)) for _ in range(4)))
        schedule = (await temporal_client.get_schedule_handle(HOUSEKEEPING).describe()).schedule
    assert [interval.every for interval in schedule.spec.intervals] == [timedelta(hours=1)]
