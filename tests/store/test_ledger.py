"""The ledger alone: who may change a message, from which state to which, and what is kept of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from store import doubts, enrolments, ledger
from store.ledger import Draft, Fate, Lease, Result
from store.session import Database
from tests.store.enrolling import draft, enrolled
from tests.store.happening import rows, value

YES, LATER, NO = Result("accepted", 250, "queued"), Result("temporary", 451, "later"), Result("permanent", 554, "no")


class Book:
    """The ledger with one transaction for each call, and one letter in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.draft: Draft

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        async with self.database.transaction() as session:
            yield session

    async def open(self) -> None:
        async with self.session() as session:
            self.draft = draft(*await enrolled(session))

    async def claim(self, raw: bytes = b"the letter", *, again: bool = False) -> Lease:
        lease = await self.try_to_claim(raw, again=again)
        assert lease is not None
        return lease

    async def try_to_claim(self, raw: bytes = b"the letter", *, again: bool = False) -> Lease | None:
        async with self.session() as session:
            return await ledger.claim(session, self.draft, "anna@example.org", raw, again=again)

    async def dot(self, lease: Lease, exits: tuple[str, ...] = (), looked_at: int = 0) -> bool:
        async with self.session() as session:
            return await ledger.before_dot(session, lease, exits, looked_at)

    async def settle(self, lease: Lease, result: Result, state: str) -> Fate | None:
        final = state in (ledger.SENT, ledger.FAILED)
        async with self.session() as session:
            return await ledger.settle(session, lease, result, state, None, final=final)

    async def refuse(self, state: str, reason: str) -> Fate | None:
        async with self.session() as session:
            return await ledger.refuse(session, self.draft, state, reason)

    async def entry(self) -> ledger.Entry:
        async with self.session() as session:
            entry = await ledger.entry(session, self.draft.send_key)
        assert entry is not None
        return entry

    async def state(self) -> str:
        return (await self.entry()).state


@pytest.fixture
async def book(database: Database) -> Book:
    book = Book(database)
    await book.open()
    return book


async def test_a_letter_that_nobody_ordered_has_no_entry(database: Database) -> None:
    async with database.transaction() as session:
        assert await ledger.entry(session, "nobody/hello/1") is None


async def test_the_straight_way(book: Book) -> None:
    lease = await book.claim()
    assert lease.attempt == 1
    assert await book.state() == "claimed"
    assert await book.dot(lease)
    assert await book.state() == "dot_pending"
    assert await book.settle(lease, YES, ledger.SENT) == Fate("sent", None)
    entry = await book.entry()
    assert (entry.state, entry.settled, entry.raw) == ("sent", True, None)


async def test_a_second_claim_draws_a_new_lease_and_the_old_one_is_worth_nothing(book: Book) -> None:
    old = await book.claim()
    new = await book.claim(again=True)
    assert new.attempt == 2
    assert not await book.dot(old)
    assert await book.settle(old, NO, ledger.FAILED) is None
    assert await book.dot(new)
    assert await book.settle(new, YES, ledger.SENT) == Fate("sent", None)
    outcomes = await rows(book.database, "SELECT outcome FROM attempts ORDER BY number")
    assert outcomes == [("permanent",), ("accepted",)]


async def test_the_bytes_of_the_first_claim_are_kept(book: Book) -> None:
    await book.claim(b"the first")
    assert await book.try_to_claim(b"another, written at the same time") is None
    await book.claim((await book.entry()).raw or b"", again=True)
    assert (await book.entry()).raw == b"the first"


async def test_nobody_claims_past_the_dot(book: Book) -> None:
    lease = await book.claim()
    await book.dot(lease)
    assert await book.try_to_claim(again=True) is None
    assert await book.refuse("expired", "too late") is None
    assert await book.state() == "dot_pending"


async def test_a_lease_allows_one_dot(book: Book) -> None:
    lease = await book.claim()
    assert [await book.dot(lease), await book.dot(lease)] == [True, False]


