"""The outbox: events that were accepted and not routed yet.

Every contact's events stand in one lane, and one router at a time works on a lane: so their order is kept, and several
routers side by side never do the same work. An event leaves the outbox only after Temporal took what it set going.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.facts import Happening
from store.session import Database, driver_url

_log = logging.getLogger(__name__)

LANES = 32
CHANNEL = "kundresa_outbox"
"""PostgreSQL's notification channel that wakes the routers when events were committed."""

LANE_LOCKS = 710_553
"""The first half of the keys of the advisory locks on lanes: any fixed number that nobody else uses."""


def lane_of(contact_id: UUID) -> int:
    """The lane in which this contact's events wait."""
    return contact_id.int % LANES


@dataclass(frozen=True)
class Waiting:
    """An event that waits to be routed.

    `traits` names the traits that came with it; `backfill`: it was imported, and is a fact but no occasion.
    """

    contact_id: UUID
    event: Happening
    received_at: datetime
    attempts: int
    occurred_at: datetime
    traits: tuple[str, ...] = ()
    backfill: bool = False


async def busy_lanes(session: AsyncSession) -> list[int]:
    """Lanes in which something is due."""
    rows = await session.execute(
        text("SELECT DISTINCT lane FROM outbox WHERE not_before IS NULL OR not_before <= now()")
    )
    return list(rows.scalars())


@asynccontextmanager
async def hold_lane(database: Database, lane: int) -> AsyncIterator[bool]:
    """Hold the lane while the block runs; False: another router holds it. A dead router's lanes are free at once."""
    async with database.engine.connect() as connection:
        taken = await connection.scalar(
            text("SELECT pg_try_advisory_xact_lock(:locks, :lane)"), {"locks": LANE_LOCKS, "lane": lane}
        )
        yield bool(taken)


async def take(session: AsyncSession, lane: int, limit: int) -> list[Waiting]:
    """The next events of a lane, in order. Behind a postponed event its contact's later ones wait, too."""
    rows = await session.execute(
        text(
            """
            SELECT o.seq, v.contact_id, o.attempts, o.traits, o.backfill, v.name, v.properties, v.received_at,
                   v.occurred_at
            FROM outbox o JOIN events v ON v.seq = o.seq
            WHERE o.lane = :lane AND NOT EXISTS (
                SELECT 1 FROM outbox p
                WHERE p.lane = o.lane AND p.contact_id = o.contact_id AND p.seq <= o.seq AND p.not_before > now())
            ORDER BY o.seq LIMIT :limit
            """
        ),
        {"lane": lane, "limit": limit},
    )
    return [
        Waiting(
            row.contact_id,
            Happening(row.name, row.received_at, row.properties, row.seq),
            row.received_at,
            row.attempts,
            row.occurred_at,
            tuple(row.traits),
            row.backfill,
        )
        for row in rows
    ]


async def done(session: AsyncSession, seqs: Sequence[int]) -> None:
    """These events are routed."""
    await session.execute(text("DELETE FROM outbox WHERE seq = ANY(:seqs)"), {"seqs": list(seqs)})


async def postpone(session: AsyncSession, seq: int, error: str, delay: timedelta) -> None:
    """Leave an event that cannot be routed yet; it is tried again after the delay."""
    await session.execute(
        text(
            """
            UPDATE outbox SET attempts = attempts + 1, error = :error, not_before = now() + :delay WHERE seq = :seq
            """
        ),
        {"seq": seq, "error": error[:500], "delay": delay},
    )


class Bell:
    """Rings when events were committed, by PostgreSQL's notifications; without them it rings every second."""

    def __init__(self, database_url: str) -> None:
        self._url = driver_url(database_url)
        self._rung = asyncio.Event()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def wait(self, seconds: float = 1.0) -> None:
        """Return at the next ring, or after so many seconds."""
        await self._listen()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()

    async def _listen(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            return
        try:
            self._connection = await asyncpg.connect(self._url)
            await self._connection.add_listener(CHANNEL, lambda *_: self._rung.set())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("no notifications of new events for now (%s)", type(error).__name__)

    async def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            await self._connection.close()
