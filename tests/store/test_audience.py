"""Whom a schedule calls: the members of a segment at that moment, page by page."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from rules.content import Content
from rules.journey import Journey
from rules.segment import Segment
from store import audience
from store.intake import Intake
from store.publishing import publish
from store.session import Database
from tests.rules.journeys import journey
from tests.store.happening import AT, happened, rows

STEPS = "[{wait: 1h}]"


def segment(name: str, **when: object) -> Segment:
    return Segment.model_validate({"segment": name, "title": name, "when": when})


LOYAL = segment("loyal", trait="orders", gte=3)
RECENT = segment("recent", event="Order Completed", within="7d")


async def made(database: Database, *journeys: Journey) -> None:
    segments = {each.segment: each for each in (LOYAL, RECENT)}
    async with database.transaction() as session:
        await publish(session, Content({each.journey: each for each in journeys}, segments))


async def members(
    database: Database, name: str, after: UUID | None = None, limit: int = 10, now: datetime = AT
) -> list[UUID]:
    async with database.transaction() as session:
        return list(await audience.members(session, name, now, after, limit))


async def test_members_come_page_by_page_in_the_order_of_their_ids(database: Database, intake: Intake) -> None:
    await made(database)
    people = [happened("Identified", user_id=f"u{orders}", traits={"orders": orders}) for orders in range(8)]
    await intake.accept(people)
    wanted = await rows(database, "SELECT id FROM contacts WHERE (traits ->> 'orders')::int >= 3 ORDER BY id")
    ids = [contact for (contact,) in wanted]
    assert len(ids) == 5
    assert await members(database, "loyal", limit=2) == ids[:2]
    assert await members(database, "loyal", after=ids[1], limit=2) == ids[2:4]
    assert await members(database, "loyal", after=ids[4]) == []


async def test_it_is_the_truth_of_the_moment_that_counts(database: Database, intake: Intake) -> None:
    await made(database)
    await intake.accept([happened("Order Completed", user_id="u1")])
    assert len(await members(database, "recent", now=AT + timedelta(days=6))) == 1
    assert await members(database, "recent", now=AT + timedelta(days=8)) == []


async def test_who_became_somebody_else_is_called_once(database: Database, intake: Intake) -> None:
    await made(database)
    await intake.accept([happened(anonymous_id="x1", traits={"orders": 5}), happened(user_id="u1")])
    await intake.accept([happened("Identified", user_id="u1", anonymous_id="x1")])
    assert len(await members(database, "loyal")) == 1


async def test_a_segment_that_is_not_there_is_a_mistake(database: Database) -> None:
    with pytest.raises(audience.SegmentMissing, match="there is no segment loyal"):
        await members(database, "loyal")


async def test_only_live_journeys_with_a_schedule_are_on_the_calendar(database: Database) -> None:
    weekly = journey(STEPS, journey="weekly", trigger=[{"api": True}, {"schedule": "0 9 * * 1", "segment": "loyal"}])
    await made(database, weekly, journey(STEPS))
    async with database.transaction() as session:
        assert await audience.scheduled(session) == {"weekly": 1}
    await made(database, journey(STEPS))
    async with database.transaction() as session:
        assert await audience.scheduled(session) == {}
