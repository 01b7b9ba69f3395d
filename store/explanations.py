"""What was recorded of one contact, for those who ask why."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.decisions import Noted
from rules.journey import Journey
from rules.telling import Answer, Post, Record, Stay, explain, writers
from store import journeys

_NARROWED = "contact_id = :contact AND (cast(:journey AS text) IS NULL OR journey = :journey)"

# A decision may have been written down for a contact in the moment in which it became another one.
_DECISIONS = text(
    """
    SELECT key, at, contact_id, enrolment_id, journey, version, step, kind, verdict, reason, facts
    FROM decisions
    WHERE contact_id IN (SELECT cast(:contact AS uuid) UNION ALL SELECT id FROM contacts WHERE merged_into = :contact)
      AND (cast(:journey AS text) IS NULL OR journey = :journey)
    ORDER BY id DESC LIMIT :limit
    """
)
_STAYS = text(
    f"""
    SELECT id, journey, version, key, status, reason, started_at, ended_at, goal_at
    FROM enrolments WHERE {_NARROWED} ORDER BY started_at DESC, id LIMIT :limit
    """  # noqa: S608  (a constant of ours)
)
_POSTS = text(
    f"""
    SELECT enrolment_id, journey, step, letter, state, reason, created_at, settled_at
    FROM messages WHERE {_NARROWED} AND (cast(:letter AS text) IS NULL OR letter = :letter)
    ORDER BY created_at DESC, id LIMIT :limit
    """  # noqa: S608  (a constant of ours)
)


async def record(
    session: AsyncSession, contact: UUID, journey: str | None, letter: str | None, limit: int = 200
) -> Record:
    """The contact's enrolments, letters and decisions, the latest first; of one journey, if it is named."""
    asked: dict[str, Any] = {"contact": contact, "journey": journey, "letter": letter, "limit": limit}
    stays = (await session.execute(_STAYS, asked)).mappings()
    posts = (await session.execute(_POSTS, asked)).mappings()
    decisions = (await session.execute(_DECISIONS, asked)).mappings()
    return Record([Stay(**row) for row in stays], [Post(**row) for row in posts], [Noted(**row) for row in decisions])


class NothingToExplain(LookupError):
    """No journey bears this name, or none sends this letter."""


async def explained(session: AsyncSession, contact: UUID, journey: str | None, letter: str | None) -> list[Answer]:
    """Why the contact got the letter, or did not; without a letter, what became of it in each journey.

    Raises NothingToExplain; VersionUnreadable when newer code has published one of the journeys.
    """
    recorded = await record(session, contact, journey, letter)
    known = await _journeys(session, recorded, journey)
    if journey is not None and not known:
        raise NothingToExplain(f"there is no journey {journey}")
    asked = writers(known, letter) if letter is not None else known
    if letter is not None and not asked:
        raise NothingToExplain(
            f"no journey sends the letter {letter}" if journey is None else f"{journey} sends no {letter}"
        )
    return explain(recorded, asked, letter)


async def _journeys(session: AsyncSession, recorded: Record, only: str | None) -> list[Journey]:
    """The journeys as they are live; those that are not live as the contact went through them."""
    numbers = {stay.journey: stay.version for stay in reversed(recorded.stays)}
    numbers |= await journeys.live_versions(session)
    return [
        await journeys.definition(session, name, number)
        for name, number in sorted(numbers.items())
        if only in (None, name)
    ]


_FORGET = text(
    """
    DELETE FROM decisions WHERE id IN (
        SELECT id FROM decisions WHERE at < now() - cast(:kept AS interval) ORDER BY at LIMIT :limit)
    """
)


async def forget(session: AsyncSession, kept: timedelta, limit: int = 5_000) -> int:
    """Remove a batch of the decisions that are older than this; how many there were."""
    removed = await session.execute(_FORGET, {"kept": kept, "limit": limit})
    return int(getattr(removed, "rowcount", 0))


_WAYS = text(
    """
    SELECT split.key AS split, split.value AS way, count(*) AS entered, count(goal_at) AS reached
    FROM enrolments, jsonb_each_text(ways) AS split
    WHERE journey = :journey AND (cast(:version AS integer) IS NULL OR version = :version)
    GROUP BY split.key, split.value ORDER BY split.key, split.value
    """
)
_WHOLE = text(
    """
    SELECT count(*) AS entered, count(goal_at) AS reached FROM enrolments
    WHERE journey = :journey AND (cast(:version AS integer) IS NULL OR version = :version)
    """
)


async def results(session: AsyncSession, journey: str, version: int | None) -> list[tuple[str, str, int, int]]:
    """How many entered and how many reached the goal: (split, way, entered, reached); first all, with "" and "all"."""
    asked = {"journey": journey, "version": version}
    whole = (await session.execute(_WHOLE, asked)).one()
    ways = await session.execute(_WAYS, asked)
    return [
        ("", "all", whole.entered, whole.reached),
        *((row.split, row.way, row.entered, row.reached) for row in ways),
    ]
