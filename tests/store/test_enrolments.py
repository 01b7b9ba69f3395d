"""Who is inside: one run at a time, what a router sees of a contact, and goals."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from rules.arrivals import Inside
from store import enrolments
from store.intake import Intake
from store.models import PublishedJourney
from store.session import Database
from tests.store.happening import happened, owner, rows, value

NOW = datetime.now(UTC)


class Person:
    """A contact whose events start runs."""

    def __init__(self, intake: Intake, database: Database, user: str = "u1") -> None:
        self.intake, self.database, self.user = intake, database, user

    async def begins(self, journey: str = "tried", key: str = "", **changes: Any) -> tuple[UUID, Inside]:
        """An event that starts a run: the contact, and the enrolment to be written down."""
        event = happened("Signed Up", user_id=self.user)
        await self.intake.accept([event])
        contact = await owner(self.database, event.message_id)
        seq = await value(self.database, "SELECT max(seq) FROM events")
        values: dict[str, Any] = {
            "id": enrolments.enrolment_id(journey, contact, key, seq),
            "journey": journey,
            "version": 1,
            "key": key,
            "trigger_seq": seq,
            "start": {},
            "started_at": NOW,
            "ended": False,
            "workflow_id": f"journey/{journey}/{contact}/{key}",
        }
        return contact, Inside(**values | changes)

    async def enrol(self, *entering: tuple[UUID, Inside]) -> set[UUID]:
        async with self.database.transaction() as session:
            return await enrolments.enrol(session, entering)

    async def end(self, enrolment: UUID) -> None:
        async with self.database.transaction() as session:
            await enrolments.end(session, enrolment, "completed", NOW)

    async def seen(self, contact: UUID) -> list[Inside]:
        async with self.database.transaction() as session:
            return (await enrolments.of_contacts(session, [contact], datetime.now(UTC)))[contact]


@pytest.fixture
def person(intake: Intake, database: Database) -> Person:
    return Person(intake, database)


def test_the_same_event_gives_the_same_enrolment_however_often_it_is_worked_out() -> None:
    contact = uuid4()
    ids = [enrolments.enrolment_id("tried", contact, key, seq) for key in ("", "o1") for seq in (1, 2)]
    assert len(set(ids)) == 4
    assert enrolments.enrolment_id("tried", contact, "o1", 2) == ids[3]


async def test_writing_it_down_again_changes_nothing(person: Person) -> None:
    entering = await person.begins()
    for _ in range(2):
        assert await person.enrol(entering) == {entering[1].id}
    assert len(await rows(person.database, "SELECT * FROM enrolments")) == 1


async def test_who_is_inside_does_not_enter_by_another_event(person: Person) -> None:
    first, second = await person.begins(), await person.begins()
    assert await person.enrol(first) == {first[1].id}
    assert await person.enrol(second) == set()
    await person.end(first[1].id)
    assert await person.enrol(second) == {second[1].id}


async def test_each_key_and_each_journey_has_a_run_of_its_own(person: Person) -> None:
    entering = [await person.begins(key=key) for key in ("o1", "o2")] + [await person.begins("another")]
    assert await person.enrol(*entering) == {inside.id for _, inside in entering}


async def test_routers_that_write_at_once_let_one_run_in(person: Person) -> None:
    entering = [await person.begins() for _ in range(4)]
    entered = await asyncio.gather(*(person.enrol(each) for each in entering))
    assert sum(map(len, entered)) == 1


async def test_a_run_that_is_over_is_not_inside_when_the_work_is_repeated(person: Person) -> None:
    entering = await person.begins()
    await person.enrol(entering)
    await person.end(entering[1].id)
    assert await person.enrol(entering) == set()


async def test_a_contact_that_was_merged_meanwhile_enters_as_the_one_that_it_became(person: Person) -> None:
    stranger = Person(person.intake, person.database)
    event = happened("Signed Up", anonymous_id="x1")
    await person.intake.accept([event])
    goes = await owner(person.database, event.message_id)
    stays, inside = await person.begins()
    await person.intake.accept([happened("Page Viewed", user_id="u1", anonymous_id="x1")])
    assert await stranger.enrol((goes, inside)) == {inside.id}
    assert await value(person.database, "SELECT contact_id FROM enrolments") == stays


async def test_a_contact_that_was_merged_into_somebody_inside_is_worked_out_again(person: Person) -> None:
    event = happened("Signed Up", anonymous_id="x1")
    await person.intake.accept([event])
    goes = await owner(person.database, event.message_id)
    first, second = await person.begins(), await person.begins()
    await person.enrol(first)
    await person.intake.accept([happened("Page Viewed", user_id="u1", anonymous_id="x1")])
    with pytest.raises(DBAPIError):
        await person.enrol((goes, second[1]))
    assert len(await rows(person.database, "SELECT * FROM enrolments")) == 1


async def test_a_router_sees_who_is_inside_and_the_latest_of_those_that_are_over(person: Person) -> None:
    contact, first = await person.begins(started_at=NOW - timedelta(days=2))
    await person.enrol((contact, first))
    await person.end(first.id)
    _, second = await person.begins(started_at=NOW - timedelta(days=1))
    await person.enrol((contact, second))
    assert [(each.id, each.ended) for each in await person.seen(contact)] == [(second.id, False)]
    await person.end(second.id)
    assert [(each.id, each.ended) for each in await person.seen(contact)] == [(second.id, True)]


async def test_a_goal_is_open_during_the_run_and_after_it_until_its_time_is_over(person: Person) -> None:
    contact, old = await person.begins(goal_until=NOW - timedelta(seconds=1))
    await person.enrol((contact, old))
    await person.end(old.id)
    _, open_goal = await person.begins(goal_until=NOW + timedelta(days=5))
    await person.enrol((contact, open_goal))
    await person.end(open_goal.id)
    _, latest = await person.begins()
    await person.enrol((contact, latest))
    assert [each.id for each in await person.seen(contact)] == [open_goal.id, latest.id]


async def test_a_goal_is_reached_once_and_the_first_time_stands(person: Person) -> None:
    contact, inside = await person.begins(goal_until=NOW + timedelta(days=5))
    await person.enrol((contact, inside))
    for at in (NOW, NOW + timedelta(hours=1)):
        async with person.database.transaction() as session:
            await enrolments.reach_goal(session, [(inside.id, at)])
    assert await value(person.database, "SELECT goal_at FROM enrolments") == NOW
    assert [each.goal_reached for each in await person.seen(contact)] == [True]


async def test_a_goal_can_be_reached_after_the_run(person: Person) -> None:
    contact, inside = await person.begins(goal_until=NOW + timedelta(days=5))
    await person.enrol((contact, inside))
    await person.end(inside.id)
    async with person.database.transaction() as session:
        await enrolments.reach_goal(session, [(inside.id, NOW)])
    assert await rows(person.database, "SELECT status, goal_at FROM enrolments") == [("ended", NOW)]


async def test_the_first_end_stands(person: Person) -> None:
    entering = await person.begins()
    await person.enrol(entering)
    for reason in ("Order Completed", "completed"):
        async with person.database.transaction() as session:
            await enrolments.end(session, entering[1].id, reason, NOW)
    assert await rows(person.database, "SELECT status, reason FROM enrolments") == [("ended", "Order Completed")]


async def test_only_a_paused_journey_holds(person: Person) -> None:
    entering = await person.begins()
    await person.enrol(entering)
    async with person.database.transaction() as session:
        assert not await enrolments.hold(session, entering[1].id)
    async with person.database.transaction() as session:
        session.add(PublishedJourney(name="tried", paused_at=NOW))
    async with person.database.transaction() as session:
        assert await enrolments.hold(session, entering[1].id)
    assert await rows(person.database, "SELECT status FROM enrolments") == [("held",)]


async def test_the_held_are_told_page_by_page(person: Person) -> None:
    workflows = []
    for number in range(5):
        someone = Person(person.intake, person.database, f"u{number}")
        contact, inside = await someone.begins()
        await someone.enrol((contact, inside))
        workflows.append(inside.workflow_id)
        async with person.database.transaction() as session:
            await enrolments.mark(session, inside.id, "held" if number else "active")
    async with person.database.transaction() as session:
        page = await enrolments.held(session, "tried", "")
        assert page == sorted(workflows[1:])
        assert await enrolments.held(session, "tried", page[1]) == page[2:]
        assert await enrolments.held(session, "another", "") == []


async def test_of_workflows_those_that_are_inside_are_found(person: Person) -> None:
    first, second = await person.begins(), await person.begins("another")
    await person.enrol(first, second)
    await person.end(second[1].id)
    asked = {first[1].workflow_id, second[1].workflow_id, "journey/tried/nobody"}
    async with person.database.transaction() as session:
        assert await enrolments.inside(session, asked) == [(first[1].id, first[1].workflow_id)]
