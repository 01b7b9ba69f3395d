"""Runs of contacts that were erased while Temporal was away, or while they were about to start, end all the same."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.housekeeping import Housekeeping, Looked, Swept
from activities.orders import Receipt
from mail.connection import RelayAddress
from mail.relay import Relay
from mail.smtp import BeforeDot, Envelope, Reply
from store.erasure import erase
from tests.activities.office import ADDRESS, SHORT, Office, delayed
from tests.activities.runs import started, status
from tests.activities.test_merged_runs import exits
from tests.mail.fault_smtp import Act, Fault, Phase


@pytest.fixture
def housekeeping(office: Office, temporal_client: Client) -> Housekeeping:
    return Housekeeping(office.database, temporal_client, office.oracle, timedelta(minutes=30))


async def erased(office: Office, enrolment: UUID) -> UUID:
    row = await office.row("SELECT contact_id FROM enrolments WHERE id = :id", id=enrolment)
    done = await erase(office.database, row["contact_id"], "test")
    assert done is not None
    return done.contact_id


async def round_of(housekeeping: Housekeeping) -> Swept:
    swept: Swept = await ActivityEnvironment().run(housekeeping.end_closed_runs, Looked(datetime.now(UTC)))
    return swept


async def workflow_of(office: Office, enrolment: UUID) -> str:
    row = await office.row("SELECT workflow_id FROM enrolments WHERE id = :id", id=enrolment)
    return str(row["workflow_id"])


async def test_the_housekeeping_ends_the_runs_of_erased_contacts_and_then_forgets_them(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    enrolment = (await office.enters("u1")).enrolment
    run = await started(office, temporal_client, enrolment)
    await erased(office, enrolment)
    assert await status(office, enrolment) == ("ended", "erased")
    assert await round_of(housekeeping) == Swept(1)
    assert await exits(temporal_client, run) == ["erased"]
    await temporal_client.get_workflow_handle(run).terminate()
    assert await round_of(housekeeping) == Swept(0)
    # A router that was about to start the run may still do it.
    assert await workflow_of(office, enrolment) == run
    await office.run("UPDATE enrolments SET ended_at = ended_at - interval '11 minutes'")
    assert await round_of(housekeeping) == Swept(0)
    assert await workflow_of(office, enrolment) == ""


async def test_a_run_that_was_only_started_after_the_erasure_ends(
    office: Office, temporal_client: Client, housekeeping: Housekeeping
) -> None:
    enrolment = (await office.enters("u1")).enrolment
    await erased(office, enrolment)
    assert await round_of(housekeeping) == Swept(0)
    run = await started(office, temporal_client, enrolment)
    assert await round_of(housekeeping) == Swept(1)
    assert await exits(temporal_client, run) == ["erased"]
    await temporal_client.get_workflow_handle(run).terminate()


async def test_the_housekeeping_takes_away_what_was_written_down_after_the_erasure(
    office: Office, housekeeping: Housekeeping
) -> None:
    enrolment = (await office.enters("u1")).enrolment
    contact = await erased(office, enrolment)
    await office.run('UPDATE contacts SET traits = \'{"name": "Maja"}\' WHERE erased_at IS NOT NULL')
    await round_of(housekeeping)
    assert (await office.row("SELECT traits FROM contacts WHERE id = :id", id=contact))["traits"] == {}
    assert (await office.row("SELECT actor FROM erasures"))["actor"] == "test"


async def test_a_letter_whose_contact_is_erased_between_claim_and_dot_is_not_sent(office: Office) -> None:
    order, relay = await office.enters(), office.relay()
    relay.meddle = lambda: erased(office, order.enrolment)
    sending = office.sending(relay)
    await delayed(sending, order)
    assert await sending.send(order) == Receipt("cancelled", "erased")
    assert office.server.taken == []


async def test_a_letter_that_was_not_claimed_yet_is_cancelled_too(office: Office) -> None:
    order = await office.enters()
    await erased(office, order.enrolment)
    assert await office.sending().send(order) == Receipt("cancelled", "erased")
    assert (await office.message())["recipient"] is None


class _Late(Relay):
    """A relay at which something happens after the last look, before the dot."""

    def __init__(self, port: int, meddle: Callable[[], Awaitable[object]]) -> None:
        super().__init__(RelayAddress.parse(f"smtp://127.0.0.1:{port}"), 1, SHORT, "worker.test")
        self._meddle = meddle

    async def deliver(self, envelope: Envelope, raw: bytes, before_dot: BeforeDot) -> Reply:
        async def look() -> bool:
            may = await before_dot()
            await self._meddle()
            return may

        return await super().deliver(envelope, raw, look)


@pytest.mark.parametrize(
    ("answer", "state"), [(b"250 2.0.0 queued", "sent"), (f"550 5.1.1 <{ADDRESS}> who?".encode(), "failed")]
)
async def test_past_the_dot_the_ledger_tells_what_became_of_the_letter_without_the_address(
    office: Office, answer: bytes, state: str
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.ANSWER, answer, takes=state == "sent")
    relay = _Late(office.server.port, lambda: erased(office, order.enrolment))
    receipt = await office.sending(relay).send(order)
    await relay.close()
    assert receipt.outcome == state
    assert (await office.message())["state"] == state
    for table in ("messages", "attempts", "suppressions", "decisions"):
        rows = await office.rows(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
        assert [row["row"] for row in rows if "anna" in row["row"].lower()] == []
    scopes = [row["scope"] for row in await office.rows("SELECT scope FROM suppressions")]
    assert scopes == ([] if state == "sent" else ["hard"])
