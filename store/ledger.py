"""The send ledger: what became of every letter. Only these functions change the state of a message.

    claimed -> dot_pending -> sent | failed | unknown
    claimed -> suppressed | unsubscribed | capped | expired | cancelled | render_failed | failed   (never sent, and why)
    dot_pending -> claimed      the relay refused for now, or evidence says that it has nothing
    dot_pending -> unknown      nobody can tell whether the relay took it; a late answer still makes it `sent`

A claim draws a new lease. Whoever holds an older one can change nothing any more: a stalled worker that comes back
finds its lease gone before it writes the dot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SENT, FAILED, UNKNOWN, CLAIMED, DOT_PENDING = "sent", "failed", "unknown", "claimed", "dot_pending"


@dataclass(frozen=True)
class Entry:
    """A message as the ledger has it now."""

    id: UUID
    state: str
    reason: str | None
    message_class: str
    message_id: str
    attempts: int
    resent: bool
    not_after: datetime
    dot_at: datetime | None
    settled: bool
    recipient: str | None
    raw: bytes | None


@dataclass(frozen=True)
class Addressee:
    """The contact of an enrolment, as it is at this moment, with all that decides whether it may be written to."""

    contact_id: UUID
    journey: str
    version: int
    trigger_seq: int
    start: dict[str, Any]
    ended: bool
    end_reason: str | None
    paused: bool
    traits: dict[str, Any]
    consent: bool | None
    suppressed: str | None


@dataclass(frozen=True)
class Draft:
    """What the first claim of a message writes down: who, what, and until when it is worth sending."""

    send_key: str
    enrolment_id: UUID
    contact_id: UUID
    journey: str
    step: str
    letter: str
    message_class: str
    topic: str | None
    message_id: str
    not_after: datetime


@dataclass(frozen=True)
class Lease:
    """The right to send one message once."""

    message: UUID
    token: UUID
    attempt: int


async def addressee(session: AsyncSession, enrolment: UUID, topic: str | None) -> Addressee:
    """Look at the contact now. Raises LookupError when there is no such enrolment."""
    row = (
        (
            await session.execute(
                text(
                    """
                SELECT e.contact_id, e.journey, e.version, e.trigger_seq, v.properties AS start,
                       e.status = 'ended' AS ended, e.reason AS end_reason,
                       j.paused_at IS NOT NULL AS paused, c.traits, s.reason AS suppressed,
                       (SELECT granted FROM consents n WHERE n.contact_id = e.contact_id AND n.topic IN (:topic, '*')
                        ORDER BY n.id DESC LIMIT 1) AS consent
                FROM enrolments e
                JOIN contacts c ON c.id = e.contact_id
                JOIN events v ON v.seq = e.trigger_seq
                LEFT JOIN journeys j ON j.name = e.journey
                LEFT JOIN suppressions s ON s.address = lower(c.traits ->> 'email')
                WHERE e.id = :enrolment
                """
                ),
                {"enrolment": enrolment, "topic": topic or ""},
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise LookupError(f"there is no enrolment {enrolment}")
    return Addressee(**row)


async def entry(session: AsyncSession, send_key: str) -> Entry | None:
    """The message of this key, locked until the transaction ends."""
    row = (
        (
            await session.execute(
                text(
                    """
                SELECT id, state, reason, message_class, message_id, attempts, resent, not_after, dot_at, recipient,
                       raw, settled_at IS NOT NULL AS settled
                FROM messages WHERE send_key = :key FOR UPDATE
                """
                ),
                {"key": send_key},
            )
        )
        .mappings()
        .one_or_none()
    )
    return Entry(**row) if row is not None else None


_CLAIM = text(
    """
    WITH claimed AS (
        INSERT INTO messages (id, send_key, enrolment_id, contact_id, journey, step, letter, message_class, topic,
                              message_id, not_after, state, recipient, raw, attempts, resent, lease)
        VALUES (:id, :send_key, :enrolment_id, :contact_id, :journey, :step, :letter, :message_class, :topic,
                :message_id, :not_after, 'claimed', :recipient, :raw, 1, false, :lease)
        ON CONFLICT (send_key) DO UPDATE SET lease = excluded.lease, attempts = messages.attempts + 1
            WHERE messages.state = 'claimed'
        RETURNING id, attempts
    ), begun AS (
        INSERT INTO attempts (id, message, number) SELECT :lease, id, attempts FROM claimed
    )
    SELECT id, attempts FROM claimed
    """
)


async def claim(session: AsyncSession, draft: Draft, recipient: str, raw: bytes) -> Lease | None:
    """Take the right to send. The bytes of the first claim are kept for every later one.

    None: another attempt is already past the dot.
    """
    lease = uuid4()
    values = {**draft.__dict__, "id": uuid4(), "recipient": recipient, "raw": raw, "lease": lease}
    row = (await session.execute(_CLAIM, values)).one_or_none()
    return Lease(row.id, lease, row.attempts) if row is not None else None


_REFUSE = text(
    """
    INSERT INTO messages (id, send_key, enrolment_id, contact_id, journey, step, letter, message_class, topic,
                          message_id, not_after, state, reason, attempts, resent, settled_at)
    VALUES (:id, :send_key, :enrolment_id, :contact_id, :journey, :step, :letter, :message_class, :topic,
            :message_id, :not_after, :state, :reason, 0, false, now())
    ON CONFLICT (send_key) DO UPDATE
        SET state = excluded.state, reason = excluded.reason, settled_at = now(), raw = NULL, lease = NULL
        WHERE messages.state = 'claimed'
    """
)


async def refuse(session: AsyncSession, draft: Draft, state: str, reason: str) -> None:
    """The letter is not sent, for this reason: a row that one can read."""
    await session.execute(_REFUSE, {**draft.__dict__, "id": uuid4(), "state": state, "reason": reason})


_DOT = text(
    """
    UPDATE messages m SET state = 'dot_pending', dot_at = now()
    WHERE id = :message AND lease = :lease AND state = 'claimed'
      AND EXISTS (SELECT 1 FROM enrolments e WHERE e.id = m.enrolment_id AND e.status <> 'ended')
      AND (m.message_class <> 'marketing' OR coalesce(
            (SELECT granted FROM consents n WHERE n.contact_id = m.contact_id AND n.topic IN (m.topic, '*')
             ORDER BY n.id DESC LIMIT 1), false))
      AND NOT EXISTS (SELECT 1 FROM events v
                      WHERE v.contact_id = m.contact_id AND v.name = ANY(:exits) AND v.seq > :looked_at)
    RETURNING 1
    """
)


async def before_dot(session: AsyncSession, lease: Lease, exits: Sequence[str], looked_at: int) -> bool:
    """Take the last look, with the body already at the relay: may the dot be written.

    False when the lease is gone, the run is over, consent was withdrawn, or an event that may end the run has been
    committed after `looked_at`.
    """
    values = {"message": lease.message, "lease": lease.token, "exits": list(exits), "looked_at": looked_at}
    return (await session.execute(_DOT, values)).one_or_none() is not None


_SETTLE = text(
    """
    WITH told AS (
        UPDATE attempts SET outcome = :outcome, code = :code, text = :text, ended_at = now() WHERE id = :lease
    )
    UPDATE messages SET state = :state, reason = :reason,
        settled_at = CASE WHEN :final THEN now() END, raw = CASE WHEN :final THEN NULL ELSE raw END
    WHERE id = :message AND lease = :lease AND state = ANY(:from_states)
    """
)


@dataclass(frozen=True)
class Result:
    """What came of one attempt, in the relay's words."""

    outcome: str
    code: int | None
    text: str


