"""Who is inside which journey. The router looks here, never into Temporal's visibility."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from store.models import Enrolment

_NAMESPACE = UUID("5b0c7a52-3a1b-4c52-9c85-4b1d0a3c2f10")
_PAGE = 200


@dataclass(frozen=True)
class Inside:
    """An enrolment that the router may have to tell of an event, or whose goal is still open."""

    id: UUID
    journey: str
    version: int
    contact_id: UUID
    key: str
    workflow_id: str
    trigger_seq: int
    ended: bool
    started_at: datetime
    goal_until: datetime | None
    goal_at: datetime | None


def enrolment_id(journey: str, contact_id: UUID, key: str, trigger_seq: int) -> UUID:
    """The id of the run that this event starts: the same however often the work is repeated."""
    return uuid5(_NAMESPACE, f"{journey}/{contact_id}/{key}/{trigger_seq}")


async def of_contacts(session: AsyncSession, contacts: Sequence[UUID]) -> list[Inside]:
    """Enrolments of these contacts that are not over, whose goal is open, or that are the latest of their journey."""
    rows = await session.execute(
        text(
            """
            SELECT id, journey, version, contact_id, key, workflow_id, trigger_seq, status = 'ended' AS ended,
                   started_at, goal_until, goal_at
            FROM (
                SELECT e.*, row_number() OVER (
                    PARTITION BY contact_id, journey, key ORDER BY started_at DESC, trigger_seq DESC) AS place
                FROM enrolments e WHERE contact_id = ANY(:contacts)
            ) numbered
            WHERE place = 1 OR status <> 'ended' OR (goal_at IS NULL AND goal_until > now())
            ORDER BY trigger_seq
            """
        ),
        {"contacts": list(contacts)},
    )
    return [Inside(**row) for row in rows.mappings()]


async def enrol(session: AsyncSession, enrolments: Sequence[Enrolment]) -> None:
    """Write down who enters, before the workflow is started. Repeats change nothing."""
    for enrolment in enrolments:
        if await session.get(Enrolment, enrolment.id) is None:
            session.add(enrolment)


async def reach_goal(session: AsyncSession, reached: Sequence[tuple[UUID, datetime]]) -> None:
    """Record that goals were reached; the first time stands."""
    for enrolment, at in reached:
        await session.execute(
            text("UPDATE enrolments SET goal_at = :at WHERE id = :id AND goal_at IS NULL"), {"id": enrolment, "at": at}
        )


async def end(session: AsyncSession, enrolment: UUID, reason: str, at: datetime) -> None:
    """The run is over: nothing that it has claimed and not yet sent may leave."""
    await session.execute(
        text(
            """
            WITH over AS (
                UPDATE enrolments SET status = 'ended', ended_at = :at, reason = :reason
                WHERE id = :id AND status <> 'ended'
            )
            UPDATE messages SET state = 'cancelled', reason = :reason, settled_at = now(), raw = NULL
            WHERE enrolment_id = :id AND state = 'claimed'
            """
        ),
        {"id": enrolment, "reason": reason, "at": at},
    )


async def mark(session: AsyncSession, enrolment: UUID, status: str) -> None:
    """Set the status (`active`, `paused`, `held`) of an enrolment that is not over."""
    await session.execute(
        text("UPDATE enrolments SET status = :status WHERE id = :id AND status <> 'ended'"),
        {"id": enrolment, "status": status},
    )


async def held(session: AsyncSession, journey: str, after: str) -> list[str]:
    """A page of the workflows that the paused journey held, in the order of their ids, from `after` on."""
    rows = await session.execute(
        select(Enrolment.workflow_id)
        .where(Enrolment.journey == journey, Enrolment.status == "held", Enrolment.workflow_id > after)
        .order_by(Enrolment.workflow_id)
        .limit(_PAGE)
    )
    return list(rows.scalars())
