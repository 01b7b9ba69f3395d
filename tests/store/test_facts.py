"""What the store knows of a contact, as rules ask for it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from store import facts
from store.intake import Intake
from store.session import Database
from tests.store.enrolling import enrolled
from tests.store.happening import AT, happened, owner, value


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
