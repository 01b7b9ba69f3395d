"""The audience of a schedule: everybody in its segment is called, no more than so many a second."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeat import beating
from rules.names import SCHEDULE_REACHED
from store import audience
from store.announcing import Announcement, announce
from store.audience import SegmentMissing
from store.session import Database

TICKS = 30
"""So many seconds one activity calls people; the next one goes on where it ended."""


@dataclass
class Progress:
    """Whom the schedule has come to: all up to the contact `after`. `called` counts them; `done`: that is everybody."""

    after: UUID | None = None
    called: int = 0
    done: bool = False


@dataclass
class Call:
    """A time of the calendar (a cron line in a zone) at which a journey calls a segment; `at`: the time that it is."""

    journey: str
    segment: str
    schedule: str
    zone: str
    per_second: int
    at: datetime | None = None
    progress: Progress = field(default_factory=Progress)


class Audiences:
    """Activities that call audiences."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def call(self, call: Call) -> Progress:
        """Announce the time to the next members of the segment, a tick's worth each second; how far it came."""
        progress = _resumed() or call.progress
        if not await self._is_live(call.journey):
            return replace(progress, done=True)
        clock = asyncio.get_running_loop()
        async with beating(lambda: _far(progress)):
            for _ in range(TICKS):
                began = clock.time()
                called = await self._tick(call, progress.after)
                if called:
                    progress = Progress(called[-1], progress.called + len(called))
                if len(called) < call.per_second:
                    return replace(progress, done=True)
                activity.heartbeat(*_far(progress))
                await asyncio.sleep(max(0.0, began + 1 - clock.time()))
        return progress

    async def _is_live(self, journey: str) -> bool:
        """Whether the journey still takes anybody in by a schedule: it may have been withdrawn meanwhile."""
        async with self._database.transaction() as session:
            return journey in await audience.scheduled(session)

    async def _tick(self, call: Call, after: UUID | None) -> Sequence[UUID]:
        at = call.at or activity.info().scheduled_time
        async with self._database.transaction() as session:
            try:
                members = await audience.members(session, call.segment, datetime.now(UTC), after, call.per_second)
            except SegmentMissing as problem:
                raise ApplicationError(str(problem), type="SegmentMissing", non_retryable=True) from problem
            await announce(session, [_announcement(call, contact, at) for contact in members])
        return members


def _announcement(call: Call, contact: UUID, at: datetime) -> Announcement:
    instant = at.astimezone(UTC).isoformat(timespec="seconds")
    return Announcement(
        message_id=f"schedule/{call.journey}/{instant}/{contact}",
        contact_id=contact,
        name=SCHEDULE_REACHED,
        at=at,
        properties={"journey": call.journey, "segment": call.segment, "at": instant},
    )


def _far(progress: Progress) -> tuple[object, ...]:
    """How far this attempt has come, for the next one."""
    return (str(progress.after), progress.called) if progress.after is not None else ()


def _resumed() -> Progress | None:
    """How far an earlier attempt has come."""
    details = activity.info().heartbeat_details
    return Progress(UUID(details[0]), int(details[1])) if details else None
