"""A condition in SQL says what it says in memory: of conditions, contacts and histories at random, on PostgreSQL."""

import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from rules.conditions import Condition
from rules.facts import Named
from rules.holds import holds
from rules.needs import needs, together
from rules.references import Circle
from store.facts import known_of
from store.session import async_url
from store.tables import CONTACTS
from store.where import where
from tests.rules.worlds import NOW, History, conditions, histories, named, parsed
from tests.store.remembering import remember

EXAMPLES = int(os.environ.get("KUNDRESA_EXAMPLES", "2000"))
TOGETHER = 4
"""Conditions that are asked at once, and contacts that they are asked of."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(async_url(database_url))
    async with engine.connect() as connection:
        # No session may depend on the zone that a server or a user has set.
        await connection.exec_driver_sql("SET TimeZone = 'Asia/Kathmandu'")
        await connection.commit()
        yield connection
    await engine.dispose()


async def told(
    connection: AsyncConnection, asked: list[Condition], named: Named, these: list[History]
) -> tuple[list[list[bool]], list[list[bool]]]:
    """The truth of each condition of each contact: in SQL, and in memory of what the store knows."""
    people = {uuid4(): history for history in these}
    async with AsyncSession(connection) as session:
        await remember(session, people)
        columns = [where(condition, named, NOW).label(f"c{number}") for number, condition in enumerate(asked)]
        rows = await session.execute(select(CONTACTS.c.id, *columns).where(CONTACTS.c.id.in_(people)))
        in_sql = {row[0]: list(row[1:]) for row in rows}
        wanted = together(needs(condition, named) for condition in asked)
        known = await known_of(session, list(people), wanted, NOW, named)
        await session.rollback()
    in_memory = [[holds(condition, known[contact]) for condition in asked] for contact in people]
    return [in_sql[contact] for contact in people], in_memory


@settings(max_examples=EXAMPLES // TOGETHER, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
@given(
    asked=st.lists(conditions, min_size=TOGETHER, max_size=TOGETHER),
    named=named,
    these=st.lists(histories, min_size=TOGETHER, max_size=TOGETHER),
)
async def test_sql_and_memory_agree(
    connection: AsyncConnection, asked: list[Condition], named: Named, these: list[History]
) -> None:
    in_sql, in_memory = await told(connection, asked, named, these)
    assert in_sql == in_memory
