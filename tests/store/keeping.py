"""A shop whose segments are kept current, as the router and the sweep do it, for the tests of upkeep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text

from rules.journey import Journey
from store import backfill, fills, journeys, outbox, upkeep
from store.intake import Intake
from store.knowledge import Watch
from store.outcome import Tally
from store.session import Database
from tests.store.happening import happened, rows

Condition = Mapping[str, Any]
ZONE = ZoneInfo("Europe/Mariehamn")

BOUGHT: Condition = {"event": "Order Completed"}
GONE_QUIET: Condition = {"all": [BOUGHT, {"not": {**BOUGHT, "within": "30d"}}]}


def ago(**span: float) -> datetime:
    """So long before now."""
    return datetime.now(UTC) - timedelta(**span)


@dataclass
class Keeping:
    """Publishes definitions, lets things happen, and does the work of router and sweep by hand."""

    database: Database
    intake: Intake
    watch: Watch = field(default_factory=lambda: Watch(ZONE))

    async def publish(self, **segments: Condition) -> None:
        """These segments (`one_time` is called `one-time`) are in force now, beside those that are already."""
        named = {name.replace("_", "-"): when for name, when in segments.items()}
        async with self.database.transaction() as session:
            for name, when in named.items():
                definition = orjson.dumps({"segment": name, "title": name.title(), "when": when}).decode()
                await session.execute(_PUBLISH, {"name": name, "definition": definition})
            await fills.follow(session)

    async def withdraw(self, name: str) -> None:
        async with self.database.transaction() as session:
            await session.execute(text("UPDATE segments SET withdrawn_at = now() WHERE name = :name"), {"name": name})
            await fills.follow(session)

    async def stages(self, **conditions: Condition | None) -> None:
        """These are the stages of the lifecycle now, in this order."""
        stages = [
            {"stage": name, "title": name.title()} | ({"when": when} if when is not None else {})
            for name, when in conditions.items()
        ]
        async with self.database.transaction() as session:
            await session.execute(_STAGES, {"definition": orjson.dumps({"stages": stages}).decode()})
            await fills.follow(session)

    async def journey(self, **trigger: Any) -> None:
        """The journey `tried` is live with this trigger now."""
        await self.journeys([trigger])

    async def journeys(self, triggers: list[dict[str, Any]]) -> None:
        """The journey `tried` is live with these triggers now."""
        says = {"journey": "tried", "title": "Tried", "class": "transactional", "steps": [{"send": "hello"}]}
        async with self.database.transaction() as session:
            await journeys.publish(session, Journey.model_validate(says | {"trigger": triggers}))
        await self.follow()

    async def follow(self) -> None:
        """See what was published or withdrawn."""
        async with self.database.transaction() as session:
            await fills.follow(session)

    async def happens(self, user: str | None, name: str = "Product Viewed", **fields: Any) -> None:
        """An event of this user arrives now."""
        now = datetime.now(UTC)
        await self.intake.accept([happened(name, user_id=user, **{"occurred_at": now, "received_at": now} | fields)])

    async def route(self) -> Tally:
        """Keep up with every event that waits, with those that this makes, too."""
        whole = Tally()
        async with self.database.transaction() as session:
            lanes = await outbox.busy_lanes(session)
        for lane in lanes:
            async with self.database.transaction() as session:
                waiting = await outbox.take(session, lane, 200)
                whole += await upkeep.keep(session, self.watch, upkeep.told_by(waiting))
                await outbox.done(session, [each.event.seq for each in waiting])
        return whole + await self.route() if lanes else whole

    async def fill(self, limit: int = 2_000) -> int:
        """Fill in whatever is new; how many batches that took."""
        batches = 0
        while True:
            async with self.database.transaction() as session:
                if await backfill.fill(session, self.watch, limit) is None:
                    return batches
            batches += 1

    async def sweep(self) -> Tally:
        """Work off what is due."""
        whole = Tally()
        while True:
            async with self.database.transaction() as session:
                number, tally = await upkeep.work_off(session, self.watch)
            whole += tally
            if not number:
                return whole

    async def members(self, segment: str) -> set[str]:
        return {user for (user,) in await rows(self.database, _MEMBERS, segment=segment)}

    async def told(self) -> list[tuple[str, str, str]]:
        """What was announced, in its order: the user, `entered` or `left` or `stage` or `date`, and of what."""
        return [(user, _WORDS[name], what) for user, name, what in await rows(self.database, _TOLD)]

    async def due(self) -> list[tuple[str, str, str]]:
        """What is on the due-list: user, kind and name."""
        return [(user, kind, name) for user, kind, name in await rows(self.database, _DUE)]


_PUBLISH = text("""
    INSERT INTO segments (name, hash, definition) VALUES (:name, md5(:definition), cast(:definition AS jsonb))
    ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, definition = excluded.definition, withdrawn_at = NULL
""")
_STAGES = text("""
    INSERT INTO policies (name, hash, definition) VALUES ('stages', md5(:definition), cast(:definition AS jsonb))
    ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, definition = excluded.definition
""")
_USER = "(SELECT min(i.value) FROM identities i WHERE i.contact_id = x.contact_id AND i.kind = 'user')"
_MEMBERS = f"SELECT {_USER} FROM memberships x WHERE segment = :segment"
_DUE = f"SELECT {_USER}, kind, name FROM due x ORDER BY 1, 2, 3"
_TOLD = f"""
SELECT {_USER}, x.name, coalesce(properties ->> 'segment', properties ->> 'to', properties ->> 'date')
FROM events x WHERE x.name IN ('Segment Entered', 'Segment Left', 'Stage Changed', 'Date Reached') ORDER BY seq
"""
_WORDS = {"Segment Entered": "entered", "Segment Left": "left", "Stage Changed": "stage", "Date Reached": "date"}
