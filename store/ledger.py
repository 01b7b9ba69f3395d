"""The send ledger: what became of every letter. Only this module and `doubts` change the state of a message.

    claimed -> dot_pending -> sent | failed | unknown
    claimed -> suppressed | unsubscribed | capped | expired | cancelled | render_failed | failed   (never sent, and why)
    dot_pending -> claimed      the relay refused for now, or evidence says that it has nothing
    dot_pending -> unknown      nobody can tell whether the relay took it; a late yes still makes it `sent`

A claim draws a new lease, and whoever gives up gives the lease back. Whoever holds an old one can change nothing any
more, but for telling that the relay took the message: a stalled worker that comes back finds its lease gone before it
writes the dot. What settles once (`settled_at`) stays, but for that late yes to what was `unknown`.

A message that was sent again without evidence (`resent`) is never said to be unsent: its first copy is in doubt, and so
it ends as `sent` or as `unknown`.

Whatever settles a message notes the decision beside it, in the same statement, with the facts that it rested on.
`paced_at` is the run's clock: when the message was claimed last, moved to when its dot was allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store import due
from store.decisions import OF_SETTLED
from store.suppressions import HARD, STANDS, Suppression, add, known_as, sealing

CLAIMED, DOT_PENDING = "claimed", "dot_pending"
SENT, FAILED, UNKNOWN, CANCELLED = "sent", "failed", "unknown", "cancelled"


@dataclass(frozen=True)
class Entry:
    """A message as the ledger has it now. `waited` is how long ago the dot was allowed, by the database's clock."""

    id: UUID
    state: str
    reason: str | None
    message_class: str
    message_id: str
    attempts: int
    resent: bool
    not_after: datetime
    dot_at: datetime | None
    waited: timedelta | None
    settled: bool
    recipient: str | None
    raw: bytes | None


@dataclass(frozen=True)
class Draft:
    """What the first claim of a message writes down: who, what, until when it is worth sending, and why it may be."""

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
    now: datetime | None = None
    staff: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid4)

    def values(self) -> dict[str, Any]:
        """What statements write down. Without `now` (the run's) the database's clock counts."""
        return {**self.__dict__, "facts": orjson.dumps(dict(self.facts)).decode()}


@dataclass(frozen=True)
class Lease:
    """The right to send one message once."""

    message: UUID
    token: UUID
    attempt: int


