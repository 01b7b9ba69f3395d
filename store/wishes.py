"""Marketing letters that want to leave and wait: for the end of quiet hours, for room under a cap, for each other."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.pacing import Wished
from store.ledger import Draft


@dataclass(frozen=True)
class Wish:
    """A letter that waits since `at`. `not_after` is when it grows stale, after all that it was made to wait."""

    at: datetime
    until: datetime
    not_after: datetime


async def wish(session: AsyncSession, send_key: str) -> Wish | None:
    """The wish of this letter; None: it was never made to wait."""
    row = (
        await session.execute(text("SELECT at, until, not_after FROM wishes WHERE send_key = :key"), {"key": send_key})
    ).one_or_none()
    return Wish(row.at, row.until, row.not_after) if row is not None else None


_WAIT = text(
    """
    INSERT INTO wishes (send_key, enrolment_id, contact_id, topic, priority, at, until, not_after)
    VALUES (:send_key, :enrolment_id, :contact_id, :topic, :priority, :at, :until, :not_after)
    ON CONFLICT (send_key) DO UPDATE
        SET contact_id = excluded.contact_id, until = excluded.until, not_after = excluded.not_after
    """
)


async def wait(session: AsyncSession, draft: Draft, priority: int, waits: Wish) -> None:
    """Write down that the letter waits. When it began to wish stands."""
    values = {**draft.values(), "priority": priority, **waits.__dict__}
    await session.execute(_WAIT, values)


async def drop(session: AsyncSession, send_key: str) -> None:
    """The letter does not wait any more: it leaves, or never will."""
    await session.execute(text("DELETE FROM wishes WHERE send_key = :key"), {"key": send_key})


_CONTENDING = text(
    """
    SELECT w.send_key, w.priority, w.at, w.topic, e.journey
    FROM wishes w
    JOIN enrolments e ON e.id = w.enrolment_id AND e.status = 'active'
    LEFT JOIN journeys j ON j.name = e.journey
    WHERE w.contact_id = :contact AND w.send_key <> :send_key AND w.until BETWEEN :earliest AND :latest
      AND j.paused_at IS NULL
    """
)


async def contending(
    session: AsyncSession, contact: UUID, send_key: str, earliest: datetime, latest: datetime
) -> list[Wished]:
    """The contact's other letters that are about to ask to leave. Who did not come in time is not waited for."""
    asked = {"contact": contact, "send_key": send_key, "earliest": earliest, "latest": latest}
    rows = await session.execute(_CONTENDING, asked)
    return [Wished(row.send_key, row.priority, row.at, row.topic, row.journey) for row in rows]


_RIVALS = text(
    """
    SELECT count(*) FROM enrolments e
    JOIN journey_versions v ON v.journey = e.journey AND v.number = e.version
    WHERE e.contact_id = :contact AND e.id <> :enrolment AND e.status = 'active'
      AND (v.definition ->> 'class' = 'marketing' OR EXISTS (SELECT FROM wishes w WHERE w.enrolment_id = e.id))
    """
)


async def rivals(session: AsyncSession, contact: UUID, enrolment: UUID) -> int:
    """How many other runs of the contact may want to write a marketing letter at this moment."""
    return int(await session.scalar(_RIVALS, {"contact": contact, "enrolment": enrolment}) or 0)


async def forget(session: AsyncSession) -> int:
    """Remove wishes whose run is over, or whose letter nobody asked for any more for a day; how many there were."""
    rows = await session.execute(
        text(
            """
            DELETE FROM wishes w USING enrolments e
            WHERE e.id = w.enrolment_id AND e.status = 'ended'
               OR e.id = w.enrolment_id AND greatest(w.until, w.not_after) < now() - cast(:day AS interval)
            RETURNING 1
            """
        ),
        {"day": timedelta(days=1)},
    )
    return len(rows.all())
