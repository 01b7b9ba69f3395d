"""Whom a schedule calls: the members of a segment at this moment, page by page."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from store.named import named
from store.tables import CONTACTS
from store.where import where


class SegmentMissing(LookupError):
    """There is no segment of that name."""


async def members(session: AsyncSession, segment: str, now: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Of whom the segment's condition holds now, in the order of their ids, from `after` on. Raises SegmentMissing."""
    known = await named(session)
    if segment not in known.segments:
        raise SegmentMissing(f"there is no segment {segment}")
    truth = where(known.segments[segment], known, now)
    present = (CONTACTS.c.merged_into.is_(None), CONTACTS.c.erased_at.is_(None))
    asked = select(CONTACTS.c.id).where(*present, truth).order_by(CONTACTS.c.id).limit(limit)
    if after is not None:
        asked = asked.where(CONTACTS.c.id > after)
    return (await session.execute(asked)).scalars().all()


_SCHEDULED = text(
    """
    SELECT j.name, v.number FROM journeys j
    JOIN journey_versions v ON v.journey = j.name AND v.number = j.live_version
    WHERE v.definition @? '$.trigger[*].schedule' ORDER BY j.name
    """
)


async def scheduled(session: AsyncSession) -> dict[str, int]:
    """The live journeys that a schedule starts, each with its version."""
    return {row.name: row.number for row in await session.execute(_SCHEDULED)}
