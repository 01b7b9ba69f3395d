"""What the store knows of a contact, in the form in which rules ask for it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.facts import Happening


async def happenings(
    session: AsyncSession, contact: UUID, names: Collection[str] | None, *, from_seq: int = 0, limit: int = 10_000
) -> list[Happening]:
    """The contact's events of these names (None: all), oldest first, at most the `limit` latest of them."""
    rows = await session.execute(
        text(
            """
            SELECT seq, name, properties, occurred_at FROM (
                SELECT seq, name, properties, occurred_at FROM events
                WHERE contact_id = :contact AND seq >= :from_seq AND (:every OR name = ANY(:names))
                ORDER BY seq DESC LIMIT :limit
            ) latest ORDER BY seq
            """
        ),
        {"contact": contact, "names": list(names or ()), "every": names is None, "from_seq": from_seq, "limit": limit},
    )
    return [Happening(row.name, row.occurred_at, row.properties, row.seq) for row in rows]


@dataclass(frozen=True)
class Entrant:
    """The contact of an enrolment as it is now, and the event that it entered with. `paused`: the journey is held."""

    contact_id: UUID
    traits: dict[str, Any]
    paused: bool
    entered: datetime
    start: dict[str, Any]


async def entrant(session: AsyncSession, enrolment: UUID) -> Entrant:
    """Look at the contact of this enrolment. Raises LookupError when there is no such enrolment."""
    rows = await session.execute(
        text(
            """
            SELECT e.contact_id, c.traits, j.paused_at IS NOT NULL AS paused,
                   v.occurred_at AS entered, v.properties AS start
            FROM enrolments e
            JOIN contacts c ON c.id = e.contact_id
            JOIN events v ON v.seq = e.trigger_seq
            LEFT JOIN journeys j ON j.name = e.journey
            WHERE e.id = :id
            """
        ),
        {"id": enrolment},
    )
    row = rows.mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no enrolment {enrolment}")
    return Entrant(**row)
