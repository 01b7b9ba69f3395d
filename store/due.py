"""The due-list: for each contact the next instant at which time alone changes something that is kept.

Rows of the kinds `segment`, `stage` and `date` are written under the contact's lock. Those of the kind `look` ask for a
look at the contact as soon as possible, since something changed that no event tells; whoever changes it writes them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

LOOK = "look"
ALL, STAYS, LETTERS = "all", "stays", "letters"

Key = tuple[str, str, UUID]
"""Kind, name and contact."""


@dataclass(frozen=True)
class Instant:
    """When something falls due; `day` is that of a date's occurrence."""

    at: datetime
    day: str | None = None


async def of(session: AsyncSession, contacts: Collection[UUID]) -> dict[Key, Instant]:
    """What stands on the list for these contacts."""
    rows = await session.execute(
        text("SELECT kind, name, contact_id, at, day FROM due WHERE contact_id = ANY(:ids) AND kind <> :look"),
        {"ids": list(contacts), "look": LOOK},
    )
    return {(row.kind, row.name, row.contact_id): Instant(row.at, row.day) for row in rows}


_SET = text(
    """
    INSERT INTO due (kind, name, contact_id, at, day)
    SELECT * FROM unnest(cast(:kinds AS text[]), cast(:names AS text[]), cast(:contacts AS uuid[]),
                         cast(:ats AS timestamptz[]), cast(:days AS text[]))
    ON CONFLICT (kind, name, contact_id) DO UPDATE SET at = excluded.at, day = excluded.day
    """
)

_UNSET = text(
    """
    DELETE FROM due d
    USING unnest(cast(:kinds AS text[]), cast(:names AS text[]), cast(:contacts AS uuid[])) AS gone (kind, name, id)
    WHERE (d.kind, d.name, d.contact_id) = (gone.kind, gone.name, gone.id)
    """
)


async def change(session: AsyncSession, known: Mapping[Key, Instant], now: Mapping[Key, Instant | None]) -> None:
    """Write what is due now in place of what was; None: nothing is any more."""
    later = {key: instant for key, instant in now.items() if instant is not None and known.get(key) != instant}
    gone = [key for key, instant in now.items() if instant is None and key in known]
    if later:
        ats = [instant.at for instant in later.values()]
        days = [instant.day for instant in later.values()]
        await session.execute(_SET, {**_columns(list(later)), "ats": ats, "days": days})
    if gone:
        await session.execute(_UNSET, _columns(gone))


def _columns(keys: Sequence[Key]) -> dict[str, list[object]]:
    return {
        "kinds": [kind for kind, _, _ in keys],
        "names": [name for _, name, _ in keys],
        "contacts": [contact for _, _, contact in keys],
    }


# A row that stands already is made younger, so that whoever is just looking, and has not seen this, leaves it there.
_LOOK_AT = """
    INSERT INTO due (kind, name, contact_id, at)
    SELECT DISTINCT 'look', :what, x.contact_id, clock_timestamp() FROM {table} x
    WHERE x.id = ANY(:ids) AND (
        EXISTS (SELECT FROM segments s WHERE s.withdrawn_at IS NULL AND s.definition @? cast(:path AS jsonpath))
        OR EXISTS (SELECT FROM policies p WHERE p.name = 'stages' AND p.definition @? cast(:path AS jsonpath)))
    ORDER BY x.contact_id
    ON CONFLICT (kind, name, contact_id) DO UPDATE SET at = excluded.at
    """
_STAYED = text(_LOOK_AT.format(table="enrolments"))
_RECEIVED = text(_LOOK_AT.format(table="messages"))


async def look_at(session: AsyncSession, enrolments: Collection[UUID], what: Literal["stays"] = "stays") -> None:
    """These enrolments began or ended: have the sweep look at their contacts, if any segment asks for that."""
    if enrolments:
        await session.execute(_STAYED, {"ids": list(enrolments), "what": what, "path": "$.**.in_journey"})


