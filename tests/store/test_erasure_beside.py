"""While contacts are erased, events come in for them and letters are sent to them: no order of it leaves anything."""

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from store import erasure, ledger
from store.addressees import addressee
from store.intake import Intake
from store.ledger import Result
from store.session import Database
from tests.store.enrolling import draft
from tests.store.happening import happened, rows, value
from tests.store.living import NAME
from tests.store.test_explanations import enrolled

PEOPLE = 8
_DEADLOCK = "40P01"


async def _sends(database: Database, contact: UUID, enrolment: UUID, address: str, chance: random.Random) -> None:
    """Send as the worker does; what PostgreSQL ends because of a deadlock is begun again, as Temporal does."""
    letter = draft(enrolment, contact, message_class="transactional", facts={"address": address})
    while True:
        try:
            async with database.transaction() as session:
                if (await addressee(session, enrolment, None)).ended:
                    return
                await asyncio.sleep(chance.uniform(0, 0.02))
                lease = await ledger.claim(session, letter, address, address.encode(), again=False)
            break
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                raise
    assert lease is not None
    await asyncio.sleep(chance.uniform(0, 0.02))
    async with database.transaction() as session:
        if not await ledger.before_dot(session, lease, [], 2**62):
            return
    await asyncio.sleep(chance.uniform(0, 0.02))
    async with database.transaction() as session:
        await ledger.suppress(session, address, "refused with 550")
        refused = Result("permanent", 550, f"5.1.1 <{address}>")
        await ledger.settle(session, lease, refused, ledger.FAILED, "refused", final=True)
        await erasure.forget_recipient(session, lease.message, address)


async def _happens(intake: Intake, address: str, chance: random.Random) -> None:
    for number in range(6):
        await asyncio.sleep(chance.uniform(0, 0.01))
        await intake.accept([happened("Cart Viewed", email=address, properties={"n": number, "name": NAME})])


async def _erases(database: Database, contact: UUID, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.05))
    assert await erasure.erase(database, contact, "test") is not None


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_works_beside_an_erasure_leaves_nothing_of_the_person(
    database: Database, intake: Intake, seed: int
) -> None:
    chance = random.Random(seed)
    people = []
    for number in range(PEOPLE):
        contact, enrolment = await enrolled(database)
        address = f"person-{number}@lindqvist.example"
        await _called(database, contact, address)
        people.append((contact, enrolment, address))
    async with asyncio.TaskGroup() as tasks:
        for contact, enrolment, address in people:
            tasks.create_task(_sends(database, contact, enrolment, address, chance))
            tasks.create_task(_happens(intake, address, chance))
            tasks.create_task(_erases(database, contact, chance))
    erased = "(SELECT id FROM contacts WHERE erased_at IS NOT NULL)"
    assert await value(database, f"SELECT count(*) FROM {erased} AS gone") == PEOPLE
    for table in ("events", "messages", "enrolments", "decisions", "identities"):
        told = await rows(database, f"SELECT to_jsonb(t)::text FROM {table} t WHERE contact_id IN {erased}")
        assert [row for (row,) in told if "person-" in row or NAME in row] == []
    assert await value(database, "SELECT count(*) FROM attempts WHERE text IS NOT NULL") == 0
    assert await value(database, "SELECT count(*) FROM suppressions WHERE address LIKE '%@%'") == 0
    assert await value(database, "SELECT count(*) FROM messages WHERE state IN ('claimed', 'dot_pending')") == 0
    assert await value(database, "SELECT count(*) FROM enrolments WHERE status <> 'ended'") == 0


async def _called(database: Database, contact: UUID, address: str) -> None:
    await rows(
        database,
        "INSERT INTO identities (kind, value, contact_id) VALUES ('email', :address, :contact) RETURNING 1",
        address=address,
        contact=contact,
    )
