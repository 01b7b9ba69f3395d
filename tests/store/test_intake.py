"""Intake: committed before it is answered, once, in order, and never taken down by one bad event."""

import asyncio

import asyncpg
import pytest

from local.folder import DataFolder
from local.part import Part
from local.ports import Ports
from local.postgres import database_url as address_of
from local.postgres import postgres
from store.events import record
from store.incoming import Accepted, Outcome, Refused
from store.intake import Intake
from store.migrations.run import upgrade
from store.outbox import CHANNEL, lane_of
from store.recording import IntakeOverloadedError, IntakeUnavailableError
from store.session import Database, Line, driver_url
from tests.store.happening import happened, rows, value


async def test_an_event_stands_in_the_outbox_in_its_contacts_lane(intake: Intake, database: Database) -> None:
    await intake.accept([happened(user_id="u1", properties={"a": "å \U0001f642"}, context={"locale": "sv"})])
    ((seq, contact, properties, context),) = await rows(
        database, "SELECT seq, contact_id, properties, context FROM events"
    )
    assert (properties, context) == ({"a": "å \U0001f642"}, {"locale": "sv"})
    assert await rows(database, "SELECT seq, contact_id, lane FROM outbox") == [(seq, contact, lane_of(contact))]


async def test_ten_at_once_with_the_same_message_are_one_event(intake: Intake, database: Database) -> None:
    answers = await asyncio.gather(*(intake.accept([happened(user_id="u1", message_id="m1")]) for _ in range(10)))
    assert all(len(answer) == 1 and isinstance(answer[0], Accepted) for answer in answers)
    assert [_is_new(answer[0]) for answer in answers].count(True) == 1
    assert await rows(database, "SELECT count(*) FROM events UNION ALL SELECT count(*) FROM outbox") == [(1,), (1,)]


async def test_the_same_message_through_several_processes_is_one_event(database: Database) -> None:
    lines = [Line(database.url) for _ in range(4)]
    doors = [Intake(line) for line in lines]
    for door in doors:
        await door.start()
    try:
        answers = await asyncio.gather(
            *(door.accept([happened(user_id=f"u{n % 3}", message_id=f"m{n}") for n in range(20)]) for door in doors)
        )
    finally:
        for door, line in zip(doors, lines, strict=True):
            await door.stop()
            await line.close()
    assert sum(_is_new(outcome) for answer in answers for outcome in answer) == 20
    assert await value(database, "SELECT count(*) FROM outbox") == 20


async def test_a_message_twice_in_one_request_is_new_once(intake: Intake) -> None:
    answer = await intake.accept([happened(user_id="u1", message_id="m1"), happened(user_id="u2", message_id="m1")])
    assert [_is_new(outcome) for outcome in answer] == [True, False]


async def test_a_duplicate_makes_no_contact(intake: Intake, database: Database) -> None:
    await intake.accept([happened(user_id="u1", message_id="m1")])
    await intake.accept([happened(user_id="u2", message_id="m1")])
    assert await rows(database, "SELECT value FROM identities") == [("u1",)]


async def test_a_contacts_events_are_numbered_in_the_order_of_their_commits(database: Database) -> None:
    lines = [Line(database.url) for _ in range(3)]
    doors = [Intake(line, group=5) for line in lines]
    for door in doors:
        await door.start()

    async def visit(number: int) -> None:
        for step in range(15):
            await doors[(number + step) % 3].accept([happened(user_id=f"u{number}", properties={"step": step})])

    try:
        await asyncio.gather(*(visit(number) for number in range(6)))
    finally:
        for door, line in zip(doors, lines, strict=True):
            await door.stop()
            await line.close()
    found = await rows(database, "SELECT contact_id, (properties ->> 'step')::int FROM events ORDER BY contact_id, seq")
    assert [step for _, step in found] == list(range(15)) * 6


