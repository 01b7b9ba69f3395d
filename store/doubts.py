"""Messages of which nobody knows whether the relay took them, and what nobody works on any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store import due
from store.decisions import OF_SETTLED
from store.ledger import CLAIMED, SENT

_PAGE = 100


async def doubt(session: AsyncSession, message: UUID) -> None:
    """Nobody knows whether the relay took the message: its sender died, or the answer was lost."""
    await session.execute(
        text("UPDATE messages SET state = 'unknown', reason = 'in doubt' WHERE id = :id AND state = 'dot_pending'"),
        {"id": message},
    )


async def resolve(
    session: AsyncSession, message: UUID, dot_at: datetime, state: str, reason: str, *, resent: bool = False
) -> bool:
    """Settle a message in doubt by evidence or by policy. `claimed`: it will be sent (again).

    False: it is not in that doubt any more; its sender has answered, or somebody else has resolved it.
    """
    row = await session.execute(
        text(
            f"""
            WITH settled AS (
                UPDATE messages SET state = :state, reason = :reason, resent = resent OR :resent,
                    lease = CASE WHEN :final THEN lease END,
                    settled_at = CASE WHEN :final THEN now() END,
                    raw = CASE WHEN :final THEN NULL ELSE raw END
                WHERE id = :id AND state = 'unknown' AND settled_at IS NULL AND dot_at = :dot_at
                RETURNING *
            ), decided AS ({OF_SETTLED})
            SELECT 1 FROM settled
            """  # noqa: S608  (a constant of ours)
        ),
        {
            "id": message,
            "dot_at": dot_at,
            "state": state,
            "reason": reason,
            "resent": resent,
            "final": state != CLAIMED,
        },
    )
    found = row.one_or_none() is not None
    if found and state == SENT:
        await due.look_at_receiver(session, message)
    return found


async def confirm(session: AsyncSession, message: UUID) -> bool:
    """Somebody further down has had the message: a late yes. Whether it was in doubt.

    Whoever sends it just now finds that it is settled. One that is about to go again without evidence stays here.
    """
    row = await session.execute(
        text(
            f"""
            WITH settled AS (
                UPDATE messages SET state = 'sent', reason = 'it was heard of afterwards', raw = NULL,
                    settled_at = now()
                WHERE id = :id AND (state IN ('dot_pending', 'unknown') OR state = 'claimed' AND resent)
                RETURNING *
            ), decided AS ({OF_SETTLED})
            SELECT 1 FROM settled
            """  # noqa: S608  (a constant of ours)
        ),
        {"id": message},
    )
    confirmed = row.one_or_none() is not None
    if confirmed:
        await due.look_at_receiver(session, message)
    return confirmed


@dataclass(frozen=True)
class Abandoned:
    """A message past the dot whose run is over, or has gone on elsewhere: no attempt will come to settle it."""

    id: UUID
    message_id: str
    dot_at: datetime


async def abandoned(session: AsyncSession, patience: timedelta) -> list[Abandoned]:
    """A page of the messages that are abandoned and whose dot was allowed longer ago than `patience`, oldest first."""
    rows = await session.execute(
        text(
            """
            SELECT m.id, m.message_id, m.dot_at
            FROM messages m JOIN enrolments e ON e.id = m.enrolment_id
            WHERE m.state IN ('dot_pending', 'unknown') AND m.settled_at IS NULL
              AND m.dot_at < now() - cast(:patience AS interval)
              AND (e.status = 'ended' OR EXISTS (
                    SELECT FROM messages later WHERE later.enrolment_id = e.id AND later.created_at > m.created_at))
            ORDER BY m.dot_at LIMIT :page
            """
        ),
        {"patience": patience, "page": _PAGE},
    )
    return [Abandoned(row.id, row.message_id, row.dot_at) for row in rows]


async def cancel_behind(session: AsyncSession, enrolment: UUID, at: str) -> None:
    """The run was led to the step `at` of another version: what it wished to send elsewhere does not leave."""
    await session.execute(
        text(
            f"""
            WITH settled AS (
                UPDATE messages SET state = CASE WHEN resent THEN 'unknown' ELSE 'cancelled' END,
                    reason = 'left behind by a new version', settled_at = now(), raw = NULL, lease = NULL
                WHERE enrolment_id = :enrolment AND state = 'claimed' AND step <> :at
                RETURNING *
            ), decided AS ({OF_SETTLED}), waiting AS (
                DELETE FROM wishes WHERE enrolment_id = :enrolment AND split_part(send_key, '/', 2) <> :at
            )
            SELECT 1
            """  # noqa: S608  (a constant of ours)
        ),
        {"enrolment": enrolment, "at": at},
    )


async def cancel_left(session: AsyncSession) -> int:
    """Cancel what was claimed in the moment in which its run ended; how many there were."""
    rows = await session.execute(
        text(
            f"""
            WITH settled AS (
                UPDATE messages m SET state = CASE WHEN m.resent THEN 'unknown' ELSE 'cancelled' END,
                    reason = e.reason, settled_at = now(), raw = NULL, lease = NULL
                FROM enrolments e
                WHERE e.id = m.enrolment_id AND e.status = 'ended' AND m.state = 'claimed'
                RETURNING m.*
            ), decided AS ({OF_SETTLED})
            SELECT 1 FROM settled
            """  # noqa: S608  (a constant of ours)
        )
    )
    return len(rows.all())
