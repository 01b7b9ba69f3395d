"""Traits and topics that a journey sets."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from activities.contacts import Changed, Changing, Contacts
from activities.orders import LetterOrder
from rules.steps import Change
from store import enrolments, journeys
from tests.activities.office import ADDRESS, NAME, Office

CHANGE = Change(traits={"tier": "gold", "first_name": None}, topics={"news": True, "offers": False})


@pytest.fixture
def contacts(office: Office) -> Contacts:
    return Contacts(office.database)


def changing(order: LetterOrder) -> Changing:
    return Changing(order.enrolment, "set", CHANGE, datetime.now(UTC))


async def test_traits_and_topics_are_set_and_doing_it_again_changes_nothing(office: Office, contacts: Contacts) -> None:
    order = await office.enters()
    for _ in range(2):
        assert await contacts.change(changing(order)) == Changed()
    assert (await office.row("SELECT traits FROM contacts"))["traits"] == {"email": ADDRESS, "tier": "gold"}
    consents = await office.rows("SELECT topic, granted FROM consents WHERE source = :source ORDER BY topic",
                                 source=f"{order.enrolment}/set")  # fmt: skip
    assert consents == [{"topic": "news", "granted": True}, {"topic": "offers", "granted": False}]


async def test_doing_it_again_does_not_overrule_what_the_contact_said_since(office: Office, contacts: Contacts) -> None:
    order = await office.enters()
    await contacts.change(changing(order))
    await office.consents("offers", granted=True)
    await contacts.change(changing(order))
    consents = await office.rows("SELECT granted FROM consents WHERE topic = 'offers' ORDER BY id")
    assert [row["granted"] for row in consents] == [True, False, True]


async def test_a_run_that_is_over_sets_nothing(office: Office, contacts: Contacts) -> None:
    order = await office.enters()
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "merged", order.now)
    assert await contacts.change(changing(order)) == Changed()
    assert (await office.row("SELECT traits FROM contacts"))["traits"] == {"email": ADDRESS, "first_name": NAME}
    assert await office.rows("SELECT topic FROM consents WHERE source LIKE '%/set'") == []


async def test_a_paused_journey_sets_nothing(office: Office, contacts: Contacts) -> None:
    order = await office.enters()
    async with office.database.transaction() as session:
        await journeys.pause(session, "tried")
    assert await contacts.change(changing(order)) == Changed(held=True)
    assert (await office.row("SELECT traits FROM contacts"))["traits"] == {"email": ADDRESS, "first_name": NAME}


async def test_a_change_is_told_to_everybody_who_listens_once(office: Office, contacts: Contacts) -> None:
    order = await office.enters()
    for _ in range(2):
        await contacts.change(changing(order))
    told = await office.rows(
        "SELECT name, properties, o.traits FROM events JOIN outbox o USING (seq)"
        " WHERE properties ->> 'journey' = 'tried' ORDER BY name, seq"
    )
    assert [(row["name"], row["properties"], row["traits"]) for row in told] == [
        ("Subscribed", {"topic": "news", "journey": "tried"}, []),
        ("Traits Changed", {"traits": ["first_name", "tier"], "journey": "tried"}, ["first_name", "tier"]),
        ("Unsubscribed", {"topic": "offers", "journey": "tried"}, []),
    ]
    assert await office.decisions("set") == [("set", None)]


async def test_each_round_of_a_repeat_says_its_own_word(office: Office, contacts: Contacts) -> None:
    order = await office.enters()
    await contacts.change(changing(order))
    await office.consents("offers", granted=True)
    await contacts.change(replace(changing(order), iteration=2))
    consents = await office.rows("SELECT granted FROM consents WHERE topic = 'offers' ORDER BY id")
    assert [row["granted"] for row in consents] == [True, False, True, False]
    assert len(await office.rows("SELECT 1 FROM events WHERE name = 'Traits Changed'")) == 2
