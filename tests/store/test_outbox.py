"""The outbox alone: lanes, order, postponed events, and a bell."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from store import outbox
from store.intake import Intake
from store.outbox import LANE_LOCKS, LANES, Bell, Waiting, lane_of
from store.session import Database, driver_url
from tests.store.happening import happened, owner, value


async def taken(database: Database, lane: int, limit: int = 100) -> list[Waiting]:
    async with database.transaction() as session:
        return await outbox.take(session, lane, limit)


async def names(database: Database, lane: int, limit: int = 100) -> list[str]:
    return [waiting.event.name for waiting in await taken(database, lane, limit)]


async def busy(database: Database) -> list[int]:
    async with database.transaction() as session:
        return sorted(await outbox.busy_lanes(session))


async def postpone(database: Database, seq: int, delay: timedelta, why: str = "refused") -> None:
    async with database.transaction() as session:
        await outbox.postpone(session, seq, why, delay)


async def done(database: Database, *seqs: int) -> None:
    async with database.transaction() as session:
        await outbox.done(session, seqs)


async def events_of(intake: Intake, database: Database, user: str, *names: str) -> tuple[UUID, int]:
    """Events of a contact; the contact, and the lane."""
    events = [happened(name, user_id=user) for name in names]
    for event in events:
        await intake.accept([event])
    contact = await owner(database, events[0].message_id)
    return contact, lane_of(contact)


def test_lanes_divide_the_contacts() -> None:
    assert {lane_of(UUID(int=number)) for number in range(1000)} == set(range(LANES))


async def test_events_are_taken_in_order_and_leave_when_they_are_done(intake: Intake, database: Database) -> None:
    contact, lane = await events_of(intake, database, "u1", "A", "B", "C")
    assert await busy(database) == [lane]
    first, second, third = await taken(database, lane)
    assert [each.event.name for each in (first, second, third)] == ["A", "B", "C"]
    assert (first.contact_id, first.attempts) == (contact, 0)
    assert await names(database, lane, limit=2) == ["A", "B"]
    await done(database, first.event.seq, second.event.seq)
    assert await names(database, lane) == ["C"]
    await done(database, third.event.seq)
    assert await busy(database) == []


async def somebody_else(intake: Intake, database: Database, lane: int) -> None:
    """An event of another contact whose events wait in the same lane; until one is found, others' are done with."""
    while True:
        other = happened("Other", user_id=str(uuid4()))
        await intake.accept([other])
        if lane_of(await owner(database, other.message_id)) == lane:
            return
        await done(database, await value(database, "SELECT max(seq) FROM outbox"))


async def test_a_postponed_event_blocks_its_contact_and_nobody_else(intake: Intake, database: Database) -> None:
    _, lane = await events_of(intake, database, "u1", "A", "B", "C")
    await somebody_else(intake, database, lane)
    assert await names(database, lane) == ["A", "B", "C", "Other"]
    second = (await taken(database, lane))[1]
    await postpone(database, second.event.seq, timedelta(hours=1))
    assert await names(database, lane) == ["A", "Other"]
    await postpone(database, second.event.seq, timedelta(0))
    assert await names(database, lane) == ["A", "B", "C", "Other"]
    assert [each.attempts for each in await taken(database, lane)] == [0, 2, 0, 0]


async def test_a_lane_in_which_everything_is_postponed_is_not_busy(intake: Intake, database: Database) -> None:
    _, lane = await events_of(intake, database, "u1", "A")
    (only,) = await taken(database, lane)
    await postpone(database, only.event.seq, timedelta(hours=1), "x" * 900)
    assert await busy(database) == []
    assert await value(database, "SELECT length(error) FROM outbox") == 500


async def test_a_lane_has_one_holder(database: Database) -> None:
    async with outbox.hold_lane(database, 7) as first, outbox.hold_lane(database, 7) as second:
        assert (first, second) == (True, False)
        async with outbox.hold_lane(database, 8) as another:
            assert another
    async with outbox.hold_lane(database, 7) as again:
        assert again


async def test_the_lanes_of_a_dead_router_are_free(database: Database) -> None:
    dying = await asyncpg.connect(driver_url(database.url))
    await dying.transaction().start()
    assert await dying.fetchval("SELECT pg_try_advisory_xact_lock($1, 7)", LANE_LOCKS)
    async with outbox.hold_lane(database, 7) as held:
        assert not held
    dying.terminate()  # as the kernel closes what belonged to a killed process
    for _ in range(100):
        async with outbox.hold_lane(database, 7) as held:
            if held:
                return
        await asyncio.sleep(0.02)
    raise AssertionError("the lane is still held")


async def test_events_of_a_merged_contact_wait_in_the_survivors_lane(intake: Intake, database: Database) -> None:
    goes = happened("A", anonymous_id="x1")
    stays, lane = await events_of(intake, database, "u1", "B")
    await intake.accept([goes])
    await intake.accept([happened("C", user_id="u1", anonymous_id="x1")])
    assert {each.contact_id for each in await taken(database, lane)} == {stays}
    assert await names(database, lane) == ["B", "A", "C"]


async def test_while_a_router_holds_the_lane_a_merge_leaves_the_events_where_they_are(
    intake: Intake, database: Database
) -> None:
    goes = happened("A", anonymous_id="x1")
    await intake.accept([goes])
    lane = lane_of(await owner(database, goes.message_id))
    async with outbox.hold_lane(database, lane) as held:
        assert held
        stays, _ = await events_of(intake, database, "u1", "B")
        await intake.accept([happened("C", user_id="u1", anonymous_id="x1")])
        # The router is at work on it as somebody's who is no more; whoever takes it next takes it as the survivor's.
        waiting = {each.event.name: each.contact_id for each in await taken(database, lane)}
        assert waiting["A"] == stays


@pytest.fixture
def bell(database: Database) -> Bell:
    return Bell(database.url)


async def test_the_bell_rings_when_events_are_committed(intake: Intake, bell: Bell) -> None:
    await bell.wait(0.01)  # begins to listen
    waiting = asyncio.create_task(bell.wait(30))
    await intake.accept([happened(user_id="u1")])
    await asyncio.wait_for(waiting, 5)
    await bell.close()


async def test_the_bell_rings_by_itself_while_nobody_can_be_listened_to() -> None:
    bell = Bell("postgresql://nobody@127.0.0.1:1/nothing")
    await asyncio.wait_for(bell.wait(0.01), 5)
    await bell.close()
