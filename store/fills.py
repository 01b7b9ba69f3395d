"""Fills: everything that is kept current for each contact, and how far its first computation has come.

A row stands for each segment, for the lifecycle (name ""), and for the date triggers of each live journey. Whoever
publishes or withdraws calls `follow` at the end of its transaction; the sweep does the rest.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.mentions import dates_digest, digests

SEGMENT, STAGE, DATE = "segment", "stage", "date"

CLEARING = ""
"""The hash of what is no longer in force: the sweep removes what was kept for it, and then its row."""

_LOCK = 710_554
"""Whoever keeps contacts current shares this lock, whoever publishes has it alone: nobody keeps by old definitions."""


@dataclass(frozen=True)
class Filling:
    """How far the first computation has come; it goes by the ids of the contacts."""

    kind: str
    name: str
    hash: str
    cursor: UUID | None
    seen: int
    began_at: datetime
    filled_at: datetime | None

    def reached(self, contact: UUID, created_at: datetime) -> bool:
        """Whether what is kept for this contact is what was true, so that a difference is a change.

        Contacts that were made after it began were in nothing before.
        """
        if self.filled_at is not None or created_at >= self.began_at:
            return True
        return self.cursor is not None and contact <= self.cursor


async def follow(session: AsyncSession) -> list[tuple[str, str]]:
    """Begin to fill in what was published newly or changed, and to clear what was withdrawn; kinds and names of both.

    To be called at the end of every transaction that publishes or withdraws segments, policies or journeys. The hash
    is that of all that the truth rests on: when a segment changes, whatever refers to it is filled in again, too.
    """
    if not await _different(session):
        return []
    await alone(session)
    different = await _different(session)
    for (kind, name), content in different.items():
        await begin(session, kind, name, content)
    return list(different)


async def _different(session: AsyncSession) -> dict[tuple[str, str], str]:
    """What is in force and not filled in as it is, or no longer in force and not cleared; with the hash to be."""
    known = {(each.kind, each.name): each.hash for each in await fillings(session)}
    wanted = await _in_force(session)
    changed = {key: content for key, content in wanted.items() if known.get(key) != content}
    return changed | {key: CLEARING for key, content in known.items() if key not in wanted and content != CLEARING}


async def begin(session: AsyncSession, kind: str, name: str, content: str) -> None:
    """Fill in this definition from the first contact on (CLEARING: clear it); the same one again changes nothing."""
    await session.execute(
        text(
            """
            INSERT INTO fills (kind, name, hash) VALUES (:kind, :name, :hash)
            ON CONFLICT (kind, name) DO UPDATE
                SET hash = excluded.hash, cursor = NULL, seen = 0, began_at = now(), filled_at = NULL
                WHERE fills.hash <> excluded.hash
            """
        ),
        {"kind": kind, "name": name, "hash": content},
    )


async def alone(session: AsyncSession) -> None:
    """Have nobody publish, and nobody keep contacts current, until the transaction ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


async def share(session: AsyncSession) -> None:
    """Have nobody publish until the transaction ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": _LOCK})


async def fillings(session: AsyncSession) -> list[Filling]:
    """Everything that is kept current, and how far it has come."""
    rows = await session.execute(
        text("SELECT kind, name, hash, cursor, seen, began_at, filled_at FROM fills ORDER BY began_at, kind, name")
    )
    return [Filling(**row) for row in rows.mappings()]


async def unfinished(session: AsyncSession) -> bool:
    """Whether anything is not filled in yet."""
    return bool(await session.scalar(text("SELECT EXISTS (SELECT FROM fills WHERE filled_at IS NULL)")))


async def take(session: AsyncSession) -> Filling | None:
    """The next fill that is not done, locked until the transaction ends; None: none, or others are at them."""
    rows = await session.execute(
        text(
            """
            SELECT kind, name, hash, cursor, seen, began_at, filled_at FROM fills WHERE filled_at IS NULL
            ORDER BY began_at, kind, name LIMIT 1 FOR UPDATE SKIP LOCKED
            """
        )
    )
    row = rows.mappings().one_or_none()
    return Filling(**row) if row is not None else None


async def advance(session: AsyncSession, filling: Filling, cursor: UUID | None, seen: int) -> None:
    """Note how far it has come, in the transaction that has come so far. `cursor` None: it is done."""
    await session.execute(
        text(
            """
            UPDATE fills SET cursor = coalesce(:cursor, cursor), seen = seen + :seen,
                filled_at = CASE WHEN cast(:cursor AS uuid) IS NULL THEN now() END
            WHERE kind = :kind AND name = :name
            """
        ),
        {"kind": filling.kind, "name": filling.name, "cursor": cursor, "seen": seen},
    )


async def forget(session: AsyncSession, filling: Filling) -> None:
    """It is cleared: nothing is left of it."""
    await session.execute(
        text("DELETE FROM fills WHERE kind = :kind AND name = :name"), {"kind": filling.kind, "name": filling.name}
    )


async def _in_force(session: AsyncSession) -> dict[tuple[str, str], str]:
    """Kind and name of all that must be kept current, each with the hash of what it rests on."""
    segments = await session.execute(text("SELECT name, definition FROM segments WHERE withdrawn_at IS NULL"))
    stages = await session.scalar(text("SELECT definition FROM policies WHERE name = 'stages'"))
    journeys = await session.execute(
        text(
            """
            SELECT j.name, v.definition FROM journeys j
            JOIN journey_versions v ON v.journey = j.name AND v.number = j.live_version
            """
        )
    )
    hashes, lifecycle = digests({row.name: row.definition for row in segments}, stages)
    wanted = {(SEGMENT, name): content for name, content in hashes.items()}
    if lifecycle is not None:
        wanted[STAGE, ""] = lifecycle
    dates = {row.name: dates_digest(row.definition) for row in journeys}
    return wanted | {(DATE, name): content for name, content in dates.items() if content is not None}