async def look_at_receiver(session: AsyncSession, message: UUID) -> None:
    """A message was sent: have the sweep look at its contact, if any segment asks for that."""
    await session.execute(_RECEIVED, {"ids": [message], "what": LETTERS, "path": "$.**.letter"})


async def look_at_all(session: AsyncSession, contacts: Collection[UUID]) -> None:
    """Have a sweep that can read every definition look at all that is kept for these contacts."""
    await session.execute(
        text(
            """
            INSERT INTO due (kind, name, contact_id, at)
            SELECT 'look', 'all', id, clock_timestamp() FROM unnest(cast(:ids AS uuid[])) AS id ORDER BY id
            ON CONFLICT (kind, name, contact_id) DO UPDATE SET at = excluded.at
            """
        ),
        {"ids": list(contacts)},
    )


@dataclass(frozen=True)
class Fallen:
    """Something that has fallen due."""

    kind: str
    name: str
    contact: UUID
    at: datetime


async def fallen(
    session: AsyncSession, until: datetime, kinds: Collection[tuple[str, str]], limit: int
) -> list[Fallen]:
    """What of these kinds and names is due, oldest first; its contacts are locked, and those that others hold left out.

    The rows themselves are never locked before their contact: whoever holds a contact never waits for us.
    """
    rows = await session.execute(
        text(
            """
            SELECT d.kind, d.name, d.contact_id, d.at
            FROM due d JOIN contacts c ON c.id = d.contact_id
            WHERE d.at <= :until AND (d.kind, d.name) IN (
                SELECT * FROM unnest(cast(:kinds AS text[]), cast(:names AS text[])))
            ORDER BY d.at LIMIT :limit
            FOR NO KEY UPDATE OF c SKIP LOCKED
            """
        ),
        {
            "until": until,
            "kinds": [kind for kind, _ in kinds],
            "names": [name for _, name in kinds],
            "limit": limit,
        },
    )
    return [Fallen(row.kind, row.name, row.contact_id, row.at) for row in rows]


async def move_strays(session: AsyncSession, contacts: Collection[UUID]) -> None:
    """What stands there for contacts that were just merged becomes a look at the ones that they became.

    What stands there for contacts that were erased goes.
    """
    if contacts:
        rows = await session.execute(
            text(
                """
                WITH gone AS (DELETE FROM due WHERE contact_id = ANY(:ids) RETURNING contact_id)
                SELECT DISTINCT c.merged_into FROM gone JOIN contacts c ON c.id = gone.contact_id
                WHERE c.merged_into IS NOT NULL AND c.erased_at IS NULL
                """
            ),
            {"ids": list(contacts)},
        )
        await look_at_all(session, list(rows.scalars()))


async def looked(session: AsyncSession, contacts: Collection[UUID], until: datetime) -> None:
    """These contacts were looked at, with all that was known at `until`."""
    await session.execute(
        text("DELETE FROM due WHERE kind = :look AND contact_id = ANY(:ids) AND at <= :until"),
        {"look": LOOK, "ids": list(contacts), "until": until},
    )


async def drop_all_but(session: AsyncSession, kind: str, names: str, kept: Collection[str]) -> None:
    """Remove all rows whose names are like `names`, a pattern of LIKE, and not among those that are kept."""
    await session.execute(
        text("DELETE FROM due WHERE kind = :kind AND name LIKE :names AND name <> ALL(:kept)"),
        {"kind": kind, "names": names, "kept": list(kept)},
    )


async def clear(session: AsyncSession, kind: str, names: str, limit: int) -> int:
    """Remove so many rows of what is no longer in force; how many were removed. `names` is a pattern of LIKE."""
    removed = await session.execute(
        text(
            """
            DELETE FROM due WHERE ctid IN (
                SELECT ctid FROM due WHERE kind = :kind AND name LIKE :names LIMIT :limit FOR UPDATE SKIP LOCKED)
            RETURNING 1
            """
        ),
        {"kind": kind, "names": names, "limit": limit},
    )
    return len(removed.all())
