"""Who is inside which version, and how they are brought over to another one."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_PAGE = 200


@dataclass(frozen=True)
class Asked:
    """What was asked for: everybody inside other versions of the journey migrates to this one, or ends."""

    journey: str
    version: int
    manner: str
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Traveller:
    """A run of another version."""

    enrolment: UUID
    workflow_id: str
    version: int


async def inside(session: AsyncSession) -> dict[str, dict[int, int]]:
    """How many people are inside each version of each journey."""
    rows = await session.execute(
        text("SELECT journey, version, count(*) AS people FROM enrolments WHERE status <> 'ended' GROUP BY 1, 2")
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows:
        found[row.journey][row.version] = row.people
    return dict(found)


async def ask(session: AsyncSession, asked: Asked) -> None:
    """Have it done, instead of what was asked for this journey before. The same again begins again where need be."""
    await session.execute(
        text(
            """
            INSERT INTO changeovers (journey, version, manner, mapping)
            VALUES (:journey, :version, :manner, cast(:mapping AS jsonb))
            ON CONFLICT (journey) DO UPDATE SET version = excluded.version, manner = excluded.manner,
                mapping = excluded.mapping, asked_at = now(), done_at = NULL
            """
        ),
        {
            "journey": asked.journey,
            "version": asked.version,
            "manner": asked.manner,
            "mapping": orjson.dumps(dict(asked.mapping)).decode(),
        },
    )


async def call_off(session: AsyncSession, journey: str) -> None:
    """Whoever is inside stays with the version that they have."""
    await session.execute(
        text("UPDATE changeovers SET done_at = now() WHERE journey = :journey AND done_at IS NULL"),
        {"journey": journey},
    )


async def open_ones(session: AsyncSession) -> list[str]:
    """The journeys for which something was asked that is not done."""
    rows = await session.execute(text("SELECT journey FROM changeovers WHERE done_at IS NULL ORDER BY asked_at"))
    return list(rows.scalars())


async def asked(session: AsyncSession, journey: str) -> tuple[Asked, datetime] | None:
    """What was asked for this journey and is not done, and when."""
    rows = await session.execute(
        text(
            """
            SELECT journey, version, manner, mapping, asked_at FROM changeovers
            WHERE journey = :journey AND done_at IS NULL
            """
        ),
        {"journey": journey},
    )
    row = rows.mappings().one_or_none()
    return (
        None if row is None else (Asked(row["journey"], row["version"], row["manner"], row["mapping"]), row["asked_at"])
    )


async def close(session: AsyncSession, journey: str, asked_at: datetime) -> None:
    """What was asked for then is done; what was asked for since is not."""
    await session.execute(
        text("UPDATE changeovers SET done_at = now() WHERE journey = :journey AND asked_at = :at AND done_at IS NULL"),
        {"journey": journey, "at": asked_at},
    )


async def travellers(session: AsyncSession, over: Asked, after: str) -> list[Traveller]:
    """A page of those inside other versions, in the order of their workflows' ids, from `after` on."""
    rows = await session.execute(
        text(
            """
            SELECT id, workflow_id, version FROM enrolments
            WHERE journey = :journey AND version <> :version AND status <> 'ended' AND workflow_id > :after
            ORDER BY workflow_id LIMIT :page
            """
        ),
        {"journey": over.journey, "version": over.version, "after": after, "page": _PAGE},
    )
    return [Traveller(row.id, row.workflow_id, row.version) for row in rows]
