"""The published versions of journeys, for those who look."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Version:
    """One version: `state` is `live`, `next` (it waits until all inside have finished) or `` (it takes nobody)."""

    journey: str
    number: int
    state: str
    people: int
    hash: str
    published_at: datetime


_VERSIONS = text(
    """
    SELECT * FROM (
        SELECT v.journey, v.number, v.hash, v.published_at,
               CASE v.number WHEN j.live_version THEN 'live' WHEN j.next_version THEN 'next' ELSE '' END AS state,
               (SELECT count(*) FROM enrolments e
                WHERE e.journey = v.journey AND e.version = v.number AND e.status <> 'ended') AS people
        FROM journey_versions v JOIN journeys j ON j.name = v.journey
        WHERE cast(:journey AS text) IS NULL OR v.journey = :journey
    ) versions
    WHERE cast(:journey AS text) IS NOT NULL OR state <> '' OR people > 0
    ORDER BY journey, number DESC
    """
)


async def of_journey(session: AsyncSession, journey: str) -> list[Version]:
    """Every version of a journey, the latest first."""
    return [Version(**row) for row in (await session.execute(_VERSIONS, {"journey": journey})).mappings()]


async def current(session: AsyncSession) -> list[Version]:
    """The versions of all journeys that take new contacts, or will; and those that people are still inside."""
    return [Version(**row) for row in (await session.execute(_VERSIONS, {"journey": None})).mappings()]
