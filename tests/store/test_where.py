"""A condition in SQL says what it says in memory: of conditions, contacts and histories at random, on PostgreSQL."""

import os
from uuid import uuid4

from hypothesis import Phase, given, settings
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from rules.conditions import Condition
from rules.facts import Named
from rules.holds import holds
from rules.needs import needs, together
from store.facts import known_of
from store.tables import CONTACTS
from store.where import where
from tests.rules.worlds import NOW, History, World, worlds
from tests.store.remembering import remember

EXAMPLES = int(os.environ.get("KUNDRESA_EXAMPLES", "2000"))
TOGETHER = 4
"""Conditions that are asked at once, and contacts that they are asked of."""


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


# A seed of another size tells nothing simpler: it is not made smaller.
@settings(max_examples=EXAMPLES // TOGETHER, phases=[Phase.generate], deadline=None, derandomize=True, database=None)
@given(world=worlds)
async def test_sql_and_memory_agree(connection: AsyncConnection, world: World) -> None:
    asked, named = [world.anything() for _ in range(TOGETHER)], world.named()
    these = [world.history() for _ in range(TOGETHER)]
    in_sql, in_memory = await told(connection, asked, named, these)
    differing = [
        (asked[number].model_dump(by_alias=True, exclude_none=True), history, f"SQL says {sql}")
        for history, sqls, memories in zip(these, in_sql, in_memory, strict=True)
        for number, (sql, memory) in enumerate(zip(sqls, memories, strict=True))
        if sql is not memory
    ]
    assert not differing, (differing[0], named)
