"""A contact is erased: nothing personal is left, what must be kept is, and work beside it does no harm."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from rules.arrivals import Inside
from rules.feedback import Feedback, Kind, References
from store import enrolments, erasure, feedback, ledger, suppressions, upkeep
from store.announcing import Announcement, announce
from store.changes import set_traits
from store.erasure import erase
from store.intake import Intake
from store.ledger import Lease, Result
from store.session import Database
from store.suppressions import HARD
from tests.store.enrolling import NOW, draft, enrolled
from tests.store.happening import happened, owner, rows, value
from tests.store.keeping import Keeping
from tests.store.living import ADDRESS, BROWSER, NAME, ORDER, PERSONAL, USER, WORKFLOW, lives

TABLES = sorted(SQLModel.metadata.tables)

FORGOTTEN = {
    "attempts": "texts are emptied",
    "contacts": "traits and stage are emptied, the row stays for others to refer to",
    "consents": "the source is taken out; what was said when is proof, of nobody in particular",
    "coupon_codes": "codes stay given, to nobody",
    "decisions": "removed",
    "due": "removed",
    "enrolments": "keys and workflows are emptied; the rest is results",
    "erasures": "the audit tells that it was done",
    "events": "removed, or emptied where an enrolment began with one",
    "feedback": "the provider's number is taken out",
    "identities": "removed",
    "memberships": "removed",
    "messages": "recipient, bytes, facts and reasons are emptied",
    "outbox": "removed",
    "redemptions": "the contact and the order are taken out",
    "suppressions": "addresses become a keyed hash",
    "wishes": "removed",
}
"""What becomes of each table that may know somebody."""

OF_NOBODY = {
    "changeovers": "about versions of journeys",
    "coupons": "what authors write",
    "fills": "a cursor, which is an id and moves on",
    "journey_versions": "what authors write",
    "journeys": "what authors write",
    "letters": "what authors write",
    "policies": "what authors write",
    "segments": "what authors write",
}
"""Tables that know nobody, and why."""


async def dump(database: Database) -> dict[str, str]:
    """Every table of the database, as text in lower case; bytes as what they spell."""
    found = {}
    for table in TABLES:
        told = await rows(database, f'SELECT to_jsonb(t)::text FROM "{table}" t')
        found[table] = "\n".join(row for (row,) in told).lower()
    return found


def known_in(dumped: dict[str, str]) -> dict[str, list[str]]:
    """The tables that know something personal, and what."""
    needles = [(word, [word.lower(), word.encode().hex(), word.lower().encode().hex()]) for word in PERSONAL]
    found = {
        table: [word for word, forms in needles if any(form in written for form in forms)]
        for table, written in dumped.items()
    }
    return {table: words for table, words in found.items() if words}


@pytest.fixture
def sealed(database: Database) -> Database:
    """The same database, with the secret of an installation."""
    return Database(database.url, secret="a secret of the shop")


def test_every_table_is_either_forgotten_or_knows_nobody() -> None:
    assert sorted([*FORGOTTEN, *OF_NOBODY]) == TABLES


async def test_nothing_personal_is_left_anywhere_in_the_database(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    knew = known_in(await dump(database))
    assert {"attempts", "contacts", "decisions", "events", "feedback", "identities", "messages"} <= knew.keys()
    assert {"enrolments", "redemptions", "suppressions", "consents"} <= knew.keys()
    erased = await erase(database, contact, "test")
    assert erased is not None
    assert (erased.contact_id, erased.runs, erased.letters, erased.on_their_way) == (contact, (WORKFLOW,), 1, 1)
    left = known_in(await dump(database))
    assert left == {"enrolments": ["maja", ORDER]}  # the workflow that is still to be told
    async with database.transaction() as session:
        assert [workflow for _, workflow in await erasure.runs_left(session)] == [WORKFLOW]
        await session.execute(text("UPDATE enrolments SET ended_at = ended_at - interval '11 minutes'"))
        await erasure.forget_runs(session, [enrolment for enrolment, _ in await erasure.runs_left(session)])
    assert known_in(await dump(database)) == {}


async def test_what_must_be_kept_is_kept(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    await erase(database, contact, "test")
    letters = await rows(database, "SELECT step, state, reason, recipient, raw FROM messages ORDER BY step")
    assert letters == [
        ("claimed", "cancelled", "erased", None, None),
        ("hello", "failed", None, None, None),
        ("leaving", "dot_pending", None, None, None),
        ("staff", "sent", None, None, None),
    ]
    results = "SELECT reason, ways, goal_at IS NOT NULL FROM enrolments WHERE status = 'ended' ORDER BY reason"
    assert await rows(database, results) == [("done", {"half": "a"}, True), ("erased", {"half": "a"}, True)]
    assert await rows(database, "SELECT topic, granted, source FROM consents") == [("offers", True, "erased")]
    assert await rows(database, "SELECT code, given_at IS NULL, enrolment_id FROM coupon_codes") == [
        ("GIFT-1", False, None)
    ]
    assert await value(database, "SELECT count(*) FROM redemptions WHERE contact_id IS NULL") == 2
    assert await rows(database, "SELECT contact_id, actor, runs, letters, on_their_way FROM erasures") == [
        (contact, "test", 1, 1, 1)
    ]


async def test_a_second_erasure_changes_nothing_and_the_first_stands(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    first = await erase(database, contact, "test")
    before = await dump(database)
    second = await erase(database, contact, "somebody else")
    assert first is not None
    assert second is not None
    assert (second.again, second.runs, second.letters, second.erased_at) == (True, (), 0, first.erased_at)
    after = await dump(database)
    assert after == before
    assert await erase(database, uuid4(), "test") is None


async def test_a_contact_that_was_merged_is_erased_as_the_one_that_it_became(
    database: Database, intake: Intake
) -> None:
    contact = await lives(database, intake)
    browser = await value(database, "SELECT id FROM contacts WHERE merged_into IS NOT NULL")
    erased = await erase(database, browser, "test")
    assert erased is not None
    assert erased.contact_id == contact
    assert await value(database, "SELECT count(*) FROM contacts WHERE erased_at IS NULL OR traits <> '{}'") == 0


@pytest.mark.parametrize("identity", [{"user_id": USER}, {"email": ADDRESS}, {"anonymous_id": BROWSER}])
async def test_whoever_comes_again_is_a_new_contact(
    database: Database, intake: Intake, identity: dict[str, str]
) -> None:
    contact = await lives(database, intake)
    await erase(database, contact, "test")
    event = happened("Signed Up", **identity)
    await intake.accept([event])
    assert await owner(database, event.message_id) not in (contact, None)


async def test_a_suppressed_address_stays_suppressed_for_the_new_contact(sealed: Database, intake: Intake) -> None:
    await erase(sealed, await lives(sealed, intake), "test")
    event = happened("Signed Up", email=ADDRESS, traits={"email": ADDRESS})
    await intake.accept([event])
    async with sealed.transaction() as session:
        (stands,) = await suppressions.of(session, ADDRESS)
        assert (stands.scope, stands.reason) == (HARD, "from before the contact was erased")
        enrolment, contact = await enrolled(session)
        lease = await ledger.claim(session, draft(enrolment, contact), ADDRESS.upper(), b"", again=False)
        assert lease is not None
        assert not await ledger.before_dot(session, lease, [], 2**62)
    await sealed.close()


async def test_an_event_that_names_the_erased_contact_is_left_out(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    await erase(database, contact, "test")
    event = happened("Unsubscribed", contact_id=contact, properties={"who": NAME})
    await intake.accept([event])
    async with database.transaction() as session:
        assert await announce(session, [Announcement("m-1", contact, "Email Opened", NOW, {"who": NAME})]) == 0
        await set_traits(session, contact, {"name": NAME})
    assert await value(database, "SELECT count(*) FROM events WHERE properties <> '{}'") == 0
    assert await value(database, "SELECT traits FROM contacts WHERE id = :id", id=contact) == {}


async def test_intake_that_waited_for_the_erasure_makes_a_new_contact(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    waiting = happened("Cart Viewed", user_id=USER, properties={"name": NAME})
    async with database.transaction() as session:
        await session.execute(text("SELECT FROM contacts WHERE id = :id FOR NO KEY UPDATE"), {"id": contact})
        erasing = asyncio.create_task(erase(database, contact, "test"))
        await _waits(database, 1)
        accepting = asyncio.create_task(intake.accept([waiting]))
        await _waits(database, 2)
    await erasing
    await accepting
    assert await owner(database, waiting.message_id) != contact


async def _waits(database: Database, number: int) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(200):
        if await value(database, asked) >= number:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


async def test_who_was_just_enrolling_does_not_enter(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    (row,) = await rows(database, "SELECT min(seq) FROM events")
    entering = Inside(
        id=uuid4(), journey="other", version=1, key="", workflow_id=f"journey/other/{contact}", trigger_seq=row[0],
        started_at=NOW, ended=False, goal_until=None, goal_reached=False, start={},
    )  # fmt: skip
    await erase(database, contact, "test")
    async with database.transaction() as session:
        assert await enrolments.enrol(session, [(contact, entering)]) == set()
    assert await value(database, "SELECT reason FROM enrolments WHERE journey = 'other'") == "erased"


async def test_a_letter_past_the_dot_is_told_without_the_relays_words(sealed: Database, intake: Intake) -> None:
    contact = await lives(sealed, intake)
    told = "SELECT id, lease, attempts FROM messages WHERE step = 'leaving'"
    ((message, token, attempt),) = await rows(sealed, told)
    lease = Lease(UUID(str(message)), UUID(str(token)), attempt)
    await erase(sealed, contact, "test")
    async with sealed.transaction() as session:
        await ledger.suppress(session, ADDRESS, "refused with 550")
        fate = await ledger.settle(
            session, lease, Result("permanent", 550, f"<{ADDRESS}> unknown"), ledger.FAILED, "refused", final=True
        )
        await erasure.forget_recipient(session, lease.message, ADDRESS)
        assert fate is not None
        assert fate.state == "failed"
    assert known_in(await dump(sealed)).keys() <= {"enrolments"}
    await sealed.close()


async def test_a_claimed_letter_is_stopped_before_its_dot(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    ((message, token),) = await rows(database, "SELECT id, lease FROM messages WHERE step = 'claimed'")
    lease = Lease(UUID(str(message)), UUID(str(token)), 1)
    await erase(database, contact, "test")
    async with database.transaction() as session:
        assert not await ledger.before_dot(session, lease, [], 2**62)


async def test_nobody_erased_is_looked_at_by_the_upkeep(keeping: Keeping) -> None:
    contact = await lives(keeping.database, keeping.intake)
    await keeping.publish(anybody={"not": {"event": "Order Completed"}})
    await erase(keeping.database, contact, "test")
    async with keeping.database.transaction() as session:
        await session.execute(
            text("INSERT INTO due (kind, name, contact_id, at) VALUES ('look', 'all', :id, now())"), {"id": contact}
        )
    for _ in range(5):
        async with keeping.database.transaction() as session:
            number, _ = await upkeep.work_off(session, keeping.watch)
    assert number == 0
    assert await value(keeping.database, "SELECT count(*) FROM memberships") == 0
    assert await value(keeping.database, "SELECT count(*) FROM due") == 0


async def test_what_work_in_flight_wrote_down_is_found_by_the_next_look(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    await erase(database, contact, "test")
    late = text("UPDATE attempts SET text = :text")
    async with database.transaction() as session:
        await session.execute(late, {"text": f"<{ADDRESS}> unknown"})
        assert await erasure.erased_since(session, None) == [contact]
    await erase(database, contact, "housekeeping")
    assert known_in(await dump(database)).keys() == {"enrolments"}


async def test_the_other_person_of_an_address_keeps_the_suppression_readable(
    database: Database, intake: Intake
) -> None:
    sharing = happened("Signed Up", user_id="u-2", traits={"email": "shared@shop.example"})
    owning = happened("Signed Up", email="shared@shop.example")
    await intake.accept([sharing])
    await intake.accept([owning])
    async with database.transaction() as session:
        await suppressions.add(session, suppressions.Suppression("shared@shop.example", HARD, "bounced"))
    await erase(database, await owner(database, sharing.message_id), "test")
    assert await value(database, "SELECT reason FROM suppressions WHERE address = 'shared@shop.example'") == "bounced"


async def test_feedback_about_a_letter_to_an_erased_contact_changes_nothing(database: Database, intake: Intake) -> None:
    await erase(database, await lives(database, intake), "test")
    before = await dump(database)
    message = await value(database, "SELECT id::text FROM messages WHERE step = 'leaving'")
    told = Feedback(Kind.BOUNCED, "e-9", References(message), NOW, "hard", "no such mailbox", "5.1.1", ADDRESS)
    async with database.transaction() as session:
        assert await feedback.take(session, "plain", told) is feedback.Effect.UNKNOWN
    assert await dump(database) == before