async def settle(
    session: AsyncSession, lease: Lease, result: Result, state: str, reason: str | None, *, final: bool
) -> None:
    """Write down what came of the attempt. A late answer to a message in doubt settles it as well."""
    await session.execute(
        _SETTLE,
        {
            "lease": lease.token,
            "message": lease.message,
            "outcome": result.outcome,
            "code": result.code,
            "text": result.text[:500],
            "state": state,
            "reason": reason,
            "final": final,
            "from_states": [CLAIMED, DOT_PENDING, UNKNOWN],
        },
    )


async def doubt(session: AsyncSession, message: UUID) -> None:
    """Nobody knows whether the relay took the message: its sender died, or the answer was lost."""
    await session.execute(
        text("UPDATE messages SET state = 'unknown', reason = 'in doubt' WHERE id = :id AND state = 'dot_pending'"),
        {"id": message},
    )


async def resolve(session: AsyncSession, message: UUID, state: str, reason: str, *, resent: bool = False) -> None:
    """Settle a message in doubt by evidence or by policy. `claimed`: it will be sent (again)."""
    await session.execute(
        text(
            """
            UPDATE messages SET state = :state, reason = :reason, resent = resent OR :resent,
                lease = CASE WHEN :state <> 'claimed' THEN lease END,
                settled_at = CASE WHEN :state <> 'claimed' THEN now() END,
                raw = CASE WHEN :state = 'claimed' THEN raw END
            WHERE id = :id AND state = 'unknown' AND settled_at IS NULL
            """
        ),
        {"id": message, "state": state, "reason": reason, "resent": resent},
    )


async def suppress(session: AsyncSession, address: str, reason: str) -> None:
    """The address takes no mail: no letter is tried again."""
    await session.execute(
        text("INSERT INTO suppressions (address, reason) VALUES (lower(:address), :reason) ON CONFLICT DO NOTHING"),
        {"address": address, "reason": reason},
    )


async def identity(session: AsyncSession) -> dict[str, int]:
    """How many messages are in each state: together they are all that were ever enqueued."""
    rows = await session.execute(text("SELECT state, count(*) FROM messages GROUP BY state"))
    return dict(rows.tuples().all())
