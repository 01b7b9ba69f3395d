"""What was decided, kept and asked for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from rules.decisions import Noted, Verdict
from rules.journey import Journey
from store.decisions import note, record
from store.explanations import NothingToExplain, explained, forget, results
from store.journeys import publish
from store.models import Contact, Enrolment, Event
from store.session import Database
from tests.store.happening import rows, value

NOW = datetime.now(UTC)


async def enrolled(database: Database, *, contact: UUID | None = None, goal: bool = False) -> tuple[UUID, UUID]:
    """A contact inside the journey `cart`; answers contact and enrolment."""
    contact, enrolment = contact or uuid4(), uuid4()
    async with database.transaction() as session:
        session.add(Contact(id=contact, created_at=NOW, seen_at=NOW))
        await session.flush()
        event = Event(message_id=str(uuid4()), contact_id=contact, name="Cart Viewed", occurred_at=NOW, received_at=NOW)
        session.add(event)
        await session.flush()
        assert event.seq is not None
        session.add(
            Enrolment(
                id=enrolment,
                journey="cart",
                version=1,
                contact_id=contact,
                workflow_id=str(enrolment),
                trigger_seq=event.seq,
                started_at=NOW,
                goal_at=NOW if goal else None,
            )
        )
    return contact, enrolment


async def published(database: Database) -> None:
    written = {
        "journey": "cart",
        "title": "Cart",
        "class": "transactional",
        "trigger": {"event": "Cart Viewed"},
        "steps": [{"send": "reminder"}],
    }
    async with database.transaction() as session:
        await publish(session, Journey.model_validate(written))


def noted(contact: UUID, key: str | None, *, at: datetime = NOW) -> Noted:
    return Noted(key, at, contact, "cart", "refused", "not entered", "total is over 5", facts={"total": 3})


async def test_a_verdict_of_one_key_is_kept_once_and_one_without_a_key_each_time(database: Database) -> None:
    contact, _ = await enrolled(database)
    async with database.transaction() as session:
        await note(session, [noted(contact, "a"), noted(contact, "a"), noted(contact, None), noted(contact, None)])
        await note(session, [noted(contact, "a"), noted(contact, "b")])
        await note(session, [])
    assert await value(database, "SELECT count(*) FROM decisions") == 4
    assert await rows(database, "SELECT reason, facts FROM decisions WHERE key = 'b'") == [
        ("total is over 5", {"total": 3})
    ]


async def test_a_verdict_about_a_contact_that_was_merged_is_kept_with_the_one_it_became(database: Database) -> None:
    stays, _ = await enrolled(database)
    goes = uuid4()
    async with database.transaction() as session:
        session.add(Contact(id=goes, created_at=NOW, seen_at=NOW, merged_into=stays))
        await session.flush()
        await note(session, [noted(goes, None)])
    assert await rows(database, "SELECT contact_id FROM decisions") == [(stays,)]


async def test_what_a_run_decides_is_kept_once_with_its_contact_and_the_ways_of_its_splits(database: Database) -> None:
    contact, enrolment = await enrolled(database)
    verdicts = [Verdict(1, "wait-1h", "wait", "1 hour over", NOW), Verdict(2, "split", "split", "b", NOW)]
    for told in (verdicts[:1], verdicts, verdicts):
        async with database.transaction() as session:
            await record(session, enrolment, told)
    kept = "SELECT contact_id, journey, version, step, kind, verdict FROM decisions ORDER BY id"
    assert await rows(database, kept) == [
        (contact, "cart", 1, "wait-1h", "wait", "1 hour over"),
        (contact, "cart", 1, "split", "split", "b"),
    ]
    assert await rows(database, "SELECT ways FROM enrolments") == [({"split": "b"},)]


async def test_old_decisions_are_forgotten_in_batches_and_young_ones_stay(database: Database) -> None:
    contact, _ = await enrolled(database)
    async with database.transaction() as session:
        await note(session, [noted(contact, None, at=NOW - timedelta(days=age)) for age in (1, 89, 91, 92, 93)])
    removed = []
    for _ in range(3):
        async with database.transaction() as session:
            removed.append(await forget(session, timedelta(days=90), limit=2))
    assert removed == [2, 1, 0]
    assert await value(database, "SELECT count(*) FROM decisions") == 2


async def test_a_contact_is_told_why_about_a_journey_and_about_a_letter(database: Database) -> None:
    contact, _ = await enrolled(database)
    await published(database)
    stranger = uuid4()
    async with database.transaction() as session:
        session.add(Contact(id=stranger, created_at=NOW, seen_at=NOW))
        await session.flush()
        await note(session, [noted(stranger, None)])
        (way,) = await explained(session, contact, None, None)
        (letter,) = await explained(session, contact, "cart", "reminder")
        (never,) = await explained(session, stranger, None, "reminder")
    assert way.said.startswith("entered ")
    assert letter.said.startswith("the way did not come to reminder: entered ")
    assert never.said.startswith("not entered: total is over 5 (")
    assert [each.facts for each in never.decisions] == [{"total": 3}]


async def test_a_journey_or_letter_that_is_not_there_cannot_be_explained(database: Database) -> None:
    contact, _ = await enrolled(database)
    await published(database)
    async with database.transaction() as session:
        for journey, letter, told in (
            ("none", None, "there is no journey none"),
            (None, "none", "no journey sends the letter none"),
            ("cart", "none", "cart sends no none"),
        ):
            with pytest.raises(NothingToExplain, match=told):
                await explained(session, contact, journey, letter)


async def test_results_count_who_entered_and_who_reached_the_goal_by_way(database: Database) -> None:
    await published(database)
    for way, goal in (("a", True), ("a", False), ("holdout", False)):
        _, enrolment = await enrolled(database, goal=goal)
        async with database.transaction() as session:
            await record(session, enrolment, [Verdict(1, "split", "split", way, NOW)])
    async with database.transaction() as session:
        assert await results(session, "cart", None) == [
            ("", "all", 3, 1),
            ("split", "a", 2, 1),
            ("split", "holdout", 1, 0),
        ]
        assert await results(session, "cart", 7) == [("", "all", 0, 0)]
