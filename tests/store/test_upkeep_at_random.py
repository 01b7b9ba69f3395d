"""Whatever happens, in any order and with any time between: what is kept is the truth, and each change was told."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text

from store.incoming import Statement
from store.named import named
from store.tables import CONTACTS
from store.upkeep import clock
from store.where import where
from tests.rules.worlds import EXAMPLES
from tests.store.happening import rows
from tests.store.keeping import BOUGHT, Condition, Keeping

SEEDS = range(max(2, EXAMPLES // 500))
ROUNDS, USERS = 12, [f"user-{number}" for number in range(12)]

SEGMENTS: dict[str, Condition] = {
    "bought": BOUGHT,
    "never": {"not": BOUGHT},
    "lately": {**BOUGHT, "within": "10d"},
    "often": {**BOUGHT, "within": "20d", "times": {"at_least": 2, "at_most": 3}},
    "spent": {**BOUGHT, "within": "15d", "sum": {"property": "total", "gte": 100}},
    "last": {**BOUGHT, "last": {"property": "total", "lt": 50}},
    "looked": {"event": "Product Viewed", "after": "5d ago"},
    "long-ago": {"event": "Product Viewed", "before": "12d ago", "where": {"property": "total", "gt": 20}},
    "gold": {"trait": "plan", "is": "gold"},
    "renewing": {"trait": "renews", "after": "now", "before": "in 7d"},
    "readers": {"topic": "news"},
    "quiet": {"all": [{"segment": "bought"}, {"not": {"segment": "lately"}}]},
    "lapsed": {"stage": "lapsed"},
    "mixed": {"any": [{"all": [{"segment": "gold"}, {"segment": "quiet"}]}, {"not": {"segment": "readers"}}]},
}
STAGES: dict[str, Condition | None] = {
    "lapsed": {"all": [BOUGHT, {"not": {**BOUGHT, "within": "14d"}}]},
    "loyal": {**BOUGHT, "times": {"at_least": 3}, "within": "14d"},
    "customer": BOUGHT,
    "lead": None,
}
_BY = "cast(:by AS interval)"
_SHIFTS = (
    f"UPDATE events SET occurred_at = occurred_at - {_BY}, received_at = received_at - {_BY}",
    f"UPDATE due SET at = at - {_BY}",
    f"UPDATE contacts SET created_at = created_at - {_BY}, stage_since = stage_since - {_BY}",
    f"UPDATE fills SET began_at = began_at - {_BY}, filled_at = filled_at - {_BY}",
    f"""
    UPDATE contacts SET traits = jsonb_set(traits, '{{renews}}', to_jsonb(
        to_char(cast(traits ->> 'renews' AS timestamptz) - {_BY}, 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00')))
    WHERE traits ? 'renews'
    """,
)


async def pass_(keeping: Keeping, by: timedelta) -> None:
    """Let time pass: everything that is known happened earlier by so much."""
    async with keeping.database.transaction() as session:
        await session.execute(text("SET LOCAL TimeZone = 'UTC'"))
        for shift in _SHIFTS:
            await session.execute(text(shift), {"by": by})


async def something(keeping: Keeping, chance: Random, user: str) -> None:
    fields: dict[str, Any] = {}
    if chance.random() < 0.2:
        fields["occurred_at"] = datetime.now(UTC) - timedelta(days=chance.uniform(0, 25))
    match chance.randrange(6):
        case 0 | 1:
            await keeping.happens(user, "Order Completed", properties={"total": chance.choice([10, 60, "x"])}, **fields)
        case 2:
            await keeping.happens(user, "Product Viewed", properties={"total": chance.choice([10, 30])}, **fields)
        case 3:
            await keeping.happens(user, "Plan Told", traits={"plan": chance.choice(["gold", "basic", None])})
        case 4:
            renews = datetime.now(UTC) + timedelta(days=chance.uniform(-3, 12))
            await keeping.happens(user, "Plan Told", traits={"renews": renews.isoformat()})
        case _:
            yes = chance.random() < 0.6
            name = "Subscribed" if yes else "Unsubscribed"
            await keeping.happens(user, name, consents=(Statement("news", yes),))


async def truth(keeping: Keeping) -> dict[str, set[Any]]:
    """Who is in each segment, and at each stage, by the SQL of its condition."""
    async with keeping.database.transaction() as session:
        known, now = await named(session), await clock(session)
        whole = select(CONTACTS.c.id).where(CONTACTS.c.merged_into.is_(None))
        found = {
            name: set((await session.execute(whole.where(where(when, known, now)))).scalars())
            for name, when in known.segments.items()
        }
        taken: set[Any] = set()
        for stage in known.stages:
            here = where(stage.when, known, now) if stage.when is not None else CONTACTS.c.id.is_not(None)
            people = set((await session.execute(whole.where(here))).scalars())
            found[f"stage {stage.stage}"] = people - taken
            taken |= people
    return found


async def kept(keeping: Keeping) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = defaultdict(set)
    for name, contact in await rows(keeping.database, "SELECT segment, contact_id FROM memberships"):
        found[name].add(contact)
    for stage, contact in await rows(keeping.database, "SELECT stage, id FROM contacts WHERE merged_into IS NULL"):
        found[f"stage {stage}"].add(contact)
    return found


async def told(keeping: Keeping) -> dict[str, set[Any]]:
    """Who is where by what was announced; entering twice, or leaving what was not entered, is found out here."""
    found: dict[str, set[Any]] = defaultdict(set)
    announced = "SELECT name, contact_id, properties FROM events WHERE properties ?| '{segment,to}' ORDER BY seq"
    for name, contact, properties in await rows(keeping.database, announced):
        if name == "Stage Changed":
            if "from" in properties:
                found[f"stage {properties['from']}"].remove(contact)
            found[f"stage {properties['to']}"].add(contact)
        elif name == "Segment Entered":
            assert contact not in found[properties["segment"]]
            found[properties["segment"]].add(contact)
        else:
            found[properties["segment"]].remove(contact)
    return found


@pytest.mark.parametrize("merging", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_kept_and_what_was_told_are_the_truth(keeping: Keeping, seed: int, merging: bool) -> None:
    chance = Random(seed)
    await keeping.publish(**SEGMENTS)
    await keeping.stages(**STAGES)
    await keeping.fill()
    for _ in range(ROUNDS):
        for user in chance.sample(USERS, 5):
            await something(keeping, chance, user)
        if merging and chance.random() < 0.5:
            await keeping.happens(None, "Order Completed", anonymous_id=chance.choice("abc"), properties={"total": 9})
            await keeping.happens(chance.choice(USERS), "Signed In", anonymous_id=chance.choice("abc"))
        await keeping.route()
        await pass_(keeping, timedelta(days=chance.uniform(0, 8)))
        await keeping.sweep()
        expected = _some(await truth(keeping))
        assert _some(await kept(keeping)) == expected
        # Of two who became one, each may have been told to enter.
        assert merging or _some(await told(keeping)) == expected


def _some(found: dict[str, set[Any]]) -> dict[str, set[Any]]:
    return {name: people for name, people in found.items() if people}
