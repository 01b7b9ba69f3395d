"""Traits and topics that a journey sets."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest_asyncio

from store.changes import set_topics, set_traits
from store.consents import subscribed
from store.intake import Intake
from store.session import Database
from tests.store.happening import happened, owner, rows, value

NOW = datetime.now(UTC)


@pytest_asyncio.fixture
async def contact(intake: Intake, database: Database) -> UUID:
    event = happened("Identified", user_id="u1", traits={"city": "Turku", "plan": "free"})
    await intake.accept([event])
    found: UUID = await owner(database, event.message_id)
    return found


async def test_traits_are_set_and_none_removes_one(database: Database, contact: UUID) -> None:
    changes: dict[str, Any] = {"plan": "gold", "city": None, "unheard_of": None, "score": 1.5, "vip": True}
    async with database.transaction() as session:
        await set_traits(session, contact, changes)
    assert await value(database, "SELECT traits FROM contacts") == {"plan": "gold", "score": 1.5, "vip": True}


async def test_nothing_set_changes_nothing(database: Database, contact: UUID) -> None:
    async with database.transaction() as session:
        await set_traits(session, contact, {})
        await set_topics(session, contact, {}, "run/set", NOW)
    assert await value(database, "SELECT traits FROM contacts") == {"city": "Turku", "plan": "free"}
    assert await rows(database, "SELECT * FROM consents") == []


async def test_topics_are_set_and_the_latest_word_stands(database: Database, contact: UUID) -> None:
    async with database.transaction() as session:
        await set_topics(session, contact, {"offers": True, "news": False}, "run/1", NOW)
        assert await subscribed(session, contact, "offers")
        assert not await subscribed(session, contact, "news")
        await set_topics(session, contact, {"offers": False}, "run/2", NOW)
        assert not await subscribed(session, contact, "offers")


async def test_the_same_source_says_the_same_once(database: Database, contact: UUID) -> None:
    for source in ("run/1", "run/1", "run/2"):
        async with database.transaction() as session:
            await set_topics(session, contact, {"offers": True}, source, NOW)
    assert await rows(database, "SELECT source FROM consents ORDER BY id") == [("run/1",), ("run/2",)]
