"""Contacts in the database: made, told traits, and merged with everything that is theirs."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from store.intake import Intake
from store.outbox import lane_of
from store.session import Database, Line
from tests.store.happening import AT, happened, owner, rows, value


async def traits(database: Database, user_id: str) -> object:
    return await value(
        database,
        "SELECT c.traits FROM contacts c JOIN identities i ON i.contact_id = c.id WHERE kind = 'user' AND value = :id",
        id=user_id,
    )


async def test_identities_point_to_the_contact_that_was_made(intake: Intake, database: Database) -> None:
    event = happened(user_id="u1", email="a@shop.example", anonymous_id="x1")
    await intake.accept([event])
    made = await owner(database, event.message_id)
    assert set(await rows(database, "SELECT kind, value, contact_id FROM identities")) == {
        ("user", "u1", made),
        ("email", "a@shop.example", made),
        ("anonymous", "x1", made),
    }


async def test_traits_are_set_and_null_removes_one(intake: Intake, database: Database) -> None:
    await intake.accept(
        [happened("Identified", user_id="u1", traits={"city": "Turku", "plan": 'g"o\\ld', "n": {"a": None}})]
    )
    await intake.accept([happened("Identified", user_id="u1", traits={"city": None, 'odd "key"\\': 1})])
    await intake.accept([happened("Identified", user_id="u1", traits={'odd "key"\\': None, "age": 3})])
    assert await traits(database, "u1") == {"plan": 'g"o\\ld', "n": {"a": None}, "age": 3}


async def test_a_duplicate_changes_no_traits(intake: Intake, database: Database) -> None:
    await intake.accept([happened("Identified", user_id="u1", message_id="m1", traits={"city": "Turku"})])
    await intake.accept([happened("Identified", user_id="u1", message_id="m1", traits={"city": "Oslo"})])
    assert await traits(database, "u1") == {"city": "Turku"}


async def test_an_address_given_by_the_way_fills_the_trait_and_never_replaces_it(
    intake: Intake, database: Database
) -> None:
    await intake.accept([happened(user_id="u1", email="a@shop.example", hints={"timezone": "Europe/Helsinki"})])
    await intake.accept([happened(user_id="u1", email="b@shop.example", hints={"timezone": "Asia/Tokyo"})])
    assert await traits(database, "u1") == {"email": "a@shop.example", "timezone": "Europe/Helsinki"}


async def test_the_survivors_traits_win_and_the_others_fill_gaps(intake: Intake, database: Database) -> None:
    await intake.accept([happened("Identified", user_id="u1", traits={"city": "Turku"})])
    await intake.accept([happened("Identified", anonymous_id="x1", traits={"city": "Oslo", "size": "M"})])
    await intake.accept([happened(user_id="u1", anonymous_id="x1")])
    assert await traits(database, "u1") == {"city": "Turku", "size": "M"}


async def test_a_merge_inside_one_group_ends_like_one_in_several(intake: Intake, database: Database) -> None:
    await intake.accept(
        [
            happened("Identified", user_id="u1", traits={"city": "Turku"}),
            happened("Identified", anonymous_id="x1", traits={"city": "Oslo", "size": "M"}),
            happened("Identified", user_id="u1", anonymous_id="x1", traits={"size": None, "plan": "gold"}),
        ]
    )
    assert await traits(database, "u1") == {"city": "Turku", "plan": "gold"}
    assert await value(database, "SELECT count(DISTINCT contact_id) FROM events") == 1


async def test_everything_of_the_contact_that_goes_is_the_survivors(intake: Intake, database: Database) -> None:
    before = happened(anonymous_id="x1")
    await intake.accept([before, happened(user_id="u1")])
    goes, stays = (
        await owner(database, before.message_id),
        await value(database, "SELECT contact_id FROM identities WHERE kind = 'user'"),
    )
    await _enrol(database, goes, "welcome")
    await _enrol(database, goes, "cart")
    await _enrol(database, stays, "cart")
    await intake.accept([happened(user_id="u1", anonymous_id="x1")])
    assert await rows(database, "SELECT DISTINCT contact_id FROM events") == [(stays,)]
    assert await rows(database, "SELECT DISTINCT contact_id FROM identities") == [(stays,)]
    assert await rows(database, "SELECT DISTINCT contact_id, lane FROM outbox") == [(stays, lane_of(stays))]
    assert await rows(database, "SELECT DISTINCT contact_id FROM messages") == [(stays,)]
    assert await value(database, "SELECT merged_into FROM contacts WHERE id = :id", id=goes) == stays
    assert sorted(
        await rows(database, "SELECT contact_id, journey, status, reason FROM enrolments"), key=str
    ) == sorted(
        [
            (stays, "cart", "active", None),
            (stays, "cart", "ended", "merged"),
            (stays, "welcome", "active", None),
        ],
        key=str,
    )
    assert sorted(await rows(database, "SELECT journey, state FROM messages")) == [
        ("cart", "cancelled"),
        ("cart", "claimed"),
        ("welcome", "claimed"),
    ]


async def _enrol(database: Database, contact: object, journey: str) -> None:
    enrolment = uuid4()
    await rows(
        database,
        """
        WITH enrolled AS (
            INSERT INTO enrolments (id, journey, version, contact_id, key, workflow_id, trigger_seq, status, started_at)
            VALUES (:id, :journey, 1, :contact, '', :workflow, 1, 'active', now()) RETURNING id
        )
        INSERT INTO messages (id, send_key, enrolment_id, contact_id, journey, step, letter, message_class, state,
                              message_id, attempts, resent, not_after)
        SELECT gen_random_uuid(), :workflow, :id, :contact, :journey, 's', 'l', 'marketing', 'claimed', 'm', 0, false,
               now()
        RETURNING id
        """,
        id=enrolment,
        journey=journey,
        contact=contact,
        workflow=f"journey/{journey}/{contact}",
    )


async def test_who_was_merged_twice_points_to_the_last_survivor(intake: Intake, database: Database) -> None:
    await intake.accept([happened(anonymous_id="x1")])
    await intake.accept([happened(email="a@shop.example")])
    await intake.accept([happened(user_id="u1")])
    await intake.accept([happened(email="a@shop.example", anonymous_id="x1")])
    await intake.accept([happened(user_id="u1", email="a@shop.example")])
    survivor = await value(database, "SELECT contact_id FROM identities WHERE kind = 'user'")
    assert await rows(database, "SELECT DISTINCT merged_into FROM contacts WHERE merged_into IS NOT NULL") == [
        (survivor,)
    ]


async def test_an_event_for_a_merged_contact_goes_to_its_survivor(intake: Intake, database: Database) -> None:
    first = happened(anonymous_id="x1")
    await intake.accept([first, happened(user_id="u1")])
    gone = await owner(database, first.message_id)
    await intake.accept([happened(user_id="u1", anonymous_id="x1")])
    late = happened(contact_id=gone)
    await intake.accept([late])
    assert await owner(database, late.message_id) == await owner(database, first.message_id) != gone


async def test_an_event_for_a_contact_that_does_not_exist_is_left_out(intake: Intake, database: Database) -> None:
    await intake.accept([happened(contact_id=uuid4())])
    assert await rows(database, "SELECT 1 FROM events") == []


async def test_a_contact_is_seen_to_the_hour(intake: Intake, database: Database) -> None:
    for minutes in (0, 30, 90):
        await intake.accept([happened(user_id="u1", received_at=AT + timedelta(minutes=minutes))])
    assert await value(database, "SELECT seen_at FROM contacts") == AT + timedelta(minutes=90)


async def test_several_processes_that_link_the_same_people_agree(database: Database) -> None:
    lines = [Line(database.url) for _ in range(4)]
    doors = [Intake(line, group=7) for line in lines]
    for door in doors:
        await door.start()
    told = [
        happened(user_id=f"u{n % 5}", anonymous_id=f"x{n % 10}", received_at=AT + timedelta(seconds=n))
        for n in range(200)
    ]
    try:
        await asyncio.gather(*(doors[n % 4].accept([event]) for n, event in enumerate(told)))
    finally:
        for door, line in zip(doors, lines, strict=True):
            await door.stop()
            await line.close()
    assert await value(database, "SELECT count(*) FROM events") == 200
    assert await value(database, "SELECT count(*) FROM contacts WHERE merged_into IS NULL") == 5
    assert await value(database, "SELECT count(DISTINCT contact_id) FROM identities") == 5
    misplaced = "SELECT count(*) FROM events e JOIN contacts c ON c.id = e.contact_id WHERE c.merged_into IS NOT NULL"
    assert await value(database, misplaced) == 0
