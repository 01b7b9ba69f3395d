"""Feedback in the database: mailboxes that stay full, and what merging changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from rules.feedback import Feedback, Kind, References
from store import feedback, suppressions
from store.feedback import Effect
from store.session import Database
from tests.store.enrolling import enrolled
from tests.store.happening import value

ADDRESS = "anna@example.org"
NOW = datetime.now(UTC)

_SENT = text("""
    INSERT INTO messages (id, send_key, enrolment_id, contact_id, journey, step, letter, message_class, topic, state,
                          message_id, recipient, attempts, resent, not_after, settled_at)
    VALUES (cast(:id AS uuid), cast(:id AS text), :enrolment, :contact, 'tried', 'hello', 'hello', 'marketing',
            'offers', 'sent', cast(:id AS text), :recipient, 1, false, now(), :at)
""")


class Post:
    """Letters to one contact, and what is told of them."""

    def __init__(self, database: Database, enrolment: UUID, contact: UUID) -> None:
        self.database = database
        self.enrolment = enrolment
        self.contact = contact

    async def sends(self, days_ago: float, recipient: str = ADDRESS) -> str:
        """A letter that the relay took; its number."""
        number, at = str(uuid4()), NOW - timedelta(days=days_ago)
        of = {"enrolment": self.enrolment, "contact": self.contact, "recipient": recipient}
        async with self.database.transaction() as session:
            await session.execute(_SENT, {"id": number, "at": at, **of})
        return number

    async def hears(self, number: str, days_ago: float, kind: Kind = Kind.BOUNCED, **more: str) -> Effect:
        at = NOW - timedelta(days=days_ago)
        told = Feedback(kind, str(uuid4()), References(message=number), at, "soft", more.get("category"))
        async with self.database.transaction() as session:
            return await feedback.take(session, "tests", told)

    async def is_full(self, days_ago: float) -> None:
        number = await self.sends(days_ago)
        assert await self.hears(number, days_ago, category="mailbox full") is Effect.APPLIED

    async def suppressed(self) -> list[str]:
        async with self.database.transaction() as session:
            return [each.reason for each in await suppressions.of(session, ADDRESS)]


@pytest.fixture
async def post(database: Database) -> Post:
    async with database.transaction() as session:
        return Post(database, *await enrolled(session))


@pytest.mark.parametrize(
    ("full", "gone"),
    [([16, 8, 0], True), ([40, 30, 20, 1], True), ([16, 0], False), ([14, 7, 3, 0], False), ([0, 0, 0], False)],
)
async def test_a_mailbox_that_stays_full_for_two_weeks_has_no_reader(
    post: Post, full: Sequence[float], gone: bool
) -> None:
    for days_ago in full:
        await post.is_full(days_ago)
    assert await post.suppressed() == (["its mailbox stays full"] if gone else [])


async def test_a_letter_that_was_taken_meanwhile_begins_the_count_anew(post: Post) -> None:
    await post.is_full(20)
    await post.is_full(10)
    await post.sends(9)
    await post.is_full(0)
    assert await post.suppressed() == []


async def test_other_soft_bounces_and_those_of_an_older_address_do_not_count(post: Post) -> None:
    for days_ago in (30, 20):
        older = await post.sends(days_ago, "older@example.org")
        await post.hears(older, days_ago, category="mailbox full")
        await post.hears(await post.sends(days_ago), days_ago, category="greylisted")
    await post.is_full(0)
    assert await post.suppressed() == []


async def test_a_complaint_about_a_contact_that_was_merged_meanwhile_counts_for_whom_it_became(post: Post) -> None:
    number = await post.sends(1)
    async with post.database.transaction() as session:
        _, became = await enrolled(session)
        merged = text("UPDATE contacts SET merged_into = :became WHERE id = :contact")
        await session.execute(merged, {"became": became, "contact": post.contact})
    assert await post.hears(number, 0, Kind.COMPLAINED) is Effect.APPLIED
    for table in ("consents WHERE NOT granted", "events WHERE name = 'Email Marked as Spam'"):
        assert await value(post.database, f"SELECT contact_id FROM {table}") == became


@pytest.mark.parametrize("reference", ["", "no number", "'; DROP TABLE messages", str(uuid4()), "\0", "<\udcff@x>"])
async def test_references_that_name_nothing_change_nothing(post: Post, reference: str) -> None:
    told = Feedback(Kind.COMPLAINED, "e", References(reference, reference, reference), NOW, recipient=ADDRESS)
    async with post.database.transaction() as session:
        assert await feedback.take(session, "tests", told) is Effect.UNKNOWN
    assert await value(post.database, "SELECT count(*) FROM feedback") == 0


async def test_characters_that_no_table_can_hold_are_left_out(post: Post) -> None:
    at = f"{NOW:%c}\0\udcff"
    told = Feedback(Kind.CLICKED, at, References(message=await post.sends(1)), NOW, url="https://x.example/\0\udc80")
    async with post.database.transaction() as session:
        assert await feedback.take(session, "tests", told) is Effect.APPLIED
    clicked = "SELECT properties ->> 'link_url' FROM events WHERE name = 'Email Link Clicked'"
    assert await value(post.database, clicked) == "https://x.example/"
