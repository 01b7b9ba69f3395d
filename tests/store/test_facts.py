"""What the store knows of a contact, as rules ask for it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text

from rules.facts import Facts, Named, Received, Stay
from rules.needs import Needs
from store import facts
from store.intake import Intake
from store.named import named
from store.session import Database
from tests.rules.worlds import History, parsed
from tests.store.enrolling import enrolled
from tests.store.happening import AT, happened, owner, value
from tests.store.remembering import remember


@pytest_asyncio.fixture
async def contact(intake: Intake, database: Database) -> UUID:
    """A contact with four events, of which the second came in late, and somebody else's event."""
    names = ("A", "B", "A", "C")
    events = [
        happened(name, user_id="u1", properties={"number": number}, occurred_at=AT - timedelta(hours=number % 2))
        for number, name in enumerate(names)
    ]
    await intake.accept([*events, happened("A", user_id="u2")])
    found: UUID = await owner(database, events[0].message_id)
    return found


async def asked(database: Database, contact: UUID, names: list[str] | None, **more: int) -> list[tuple[str, object]]:
    async with database.transaction() as session:
        found = await facts.happenings(session, contact, names, **more)
    assert [each.seq for each in found] == sorted(each.seq for each in found)
    return [(each.name, each.properties["number"]) for each in found]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (None, [("A", 0), ("B", 1), ("A", 2), ("C", 3)]),
        (["A"], [("A", 0), ("A", 2)]),
        (["C", "B"], [("B", 1), ("C", 3)]),
        ([], []),
        (["D"], []),
    ],
)
async def test_the_contacts_own_events_of_these_names_in_order(
    database: Database, contact: UUID, names: list[str] | None, expected: list[tuple[str, int]]
) -> None:
    assert await asked(database, contact, names) == expected


async def test_of_too_many_events_the_latest_are_told(database: Database, contact: UUID) -> None:
    assert await asked(database, contact, None, limit=2) == [("A", 2), ("C", 3)]


async def test_events_from_a_number_on(database: Database, contact: UUID) -> None:
    third = await value(database, "SELECT seq FROM events WHERE properties ->> 'number' = '2'")
    assert await asked(database, contact, None, from_seq=third) == [("A", 2), ("C", 3)]


async def test_an_event_is_told_when_it_happened_and_not_when_it_came_in(database: Database, contact: UUID) -> None:
    async with database.transaction() as session:
        (late,) = await facts.happenings(session, contact, ["B"])
    assert late.at == AT - timedelta(hours=1)


async def test_an_entrant_is_the_contact_as_it_is_now(database: Database) -> None:
    async with database.transaction() as session:
        enrolment, contact = await enrolled(session)
        entrant = await facts.entrant(session, enrolment)
    assert (entrant.contact_id, entrant.traits, entrant.paused) == (contact, {"email": "anna@example.org"}, False)


async def test_an_enrolment_that_is_not_there_has_no_entrant(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(LookupError):
            await facts.entrant(session, uuid4())


EVERYTHING = Needs(frozenset({"A", "B"}), frozenset({"city"}), topics=True, stays=True, letters=True)


def history(city: str, at: datetime) -> History:
    return History(
        {"city": city},
        [("A", at, {"of": city}), ("C", at, {}), ("B", at - timedelta(hours=1), {})],
        [("offers", True), ("*", False), ("news", True), ("*", False), ("offers", True)],
        [("welcome", at, None), ("winback", at - timedelta(hours=1), at)],
        [("hello", at)],
        {},
    )


async def test_all_that_is_needed_of_several_contacts_and_nothing_else(database: Database) -> None:
    anna, bo, nobody = uuid4(), uuid4(), uuid4()
    async with database.transaction() as session:
        await remember(session, {anna: history("Turku", AT), bo: history("Oslo", AT + timedelta(days=1))})
        all_of_it = await facts.known_of(session, [anna, bo, nobody], EVERYTHING, AT)
        nothing = await facts.known_of(session, [anna], Needs(), AT)
    assert set(all_of_it) == {anna, bo}
    assert nothing == {anna: Facts(now=AT)}
    told = all_of_it[anna]
    assert (told.now, told.traits) == (AT, {"city": "Turku"})
    assert [(event.name, event.at, event.properties) for event in told.events] == [
        ("B", AT - timedelta(hours=1), {}),
        ("A", AT, {"of": "Turku"}),
    ]
    assert told.topics == {"offers": True, "news": False, "*": False}
    assert [stay for stay in told.stays if stay.journey != "none"] == [
        Stay("winback", AT - timedelta(hours=1), AT),
        Stay("welcome", AT),
    ]
    assert told.letters == [Received("hello", AT)]
    assert all_of_it[bo].traits == {"city": "Oslo"}


async def test_a_contact_that_is_not_there_is_an_error_when_it_is_asked_for_alone(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(LookupError):
            await facts.known(session, uuid4(), EVERYTHING, AT)


async def test_of_a_contact_with_too_many_events_the_latest_count(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_MOST", 2)
    contact = uuid4()
    events = [("A", AT + timedelta(minutes=minute), {"minute": minute}) for minute in (3, 0, 2)]
    async with database.transaction() as session:
        await remember(session, {contact: History({}, events, [], [], [], {})})
        told = await facts.known(session, contact, EVERYTHING, AT)
    assert [event.properties["minute"] for event in told.events] == [2, 3]


def written(definition: dict[str, Any]) -> str:
    return orjson.dumps(definition).decode()


async def test_what_is_named_is_what_is_published_and_not_withdrawn(database: Database) -> None:
    vip = {"segment": "vip", "title": "Vip", "when": {"trait": "plan", "is": "gold"}}
    stages = [{"stage": "loyal", "title": "Loyal", "when": {"segment": "vip"}}, {"stage": "lead", "title": "Others"}]
    segment = text(
        "INSERT INTO segments (name, hash, definition, withdrawn_at) VALUES (:name, '', cast(:it AS jsonb), :gone)"
    )
    policy = text("INSERT INTO policies (name, hash, definition) VALUES (:name, '', cast(:it AS jsonb))")
    async with database.transaction() as session:
        assert await named(session) == Named()
        await session.execute(segment, {"name": "vip", "it": written(vip), "gone": None})
        await session.execute(segment, {"name": "old", "it": written(vip | {"segment": "old"}), "gone": AT})
        await session.execute(policy, {"name": "stages", "it": written({"stages": stages})})
        await session.execute(policy, {"name": "pacing", "it": "{}"})
        known = await named(session)
    assert known.segments == {"vip": parsed(vip["when"])}
    assert [stage.stage for stage in known.stages] == ["loyal", "lead"]


async def test_a_run_knows_its_contact_its_beginning_and_the_segments_it_asks_about(database: Database) -> None:
    async with database.transaction() as session:
        enrolment, contact = await enrolled(session)
        entrant = await facts.entrant(session, enrolment)
        told = await facts.of_run(session, entrant, [parsed({"segment": "vip"}), parsed({"topic": "offers"})], AT)
    assert (told.now, told.traits, told.entered) == (AT, {"email": "anna@example.org"}, entrant.entered)
    assert (told.topics, told.events, told.named) == ({"offers": True}, (), Named())
    assert contact == entrant.contact_id
