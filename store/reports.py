"""What operators ask for. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class JourneyReport:
    """A journey and who is in it; `inside` counts people by status. Without live version nobody enters any more."""

    name: str
    live_version: int | None
    paused_at: datetime | None
    inside: Mapping[str, int]


@dataclass(frozen=True)
class ContactReport:
    """A contact with every identity, as (kind, value)."""

    id: UUID
    traits: Mapping[str, Any]
    created_at: datetime
    seen_at: datetime
    identities: list[tuple[str, str]]


@dataclass(frozen=True)
class Backlog:
    """What the router has still to do. `oldest`: seconds of the longest wait; `refused`: whose last try failed."""

    waiting: int
    oldest: float
    refused: int


async def journeys(session: AsyncSession) -> list[JourneyReport]:
    """Every journey that was ever published."""
    rows = await session.execute(
        text("""
        SELECT j.name, j.live_version, j.paused_at,
               coalesce(jsonb_object_agg(e.status, e.people) FILTER (WHERE e.status IS NOT NULL), '{}') AS inside
        FROM journeys j LEFT JOIN (
            SELECT journey, status, count(*) AS people FROM enrolments WHERE status <> 'ended' GROUP BY journey, status
        ) e ON e.journey = j.name
        GROUP BY j.name ORDER BY j.name
        """)
    )
    return [JourneyReport(**row) for row in rows.mappings()]


async def is_known(session: AsyncSession, journey: str) -> bool:
    """Whether a journey of this name was ever published."""
    return bool(await session.scalar(text("SELECT EXISTS (SELECT FROM journeys WHERE name = :n)"), {"n": journey}))


async def takes_requests(session: AsyncSession, journey: str) -> bool | None:
    """Whether calls of the API start this journey; None: no such journey is live."""
    found: bool | None = await session.scalar(
        text("""
        SELECT EXISTS (SELECT FROM jsonb_array_elements(v.definition -> 'trigger') AS t WHERE t ? 'api')
        FROM journeys j JOIN journey_versions v ON v.journey = j.name AND v.number = j.live_version
        WHERE j.name = :journey
        """),
        {"journey": journey},
    )
    return found


async def contact_named(session: AsyncSession, kind: str, value: str) -> UUID | None:
    """The contact who has this identity."""
    found: UUID | None = await session.scalar(
        text("SELECT contact_id FROM identities WHERE kind = :kind AND value = :value"), {"kind": kind, "value": value}
    )
    return found


async def contact_called(session: AsyncSession, name: str) -> UUID | None:
    """The contact of this id, user id, e-mail address or anonymous id, in this order."""
    try:
        known = await contact(session, UUID(name))
    except ValueError:
        known = None
    if known is not None:
        return known.id
    for kind, value in (("user", name), ("email", name.lower()), ("anonymous", name)):
        if (found := await contact_named(session, kind, value)) is not None:
            return found
    return None


async def contact(session: AsyncSession, contact_id: UUID) -> ContactReport | None:
    """A contact; the one that it became, when it was merged. None: there is none, or it was erased."""
    row = (
        await session.execute(
            text("""
            SELECT c.id, c.traits, c.created_at, c.seen_at,
                   ARRAY(SELECT ARRAY[kind, value] FROM identities i WHERE i.contact_id = c.id
                         ORDER BY kind DESC, value) AS identities
            FROM contacts asked JOIN contacts c ON c.id = coalesce(asked.merged_into, asked.id)
            WHERE asked.id = :id AND c.erased_at IS NULL
            """),
            {"id": contact_id},
        )
    ).one_or_none()
    if row is None:
        return None
    identities = [(kind, value) for kind, value in row.identities]
    return ContactReport(row.id, row.traits, row.created_at, row.seen_at, identities)


_ENROLMENT = """
SELECT id, journey, version, contact_id, key, workflow_id, status, reason, started_at, ended_at, goal_until, goal_at
FROM enrolments
"""


async def enrolment(session: AsyncSession, enrolment_id: UUID) -> RowMapping | None:
    """One enrolment, as a row of the table."""
    rows = await session.execute(text(f"{_ENROLMENT} WHERE id = :id"), {"id": enrolment_id})
    return rows.mappings().one_or_none()


async def enrolments(
    session: AsyncSession, contact_id: UUID, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[RowMapping]:
    """A contact's enrolments, the latest first, from before that (`started_at`, `id`) on."""
    at, last = before or (None, None)
    rows = await session.execute(
        text(f"""
        {_ENROLMENT} WHERE contact_id = :contact
          AND (cast(:at AS timestamptz) IS NULL OR (started_at, id) < (cast(:at AS timestamptz), cast(:last AS uuid)))
        ORDER BY started_at DESC, id DESC LIMIT :limit
        """),
        {"contact": contact_id, "limit": limit, "at": at, "last": last},
    )
    return list(rows.mappings())


async def events(session: AsyncSession, contact_id: UUID, limit: int, before: int | None = None) -> list[RowMapping]:
    """A contact's events, the latest first, from before that sequence number on; `started`: the workflows of each."""
    rows = await session.execute(
        text("""
        SELECT seq, message_id, name, properties, context, occurred_at, received_at,
               ARRAY(SELECT e.workflow_id FROM enrolments e
                     WHERE e.contact_id = v.contact_id AND e.trigger_seq = v.seq ORDER BY e.journey, e.id) AS started
        FROM events v
        WHERE contact_id = :contact AND (cast(:before AS bigint) IS NULL OR seq < cast(:before AS bigint))
        ORDER BY seq DESC LIMIT :limit
        """),
        {"contact": contact_id, "limit": limit, "before": before},
    )
    return list(rows.mappings())


async def messages(
    session: AsyncSession, contact_id: UUID, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[RowMapping]:
    """A contact's messages, sent or not, the latest first, each with its attempts; from before that one on."""
    at, last = before or (None, None)
    rows = await session.execute(
        text("""
        SELECT m.id, m.enrolment_id, m.journey, m.step, m.letter, m.message_class, m.topic, m.state, m.reason,
               m.message_id, m.created_at, m.settled_at, coalesce(tries.made, '[]') AS attempts, e.workflow_id
        FROM messages m JOIN enrolments e ON e.id = m.enrolment_id LEFT JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('number', a.number, 'began_at', a.began_at, 'ended_at', a.ended_at,
                             'outcome', a.outcome, 'code', a.code, 'text', a.text) ORDER BY a.number) AS made
            FROM attempts a WHERE a.message = m.id
        ) AS tries ON true
        WHERE m.contact_id = :contact
          AND (cast(:at AS timestamptz) IS NULL
               OR (m.created_at, m.id) < (cast(:at AS timestamptz), cast(:last AS uuid)))
        ORDER BY m.created_at DESC, m.id DESC LIMIT :limit
        """),
        {"contact": contact_id, "limit": limit, "at": at, "last": last},
    )
    return list(rows.mappings())


async def backlog(session: AsyncSession) -> Backlog:
    """How far the router is behind."""
    row = (
        await session.execute(
            text("SELECT count(*), coalesce(extract(epoch FROM now() - min(received_at)), 0), count(error) FROM outbox")
        )
    ).one()
    return Backlog(row[0], max(0.0, float(row[1])), row[2])
