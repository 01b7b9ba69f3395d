"""The sweep: what falls due by time alone, and what was published newly, is brought up to the truth."""

import time
from dataclasses import dataclass

from temporalio import activity

from activities.heartbeat import beating
from store import backfill, fills, upkeep
from store.knowledge import Watch
from store.session import Database

_ROUND_S = 300.0
"""After an outage more may be due than one round should take; the next one goes on."""


@dataclass
class Worked:
    """How many rows of the due-list were worked off, or batches were filled in."""

    number: int


class Upkeep:
    """Activities of the sweep. Any number of sweeps may work side by side."""

    def __init__(self, database: Database, watch: Watch) -> None:
        self._database = database
        self._watch = watch

    @activity.defn
    async def work_off(self) -> Worked:
        """Look at everybody of whom something is due, until nobody is left or the round has lasted long enough."""
        number, until = 0, time.monotonic() + _ROUND_S
        async with beating():
            while time.monotonic() < until:
                async with self._database.transaction() as session:
                    done, _ = await upkeep.work_off(session, self._watch)
                if not done:
                    break
                number += done
        return Worked(number)

    @activity.defn
    async def fill(self) -> Worked:
        """Fill in what is new, batch after batch, until all is filled in."""
        number = 0
        async with self._database.transaction() as session:
            await fills.follow(session)
        async with beating():
            while True:
                async with self._database.transaction() as session:
                    filling = await backfill.fill(session, self._watch)
                if filling is None:
                    return Worked(number)
                number += 1
