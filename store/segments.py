"""Who is in which segment: the kept membership. Decisions never rest on it; they look at the truth of their moment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Pair = tuple[str, UUID]
"""A segment and a contact."""


async def members(session: AsyncSession, contacts: Collection[UUID]) -> set[Pair]:
    """The segments that these contacts are in."""
    rows = await session.execute(
        text("SELECT segment, contact_id FROM memberships WHERE contact_id = ANY(:ids)"), {"ids": list(contacts)}
    )
    return {(row.segment, row.contact_id) for row in rows}


async def enter(session: AsyncSession, pairs: Sequence[Pair], since: datetime) -> None:
    """These contacts are in these segments from now on."""
    if pairs:
        await session.execute(
            text(
                """
                INSERT INTO memberships (segment, contact_id, since)
                SELECT segment, id, :since
                FROM unnest(cast(:segments AS text[]), cast(:contacts AS uuid[])) AS entered (segment, id)
                ON CONFLICT DO NOTHING
                """
            ),
            {**_columns(pairs), "since": since},
        )


async def leave(session: AsyncSession, pairs: Sequence[Pair]) -> None:
    """These contacts are in these segments no more."""
    if pairs:
        await session.execute(
            text(
                """
                DELETE FROM memberships m
                USING unnest(cast(:segments AS text[]), cast(:contacts AS uuid[])) AS left_ (segment, id)
                WHERE (m.segment, m.contact_id) = (left_.segment, left_.id)
                """
            ),
            _columns(pairs),
        )


def _columns(pairs: Sequence[Pair]) -> dict[str, list[Any]]:
    return {"segments": [segment for segment, _ in pairs], "contacts": [contact for _, contact in pairs]}


async def clear(session: AsyncSession, segment: str, limit: int) -> int:
    """Remove so many members of a segment that was withdrawn; how many were removed."""
    removed = await session.execute(
        text(
            """
            DELETE FROM memberships WHERE segment = :segment AND contact_id IN (
                SELECT contact_id FROM memberships WHERE segment = :segment ORDER BY contact_id LIMIT :limit)
            RETURNING 1
            """
        ),
        {"segment": segment, "limit": limit},
    )
    return len(removed.all())


@dataclass(frozen=True)
class Standing:
    """A segment as operators see it. While it is filled in, `seen` of `contacts` have been looked at."""

    name: str
    title: str
    size: int
    hash: str
    published_at: datetime
    seen: int
    contacts: int
    filled_at: datetime | None

    @property
    def filled(self) -> bool:
        """Whether everybody has been looked at."""
        return self.filled_at is not None


_STANDING = """
SELECT s.name, s.definition ->> 'title' AS title, s.hash, s.published_at, coalesce(f.seen, 0) AS seen, f.filled_at,
       (SELECT count(*) FROM memberships m WHERE m.segment = s.name) AS size,
       CASE WHEN f.filled_at IS NULL
            THEN (SELECT count(*) FROM contacts WHERE merged_into IS NULL AND erased_at IS NULL)
            ELSE f.seen END AS contacts
FROM segments s LEFT JOIN fills f ON f.kind = 'segment' AND f.name = s.name
WHERE s.withdrawn_at IS NULL
"""


async def every(session: AsyncSession) -> list[Standing]:
    """Every segment in force, by name."""
    rows = await session.execute(text(f"{_STANDING} ORDER BY s.name"))
    return [Standing(**row) for row in rows.mappings()]


async def one(session: AsyncSession, name: str) -> Standing | None:
    """The segment of this name; None: there is none in force."""
    row = (await session.execute(text(f"{_STANDING} AND s.name = :name"), {"name": name})).mappings().one_or_none()
    return Standing(**row) if row is not None else None


async def definition(session: AsyncSession, name: str) -> dict[str, Any] | None:
    """What the segment of this name says; None: there is none in force."""
    row = await session.execute(
        text("SELECT definition FROM segments WHERE name = :name AND withdrawn_at IS NULL"), {"name": name}
    )
    found: dict[str, Any] | None = row.scalar_one_or_none()
    return found


@dataclass(frozen=True)
class Member:
    """A contact in a segment."""

    contact: UUID
    since: datetime


async def page(session: AsyncSession, segment: str, after: UUID | None, limit: int) -> list[Member]:
    """The members behind `after`, in the order of their ids."""
    rows = await session.execute(
        text(
            """
            SELECT contact_id AS contact, since FROM memberships
            WHERE segment = :segment AND (cast(:after AS uuid) IS NULL OR contact_id > cast(:after AS uuid))
            ORDER BY contact_id LIMIT :limit
            """
        ),
        {"segment": segment, "after": after, "limit": limit},
    )
    return [Member(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class In:
    """A segment that a contact is in."""

    segment: str
    since: datetime


async def of_contact(session: AsyncSession, contact: UUID) -> list[In]:
    """The segments that this contact is in, by name."""
    rows = await session.execute(
        text(
            """
            SELECT m.segment, m.since FROM memberships m JOIN segments s ON s.name = m.segment
            WHERE m.contact_id = :contact AND s.withdrawn_at IS NULL ORDER BY m.segment
            """
        ),
        {"contact": contact},
    )
    return [In(**row) for row in rows.mappings()]