async def test_who_gives_up_gives_the_lease_back(book: Book) -> None:
    lease = await book.claim()
    assert await book.settle(lease, LATER, ledger.CLAIMED) == Fate("claimed", None)
    assert not await book.dot(lease)
    assert (await book.claim(again=True)).attempt == 2


async def test_what_came_of_an_attempt_is_told_once(book: Book) -> None:
    lease = await book.claim()
    await book.settle(lease, LATER, ledger.CLAIMED)
    await book.settle(lease, NO, ledger.FAILED)
    assert await value(book.database, "SELECT outcome FROM attempts") == "temporary"


@pytest.mark.parametrize(
    "state", ["suppressed", "unsubscribed", "capped", "expired", "cancelled", "render_failed", "failed"]
)
@pytest.mark.parametrize("claimed", [False, True])
async def test_a_refusal_is_a_row_with_its_reason_and_nothing_changes_it(book: Book, state: str, claimed: bool) -> None:
    lease = await book.claim() if claimed else None
    assert await book.refuse(state, "that is why") == Fate(state, "that is why")
    assert await book.refuse("expired", "another reason") is None
    assert await book.try_to_claim(again=True) is None
    if lease is not None:
        assert not await book.dot(lease)
        assert await book.settle(lease, NO, ledger.FAILED) is None
    entry = await book.entry()
    assert (entry.state, entry.reason, entry.settled, entry.raw) == (state, "that is why", True, None)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE enrolments SET status = 'ended'",
        "INSERT INTO journeys (name, paused_at) VALUES ('tried', now())",
        "INSERT INTO suppressions (address, reason) VALUES ('anna@example.org', 'bounced')",
        "INSERT INTO consents (contact_id, topic, granted, source) SELECT id, 'offers', false, 'x' FROM contacts",
        "INSERT INTO consents (contact_id, topic, granted, source) SELECT id, '*', false, 'x' FROM contacts",
        "INSERT INTO events (message_id, contact_id, name, occurred_at) SELECT 'x', id, 'Bought', now() FROM contacts",
        "UPDATE messages SET lease = gen_random_uuid()",
    ],
)
async def test_the_last_look_refuses_the_dot(book: Book, sql: str) -> None:
    lease = await book.claim()
    seen = await value(book.database, "SELECT max(seq) FROM events")
    async with book.session() as session:
        await session.execute(text(sql))
    assert not await book.dot(lease, ("Bought",), seen)
    assert await book.state() == "claimed"


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO journeys (name) VALUES ('tried')",
        "INSERT INTO journeys (name, paused_at) VALUES ('another', now())",
        "INSERT INTO suppressions (address, reason) VALUES ('berit@example.org', 'bounced')",
        "INSERT INTO consents (contact_id, topic, granted, source) SELECT id, 'news', false, 'x' FROM contacts",
        "INSERT INTO events (message_id, contact_id, name, occurred_at) SELECT 'x', id, 'Viewed', now() FROM contacts",
        "UPDATE enrolments SET status = 'paused'",
    ],
)
async def test_the_last_look_is_not_put_off_by_what_does_not_concern_it(book: Book, sql: str) -> None:
    lease = await book.claim()
    seen = await value(book.database, "SELECT max(seq) FROM events")
    async with book.session() as session:
        await session.execute(text(sql))
    assert await book.dot(lease, ("Bought",), seen)


async def test_an_event_that_was_looked_at_does_not_refuse_the_dot(book: Book) -> None:
    lease = await book.claim()
    seen = await value(book.database, "SELECT max(seq) FROM events")
    assert await book.dot(lease, ("Signed Up",), seen)


