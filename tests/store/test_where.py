"""A condition in SQL says what it says in memory: of conditions, contacts and histories at random, on PostgreSQL."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, given, settings
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from rules.conditions import Condition
from rules.facts import Named
from rules.holds import holds
from rules.needs import needs, together
from rules.references import Circle
from store.facts import known_of
from store.tables import CONTACTS
from store.where import where
from tests.rules.oddities import HUGE, PATTERNS, STRANGE, TEXTS, UNSTORABLE
from tests.rules.worlds import EXAMPLES, NOW, NUMBERS, History, World, parsed, worlds
from tests.store.remembering import remember

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


_BOUNDS = ["now", "30m ago", "in 1h", "2026-11-21", "2026-11-21T12:00:00+02:00", "2026-11-21T12:00:00.123456Z"]
_VALUES = [
    *(*HUGE, *NUMBERS, *TEXTS, *STRANGE, True, False, None),
    *([], [1, "gold", None, [1]], ["", True], {}, {"n": 1}, {"gold": "gold"}, [0.1], [2**53 + 1]),
    *("2026-11-21", "2026-11-21T12:00:00Z", "2026-11-21T12:00", "2026-11-21 12:30:00.1234567-03", "2026-11-21T10:00Z"),
    *("2026-11-21T12:00:00.123456", "2026-11-21T11:30:00Z", "2026-11-21T17:45:00+0545", "2026-11-21T13:00:00Z"),
]
_WRITTEN: list[dict[str, Any]] = [
    *({each: wanted} for wanted in [*TEXTS, *STRANGE, *UNSTORABLE] for each in ("is", "contains", "starts_with")),
    *({each: wanted} for wanted in [*HUGE, *NUMBERS, True, False] for each in ("is", "contains")),
    *({each: float(wanted)} for wanted in [*HUGE, *NUMBERS] for each in ("gt", "gte", "lt", "lte")),
    *({"matches": pattern} for pattern in PATTERNS),
    *({each: bound} for bound in _BOUNDS for each in ("before", "after")),
    *({"in": [True, "1", 1]}, {"exists": True}, {"exists": False}, {"exists": False, "is": 1}),
]


async def test_every_comparison_of_every_odd_value_is_the_same_in_both(connection: AsyncConnection) -> None:
    these = [History({"n": value}, [], [], [], [], {}) for value in _VALUES]
    for first in range(0, len(_WRITTEN), 100):
        written = _WRITTEN[first : first + 100]
        asked = [parsed({"trait": "n", **each}) for each in written]
        in_sql, in_memory = await told(connection, asked, Named(), these)
        for value, sqls, memories in zip(_VALUES, in_sql, in_memory, strict=True):
            differing = [each for each, sql, memory in zip(written, sqls, memories, strict=True) if sql is not memory]
            assert not differing, (value, differing)


def test_a_circle_of_segments_is_told() -> None:
    circle = Named({"a": parsed({"segment": "b"}), "b": parsed({"segment": "a"})})
    with pytest.raises(Circle, match="segment b -> segment a -> segment b"):
        where(parsed({"segment": "b"}), circle, NOW)
