"""Two contacts inside the same journey become one: the run that is one too many is told to end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.housekeeping import Housekeeping, Looked, Swept
from store.merging import merge
from store.session import Line
from tests.activities.office import Office
from tests.activities.runs import started, status
from workflows.payloads import Note


@pytest.fixture
def housekeeping(office: Office, temporal_client: Client) -> Housekeeping:
    return Housekeeping(office.database, temporal_client, office.oracle, timedelta(minutes=30))


async def merged_inside(office: Office, client: Client) -> tuple[str, str]:
    """Two contacts inside the same journey become one: the run of the one that goes, and of the one that stays."""
    entered = [(await office.enters(user)).enrolment for user in ("u1", "u2")]
    goes, stays = [await started(office, client, each) for each in entered]
    contacts = [
        (await office.row("SELECT contact_id FROM enrolments WHERE id = :id", id=each))["contact_id"]
        for each in entered
    ]
    line = Line(office.database.url)
    async with line.transaction() as connection:
        await merge(connection, *contacts)
    await line.close()
    assert [await status(office, each) for each in entered] == [("ended", "merged"), ("active", None)]
    return goes, stays


async def exits(client: Client, workflow: str) -> list[str]:
    """The reasons of the `exit` signals that a run was sent."""
    history = await client.get_workflow_handle(workflow).fetch_history()
    signals = [event.workflow_execution_signaled_event_attributes for event in history.events]
    payloads = [each.input.payloads for each in signals if each.signal_name == "exit"]
    return [(await client.data_converter.decode(each, [Note]))[0].reason for each in payloads]


async def test_the_run_of_a_contact_that_became_another_one_is_told_to_end(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    goes, stays = await merged_inside(office, temporal_client)
    assert await housekeeping.end_closed_runs(Looked(datetime.now(UTC) - timedelta(minutes=1))) == Swept(1)
    assert await exits(temporal_client, goes) == ["merged"]
    assert await exits(temporal_client, stays) == []
    await temporal_client.get_workflow_handle(goes).terminate()
    assert await housekeeping.end_closed_runs(Looked()) == Swept(0)


async def test_who_was_merged_before_the_last_round_is_not_told_again(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    goes, _ = await merged_inside(office, temporal_client)
    assert await housekeeping.end_closed_runs(Looked(datetime.now(UTC) + timedelta(minutes=1))) == Swept(0)
    assert await exits(temporal_client, goes) == []


async def test_a_later_run_of_the_same_id_goes_on(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    goes, _ = await merged_inside(office, temporal_client)
    await temporal_client.get_workflow_handle(goes).terminate()
    await temporal_client.start_workflow("Journey", {"enrolment": uuid4()}, id=goes, task_queue="nobody-works-here")
    assert await housekeeping.end_closed_runs(Looked()) == Swept(0)
    assert await exits(temporal_client, goes) == []