async def test_the_end_of_the_run_cancels_what_is_claimed_and_not_what_is_past_the_dot(book: Book) -> None:
    lease = await book.claim()
    async with book.session() as session:
        await enrolments.end(session, book.draft.enrolment_id, "bought", datetime.now(UTC))
    entry = await book.entry()
    assert (entry.state, entry.reason, entry.raw) == ("cancelled", "bought", None)
    await book.open()
    lease = await book.claim()
    await book.dot(lease)
    async with book.session() as session:
        await enrolments.end(session, book.draft.enrolment_id, "bought", datetime.now(UTC))
    assert await book.state() == "dot_pending"


async def in_doubt(book: Book) -> tuple[Lease, ledger.Entry]:
    lease = await book.claim()
    await book.dot(lease)
    entry = await book.entry()
    async with book.session() as session:
        await doubts.doubt(session, entry.id)
    return lease, await book.entry()


async def resolve(book: Book, entry: ledger.Entry, state: str, *, resent: bool = False) -> bool:
    assert entry.dot_at is not None
    async with book.session() as session:
        return await doubts.resolve(session, entry.id, entry.dot_at, state, "by evidence", resent=resent)


async def test_only_a_message_past_the_dot_can_be_in_doubt(book: Book) -> None:
    await book.claim()
    entry = await book.entry()
    async with book.session() as session:
        await doubts.doubt(session, entry.id)
    assert await book.state() == "claimed"


async def test_doubt_keeps_the_bytes_until_it_is_resolved(book: Book) -> None:
    _, entry = await in_doubt(book)
    assert (entry.state, entry.reason, entry.settled, entry.raw) == ("unknown", "in doubt", False, b"the letter")
    assert entry.waited is not None
    assert entry.waited.total_seconds() >= 0
    assert await resolve(book, entry, "unknown")
    assert (await book.entry()).raw is None


async def test_a_doubt_is_resolved_once(book: Book) -> None:
    _, entry = await in_doubt(book)
    assert await resolve(book, entry, "sent")
    assert not await resolve(book, entry, "claimed", resent=True)
    assert await book.state() == "sent"


async def test_an_old_doubt_does_not_resolve_a_new_one(book: Book) -> None:
    _, entry = await in_doubt(book)
    assert await resolve(book, entry, "claimed", resent=True)
    lease = await book.claim(again=True)
    await book.dot(lease)
    async with book.session() as session:
        await doubts.doubt(session, entry.id)
    assert not await resolve(book, entry, "claimed", resent=True)
    assert await book.state() == "unknown"


@pytest.mark.parametrize("resolved", [None, "unknown", "claimed"])
async def test_a_late_yes_is_believed(book: Book, resolved: str | None) -> None:
    lease, entry = await in_doubt(book)
    if resolved is not None:
        await resolve(book, entry, resolved)
    assert await book.settle(lease, YES, ledger.SENT) == Fate("sent", None)


async def test_a_late_no_does_not_change_what_is_settled(book: Book) -> None:
    lease, entry = await in_doubt(book)
    await resolve(book, entry, "unknown")
    assert await book.settle(lease, LATER, ledger.CLAIMED) is None
    assert await book.settle(lease, NO, ledger.FAILED) is None
    assert await book.state() == "unknown"


async def test_what_was_sent_again_in_doubt_is_never_said_to_be_unsent(book: Book) -> None:
    _, entry = await in_doubt(book)
    await resolve(book, entry, "claimed", resent=True)
    lease = await book.claim(again=True)
    assert await book.settle(lease, NO, ledger.FAILED) == Fate("unknown", None)


async def test_states_are_counted(book: Book) -> None:
    await book.refuse("expired", "too late")
    for _ in range(2):
        await book.open()
        await book.claim()
    async with book.session() as session:
        assert await ledger.identity(session) == {"expired": 1, "claimed": 2}


async def test_an_address_is_suppressed_once_whatever_its_case(database: Database) -> None:
    async with database.transaction() as session:
        await ledger.suppress(session, "Anna@Example.org", "bounced")
        await ledger.suppress(session, "anna@example.ORG", "complained")
    assert await rows(database, "SELECT address, reason FROM suppressions") == [("anna@example.org", "bounced")]