async def entry(session: AsyncSession, send_key: str) -> Entry | None:
    """The message of this key, locked until the transaction ends."""
    row = (
        (
            await session.execute(
                text(
                    """
                SELECT id, state, reason, message_class, message_id, attempts, resent, not_after, dot_at,
                       now() - dot_at AS waited, recipient, raw, settled_at IS NOT NULL AS settled
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
                              message_id, not_after, state, recipient, raw, attempts, resent, lease, staff, facts,
                              paced_at, created_at)
        VALUES (:id, :send_key, :enrolment_id, :contact_id, :journey, :step, :letter, :message_class, :topic,
                :message_id, :not_after, 'claimed', :recipient, :raw, 1, false, :lease, :staff, cast(:facts AS jsonb),
                coalesce(:now, now()), clock_timestamp())
        ON CONFLICT (send_key) DO UPDATE
            SET lease = excluded.lease, attempts = messages.attempts + 1, contact_id = excluded.contact_id,
                facts = messages.facts || excluded.facts, paced_at = excluded.paced_at,
                not_after = excluded.not_after
            WHERE messages.state = 'claimed' AND :again
        RETURNING id, attempts
    ), begun AS (
        INSERT INTO attempts (id, message, number) SELECT :lease, id, attempts FROM claimed
    )
    SELECT id, attempts FROM claimed
    """
)


async def claim(session: AsyncSession, draft: Draft, recipient: str, raw: bytes, *, again: bool) -> Lease | None:
    """Take the right to send. The bytes of the first claim are kept; with `again` they are the ones handed in.

    None: another attempt is past the dot, or it has written the letter while we wrote it, too.
    """
    lease = uuid4()
    values = {**draft.values(), "recipient": recipient, "raw": raw, "lease": lease, "again": again}
    row = (await session.execute(_CLAIM, values)).one_or_none()
    return Lease(row.id, lease, row.attempts) if row is not None else None


_REFUSE = text(
    f"""
    WITH settled AS (
        INSERT INTO messages (id, send_key, enrolment_id, contact_id, journey, step, letter, message_class, topic,
                              message_id, not_after, state, reason, attempts, resent, settled_at, staff, facts,
                              paced_at)
        VALUES (:id, :send_key, :enrolment_id, :contact_id, :journey, :step, :letter, :message_class, :topic,
                :message_id, :not_after, :state, :reason, 0, false, now(), :staff, cast(:facts AS jsonb),
                coalesce(:now, now()))
        ON CONFLICT (send_key) DO UPDATE
            SET state = CASE WHEN messages.resent THEN 'unknown' ELSE excluded.state END, reason = excluded.reason,
                settled_at = now(), raw = NULL, lease = NULL, facts = messages.facts || excluded.facts,
                paced_at = excluded.paced_at
            WHERE messages.state = 'claimed'
        RETURNING *
    ), decided AS ({OF_SETTLED})
    SELECT state, reason FROM settled
    """  # noqa: S608  (a constant of ours)
)


@dataclass(frozen=True)
class Fate:
    """What became of a message: a final state and its reason."""

    state: str
    reason: str | None


async def refuse(session: AsyncSession, draft: Draft, state: str, reason: str) -> Fate | None:
    """The letter is not sent, for this reason: a row that one can read. None: another attempt is past the dot."""
    values = {**draft.values(), "state": state, "reason": reason}
    row = (await session.execute(_REFUSE, values)).one_or_none()
    return Fate(row.state, row.reason) if row is not None else None


_CANCEL = text(
    f"""
    WITH settled AS (
        UPDATE messages SET state = CASE WHEN resent THEN 'unknown' ELSE 'cancelled' END, reason = :reason,
            settled_at = now(), raw = NULL, lease = NULL
        WHERE enrolment_id = :enrolment AND state = 'claimed'
        RETURNING *
    ), waiting AS (DELETE FROM wishes WHERE enrolment_id = :enrolment)
    {OF_SETTLED}
    """  # noqa: S608  (a constant of ours)
)


async def cancel(session: AsyncSession, enrolment: UUID, reason: str) -> None:
    """Nothing that the enrolment has claimed and not yet sent may leave, and nothing of it waits any more."""
    await session.execute(_CANCEL, {"enrolment": enrolment, "reason": reason})


_DOT = text(
    f"""
    UPDATE messages m SET state = 'dot_pending', dot_at = now(), paced_at = m.paced_at + (now() - a.began_at)
    FROM attempts a
    WHERE m.id = :message AND m.lease = :lease AND m.state = 'claimed' AND a.id = m.lease
      AND (cast(:open_for AS interval) IS NULL OR now() - a.began_at < cast(:open_for AS interval))
      AND EXISTS (SELECT 1 FROM enrolments e WHERE e.id = m.enrolment_id AND e.status <> 'ended')
      AND NOT EXISTS (SELECT 1 FROM journeys j WHERE j.name = m.journey AND j.paused_at IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM suppressions s
                      WHERE s.address IN {known_as("m.recipient")} AND {STANDS}
                        AND (s.scope = 'hard' OR m.message_class = 'marketing'))
      AND (m.message_class <> 'marketing' OR coalesce(
            (SELECT granted FROM consents n WHERE n.contact_id = m.contact_id AND n.topic IN (m.topic, '*')
             ORDER BY n.id DESC LIMIT 1), false))
      AND NOT EXISTS (SELECT 1 FROM events v
                      WHERE v.contact_id = m.contact_id AND v.name = ANY(:exits) AND v.seq > :looked_at)
    RETURNING 1
    """  # noqa: S608  (constants of ours)
)


async def before_dot(
    session: AsyncSession, lease: Lease, exits: Sequence[str], looked_at: int, open_for: timedelta | None = None
) -> bool:
    """Take the last look, with the body already at the relay: may the dot be written.

    False when the lease is gone, the run is over, the journey was paused, the address was suppressed, consent was
    withdrawn, an event that may end the run has been committed after `looked_at`, or quiet hours began: `open_for` is
    how long after the claim they do.
    """
    values: dict[str, Any] = {"message": lease.message, "lease": lease.token, "exits": list(exits)}
    values["looked_at"] = looked_at
    values |= {"open_for": open_for, **sealing(session)}
    return (await session.execute(_DOT, values)).one_or_none() is not None


_SETTLE = text(
    f"""
    WITH told AS (
        UPDATE attempts SET outcome = :outcome, code = :code, text = :text, ended_at = now()
        WHERE id = :lease AND outcome IS NULL
    ), settled AS (
        UPDATE messages SET state = CASE WHEN resent AND :failed THEN 'unknown' ELSE :state END, reason = :reason,
            settled_at = CASE WHEN :final THEN now() END,
            raw = CASE WHEN :final THEN NULL ELSE raw END,
            lease = CASE WHEN :given_back THEN NULL ELSE lease END
        WHERE id = :message AND (
            lease = :lease AND settled_at IS NULL
            OR :sent AND state IN ('claimed', 'unknown'))
        RETURNING *
    ), decided AS ({OF_SETTLED})
    SELECT state, reason FROM settled
    """  # noqa: S608  (a constant of ours)
)


@dataclass(frozen=True)
class Result:
    """What came of one attempt, in the relay's words."""

    outcome: str
    code: int | None
    text: str


async def settle(
    session: AsyncSession, lease: Lease, result: Result, state: str, reason: str | None, *, final: bool
) -> Fate | None:
    """Write down what came of the attempt; back to `claimed`, its lease is given back.

    `sent` is believed from whoever says it: nobody sends again what the relay has. None: the lease was gone, and the
    message's fate is told by others.
    """
    values = {
        "lease": lease.token,
        "message": lease.message,
        "outcome": result.outcome,
        "code": result.code,
        "text": result.text[:500],
        "state": state,
        "reason": reason,
        "final": final,
        "sent": state == SENT,
        "failed": state == FAILED,
        "given_back": state == CLAIMED,
    }
    row = (await session.execute(_SETTLE, values)).one_or_none()
    if row is not None and row.state == SENT:
        await due.look_at_receiver(session, lease.message)
    return Fate(row.state, row.reason) if row is not None else None


async def suppress(session: AsyncSession, address: str, reason: str) -> None:
    """The address takes no mail: no letter is tried again."""
    await add(session, Suppression(address, HARD, reason))


async def identity(session: AsyncSession) -> dict[str, int]:
    """How many messages are in each state: together they are all that were ever enqueued."""
    rows = await session.execute(text("SELECT state, count(*) AS number FROM messages GROUP BY state"))
    return {row.state: row.number for row in rows}
