"""Killing a part at chosen points of a run, and telling what was under way at that moment."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from tests.end_to_end.running import Running
from tests.end_to_end.shop_client import Shop

# Letters that were under way when a worker was killed stand still: only those of attempts since then are under way.
_LOOK = """
SELECT (SELECT count(*) FROM outbox) AS outbox,
       (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM enrolments WHERE status <> 'ended') AS active,
       (SELECT count(*) FROM enrolments e WHERE status <> 'ended'
        AND EXISTS (SELECT FROM messages m WHERE m.enrolment_id = e.id)
        AND NOT EXISTS (SELECT FROM messages m WHERE m.enrolment_id = e.id AND settled_at IS NULL)) AS asleep,
       (SELECT count(*) FROM attempts) AS attempts,
       (SELECT count(*) FROM messages WHERE state = 'sent') AS sent,
       (SELECT count(*) FROM messages m JOIN attempts a ON a.id = m.lease
        WHERE m.state = 'claimed' AND a.ended_at IS NULL AND a.began_at > $1) AS claimed,
       (SELECT count(*) FROM messages m JOIN attempts a ON a.id = m.lease
        WHERE m.state = 'dot_pending' AND a.began_at > $1) AS dot_pending
"""
_PATIENCE_S = 40.0


@dataclass(frozen=True)
class Sight:
    """How far the work was, and what was under way: calls of the shop, events, runs, and letters.

    `asleep` are runs between two letters; `claimed` and `dot_pending` are letters that are handed to the relay.
    """

    answered: int
    unanswered: int
    events: int
    outbox: int
    active: int
    asleep: int
    attempts: int
    sent: int
    claimed: int
    dot_pending: int

    def done(self, victim: str) -> tuple[int, ...]:
        """What the victim had done by then, alone or with others."""
        return (self.events,) if victim == "api" else (self.attempts, self.sent)

    def busy(self, victim: str) -> bool:
        """Whether the victim had something in its hands."""
        return self.unanswered > 0 if victim == "api" else self.active > 0


@dataclass(frozen=True)
class Kill:
    """One kill: at which point of the run it was wanted, what was seen just before and, if that can be, just after."""

    victim: str
    point: str
    before: Sight
    after: Sight | None
    down_s: float

    def __str__(self) -> str:
        return f"{self.victim} killed while {self.point}, down {self.down_s:.1f} s\n    before {_told(self.before)}" + (
            f"\n    after  {_told(self.after)}" if self.after else ""
        )


def _told(sight: Sight) -> str:
    return ", ".join(f"{name} {number}" for name, number in vars(sight).items())


Wanted = Callable[[Sight], bool]

# What must be under way at each point.
POINTS: Mapping[str, Wanted] = {
    "events come in": lambda sight: sight.unanswered > 0 and sight.answered >= 20,
    "runs start": lambda sight: sight.outbox > 0 and sight.active > 0,
    "letters are sent": lambda sight: sight.dot_pending >= 2,
    "runs sleep": lambda sight: sight.asleep >= 5,
    "letters are sent again": lambda sight: sight.dot_pending >= 2,
}


class Saboteur:
    """Kills one part at every point, and starts it again."""

    def __init__(self, running: Running, shop: Shop, chance: random.Random) -> None:
        self._running = running
        self._shop = shop
        self._chance = chance
        self._since = datetime.now(UTC)
        self.kills: list[Kill] = []
        self.waves = [asyncio.Event() for _ in POINTS]

    async def strike(self, victim: str) -> None:
        """Kill the part at one point after the other. A wave of people comes before each kill, so there is work."""
        for wave, (point, wanted) in zip(self.waves, POINTS.items(), strict=True):
            wave.set()
            before = await self._when(victim, point, wanted)
            await self._running.kill(victim)
            after = await self.look() if victim != "postgres" else None
            down = self._chance.uniform(0.1, 1.0)
            self.kills.append(Kill(victim, point, before, after, down))
            await asyncio.sleep(down)
            self._since = datetime.now(UTC)
            await self._running.start(victim)

    async def _when(self, victim: str, point: str, wanted: Wanted) -> Sight:
        """Wait for the point; and for the victim to have done something since it was killed last."""
        last = self.kills[-1].after or self.kills[-1].before if self.kills else None
        sight: Sight | None = None

        def ripe(now: Sight) -> bool:
            went_on = last is None or now.done(victim) != last.done(victim)
            return wanted(now) and now.busy(victim) and went_on

        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                        if ripe(sight := await self.look()):
                            return sight
                    await asyncio.sleep(0.005)
        raise AssertionError(f"it never came to the point where {point}: {sight and _told(sight)}")

    async def look(self) -> Sight:
        """What is under way."""
        (row,) = await self._running.rows(_LOOK, self._since)
        return Sight(answered=self._shop.answered, unanswered=self._shop.unanswered, **row)