async def test_a_contacts_next_event_waits_until_the_one_before_is_committed(
    intake: Intake, database: Database
) -> None:
    await intake.accept([happened(user_id="u1")])
    other_process = Line(database.url)
    async with other_process.transaction() as connection:
        await record(connection, [happened(user_id="u1", message_id="first")])
        second = asyncio.ensure_future(intake.accept([happened(user_id="u1", message_id="second")]))
        done, _ = await asyncio.wait([second], timeout=0.5)
        assert not done
    await second
    await other_process.close()
    found = await rows(database, "SELECT message_id FROM events WHERE message_id IN ('first', 'second') ORDER BY seq")
    assert found == [("first",), ("second",)]


async def test_many_requests_share_one_commit(intake: Intake, database: Database) -> None:
    await asyncio.gather(*(intake.accept([happened(user_id=f"u{n}")]) for n in range(100)))
    transactions = await value(database, "SELECT count(DISTINCT xmin::text) FROM events")
    assert transactions <= 3
    assert intake.tally.new == 100


async def test_one_event_that_the_database_refuses_takes_no_other_with_it(intake: Intake, database: Database) -> None:
    answers = await asyncio.gather(
        intake.accept([happened(user_id="u1")]),
        intake.accept([happened(user_id="u2"), happened(user_id="bad\x00"), happened(user_id="u3")]),
        intake.accept([happened(user_id="\ud800")]),
        intake.accept([happened(user_id="u4")]),
    )
    kinds = [[type(outcome) for outcome in answer] for answer in answers]
    assert kinds == [[Accepted], [Accepted, Refused, Accepted], [Refused], [Accepted]]
    assert await rows(database, "SELECT value FROM identities ORDER BY 1") == [("u1",), ("u2",), ("u3",), ("u4",)]


async def test_more_than_can_wait_is_turned_away(database: Database) -> None:
    line = Line(database.url)
    intake = Intake(line, waiting=3)
    await intake.start()
    try:
        with pytest.raises(IntakeOverloadedError):
            await intake.accept([happened(user_id="u1") for _ in range(4)])
        assert len(await intake.accept([happened(user_id="u1")])) == 1
    finally:
        await intake.stop()
        await line.close()
    with pytest.raises(IntakeUnavailableError):
        await intake.accept([happened(user_id="u1")])
    assert intake.tally.overloaded == 4


async def test_what_waits_is_recorded_before_intake_stops(database: Database) -> None:
    line = Line(database.url)
    intake = Intake(line, group=1)
    await intake.start()
    waiting = [asyncio.ensure_future(intake.accept([happened(user_id="u1")])) for _ in range(5)]
    await asyncio.sleep(0)
    await intake.stop()
    await line.close()
    assert all(_is_new(outcome) for answer in await asyncio.gather(*waiting) for outcome in answer)


async def test_routers_are_notified_once_for_a_commit(intake: Intake, database: Database) -> None:
    rung = asyncio.Queue[object]()
    connection = await asyncpg.connect(driver_url(database.url))
    await connection.add_listener(CHANNEL, lambda *told: rung.put_nowait(told))
    try:
        await intake.accept([happened(user_id=f"u{n}") for n in range(5)])
        await asyncio.wait_for(rung.get(), 5)
        assert rung.empty()
    finally:
        await connection.close()


async def test_intake_says_so_while_postgresql_is_away_and_goes_on_when_it_is_back(server_folder: DataFolder) -> None:
    port = Ports.free().postgres
    part = Part(postgres(server_folder.postgres.with_name("restarted"), port), server_folder)
    await part.start()
    await part.ready()
    url = address_of(port)
    await upgrade(url)
    line = Line(url)
    intake = Intake(line)
    await intake.start()
    try:
        await intake.accept([happened(user_id="u1", message_id="before")])
        await part.stop()
        with pytest.raises(IntakeUnavailableError):
            await intake.accept([happened(user_id="u1", message_id="lost")])
        await part.start()
        await part.ready()
        await intake.accept([happened(user_id="u1", message_id="after")])
        database = Database(url)
        assert await rows(database, "SELECT message_id FROM events ORDER BY seq") == [("before",), ("after",)]
        await database.close()
    finally:
        await intake.stop()
        await line.close()
        await part.stop()


def _is_new(outcome: Outcome) -> bool:
    return isinstance(outcome, Accepted) and outcome.new
