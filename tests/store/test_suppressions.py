"""Who takes no mail, or no marketing: by scope, on record for ever, and known again after erasure."""

import asyncio
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from store import ledger, suppressions
from store.addressees import addressee
from store.session import Database
from store.suppressions import COMPLAINT, HARD, MANUAL, Scope, Suppression
from tests.store.enrolling import draft, enrolled
from tests.store.happening import rows, value

ADDRESS = "anna@example.org"
GONE = Suppression(ADDRESS, HARD, "bounced", "feedback ses 1", "ses")


async def add(database: Database, *suppressed: Suppression) -> int:
    async with database.transaction() as session:
        return await suppressions.add(session, *suppressed)


async def lift(database: Database, address: str = ADDRESS, scope: Scope | None = None) -> int:
    async with database.transaction() as session:
        return await suppressions.lift(session, address, "she asked for it", "support", scope)


async def of(database: Database, address: str = ADDRESS) -> list[str]:
    async with database.transaction() as session:
        return [each.scope for each in await suppressions.of(session, address)]


async def forget(database: Database, address: str = ADDRESS) -> int:
    async with database.transaction() as session:
        return await suppressions.forget(session, address)


async def reasons(database: Database, enrolment: UUID) -> tuple[str | None, str | None]:
    """Why the contact of an enrolment gets no letter at all, and why no marketing."""
    async with database.transaction() as session:
        to = await addressee(session, enrolment, "offers")
    return to.suppressed, to.unwanted


async def may_leave(database: Database, message_class: str) -> bool:
    """Whether the last look lets a letter to the address go."""
    async with database.transaction() as session:
        enrolment, contact = await enrolled(session)
        letter = replace(draft(enrolment, contact), message_class=message_class)
        lease = await ledger.claim(session, letter, ADDRESS.upper(), b"bytes", again=False)
    assert lease is not None
    async with database.transaction() as session:
        return await ledger.before_dot(session, lease, (), 0)


@pytest.mark.parametrize(
    ("scope", "marketing", "transactional"),
    [(None, True, True), (HARD, False, False), (COMPLAINT, False, True), (MANUAL, False, True)],
)
async def test_a_scope_blocks_what_it_is_for_at_the_first_look_and_at_the_last(
    database: Database, scope: Scope | None, marketing: bool, transactional: bool
) -> None:
    async with database.transaction() as session:
        enrolment, _ = await enrolled(session)
    if scope is not None:
        await add(database, Suppression(ADDRESS.title(), scope, "why"))
    everything, wanted = await reasons(database, enrolment)
    assert (everything is None, everything is None and wanted is None) == (transactional, marketing)
    assert await may_leave(database, "marketing") is marketing
    assert await may_leave(database, "transactional") is transactional


async def test_what_stands_already_keeps_its_reason_and_another_scope_is_another_statement(database: Database) -> None:
    assert await add(database, GONE, replace(GONE, address=ADDRESS.upper())) == 1
    assert await add(database, replace(GONE, reason="another")) == 0
    assert await add(database, replace(GONE, scope=COMPLAINT, reason="marked as spam")) == 1
    told = "SELECT address, scope, reason, evidence, actor FROM suppressions ORDER BY id"
    assert await rows(database, told) == [
        (ADDRESS, "hard", "bounced", "feedback ses 1", "ses"),
        (ADDRESS, "complaint", "marked as spam", "feedback ses 1", "ses"),
    ]


async def test_lifting_is_one_more_statement_and_the_address_may_be_suppressed_again(database: Database) -> None:
    await add(database, GONE, replace(GONE, scope=MANUAL))
    assert await lift(database, ADDRESS.upper(), HARD) == 1
    assert await of(database) == ["manual"]
    assert await lift(database) == 1
    assert await lift(database) == 0
    assert await of(database) == []
    assert await may_leave(database, "marketing")
    assert await add(database, GONE) == 1
    assert not await may_leave(database, "marketing")
    assert await value(database, "SELECT count(*) FROM suppressions") == 5
    told = await rows(database, "SELECT reason, actor FROM suppressions WHERE lifted")
    assert told == [("she asked for it", "support")] * 2


async def test_an_erased_address_cannot_be_read_and_is_known_when_it_comes_back(database: Database) -> None:
    await add(database, GONE, replace(GONE, scope=COMPLAINT), replace(GONE, address="berit@example.org"))
    assert await forget(database, ADDRESS.upper()) == 2
    assert ADDRESS not in str(await rows(database, "SELECT * FROM suppressions"))
    async with database.transaction() as session:
        assert [each.address for each in await suppressions.every(session)] == ["berit@example.org"]
        enrolment, _ = await enrolled(session)
    assert await reasons(database, enrolment) == ("bounced", "bounced")
    assert not await may_leave(database, "transactional")
    assert set(await of(database, ADDRESS.upper())) == {"hard", "complaint"}
    assert await add(database, GONE) == 0
    assert await lift(database) == 2
    assert await may_leave(database, "marketing")


async def test_the_hash_of_an_address_is_good_for_nobody_with_another_secret(
    database: Database, store_database_url: str
) -> None:
    ours, theirs = (Database(store_database_url, secret=secret) for secret in ("ours", "theirs"))
    await add(ours, GONE)
    await forget(ours)
    assert await of(ours) == ["hard"]
    assert await of(theirs) == await of(database) == []
    await asyncio.gather(ours.close(), theirs.close())


async def test_what_is_exported_can_be_imported(database: Database) -> None:
    await add(database, GONE, Suppression("berit@example.org", MANUAL, "asked"))
    async with database.transaction() as session:
        exported = await suppressions.every(session)
        await session.execute(text("DELETE FROM suppressions"))
    assert await add(database, *exported) == 2
    async with database.transaction() as session:
        again = await suppressions.every(session)
    assert [replace(each, at=None) for each in again] == [replace(each, at=None) for each in exported]
    assert all(isinstance(each.at, datetime) for each in again)


async def test_a_look_up_among_many_reads_no_more_than_the_address(database: Database) -> None:
    async with database.transaction() as session:
        many = "INSERT INTO suppressions (address, reason) SELECT 'u' || n || '@example.org', 'x' FROM {} AS n"
        await session.execute(text(many.format("generate_series(1, 20000)")))
        await session.execute(text("ANALYZE suppressions"))
        sql = (
            "EXPLAIN SELECT 1 FROM suppressions s"
            f" WHERE s.address IN {suppressions.known_as(':address')} AND {suppressions.STANDS}"
        )
        plan = await session.execute(text(sql), {"address": ADDRESS, **suppressions.sealing(session)})
        told = "\n".join(plan.scalars())
    assert "Seq Scan" not in told
    assert "ix_suppressions_address" in told
