"""A contact is erased: nothing is left that names or describes the person (GDPR article 17).

What is kept, and why, stands in `docs/decisions/0016-what-erasure-keeps.md`. Whoever is just working for the contact
may write down a little more after the erasure; `sweep` takes that away, too.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from store import suppressions
from store.session import Database

_ATTEMPTS = 10
# Of PostgreSQL's errors (appendix A of its manual): two transactions waited for each other. Merging meets it, too.
_DEADLOCK = "40P01"
# As long as a sender tries to write down what came of its attempt, and more.
_LINGERING = timedelta(hours=1)


@dataclass(frozen=True)
class Erased:
    """An erasure. `again`: it was done before, and this time found nothing to end.

    `runs` are the workflows to be told to end; `letters` will not be sent; `on_their_way` could not be stopped.
    """

    contact_id: UUID
    erased_at: datetime
    runs: tuple[str, ...] = ()
    letters: int = 0
    on_their_way: int = 0
    again: bool = False


# The strongest lock, as in merging: whoever is just enrolling the contact waits, or is waited for.
_LOCK = text("SELECT id, merged_into FROM contacts WHERE id = :id OR merged_into = :id ORDER BY id FOR UPDATE")

_ADDRESSES = text(
    """
    SELECT DISTINCT lower(address) FROM (
        SELECT value FROM identities WHERE kind = 'email' AND contact_id = ANY(:ids)
        UNION SELECT traits ->> 'email' FROM contacts WHERE id = ANY(:ids)
        UNION SELECT recipient FROM messages WHERE staff IS NULL AND contact_id = ANY(:ids)
    ) AS known (address)
    WHERE address IS NOT NULL AND NOT EXISTS (
        SELECT FROM identities i WHERE i.kind = 'email' AND i.value = lower(address) AND i.contact_id <> ALL(:ids))
    """
)

# What people and relays have said of a suppression may quote the address, or name the person.
_SILENCE = text(
    "UPDATE suppressions SET reason = 'from before the contact was erased', evidence = NULL WHERE address = :address"
)

# Senders lock a message before its enrolment, and so do we.
_LOCK_MESSAGES = text("SELECT id FROM messages WHERE contact_id = ANY(:ids) ORDER BY id FOR UPDATE")

# The key may be an order's number; it also stands in the workflow's id, which is needed until the run has ended.
_END = text(
    """
    WITH before AS (
        SELECT id, status <> 'ended' AS inside FROM enrolments WHERE contact_id = ANY(:ids) FOR UPDATE
    ), over AS (
        UPDATE enrolments e
        SET status = 'ended', ended_at = coalesce(e.ended_at, now()), key = '',
            reason = CASE WHEN before.inside OR e.reason = 'merged' THEN 'erased' ELSE e.reason END,
            workflow_id = CASE WHEN before.inside OR e.reason IN ('merged', 'erased') THEN e.workflow_id ELSE '' END
        FROM before WHERE e.id = before.id
        RETURNING e.workflow_id, before.inside
    )
    SELECT workflow_id FROM over WHERE inside ORDER BY workflow_id
    """
)

_CANCEL = text(
    """
    UPDATE messages SET state = CASE WHEN resent THEN 'unknown' ELSE 'cancelled' END, reason = 'erased',
        settled_at = now(), lease = NULL
    WHERE contact_id = ANY(:ids) AND state = 'claimed'
    """
)
_ON_THEIR_WAY = text(
    """
    SELECT count(*) FROM messages
    WHERE contact_id = ANY(:ids) AND state IN ('dot_pending', 'unknown') AND settled_at IS NULL
    """
)

_FORGET = (
    """
    UPDATE messages SET recipient = NULL, raw = NULL, facts = '{}', reason = CASE WHEN reason = 'erased' THEN reason END
    WHERE contact_id = ANY(:ids)
    """,
    # An attempt under way is closed, so that whoever makes it does not write the relay's words here afterwards.
    """
    UPDATE attempts a SET text = NULL, outcome = coalesce(a.outcome, 'erased'), ended_at = coalesce(a.ended_at, now())
    FROM messages m WHERE m.id = a.message AND m.contact_id = ANY(:ids)
    """,
    """
    UPDATE feedback f SET event_id = 'erased/' || f.id
    FROM messages m WHERE m.id = f.message AND m.contact_id = ANY(:ids)
    """,
    # Before the codes are nobody's: what was reported of them as used may bear the number of an order, too.
    """
    UPDATE redemptions SET contact_id = NULL, source = 'erased/' || gen_random_uuid()
    WHERE contact_id = ANY(:ids) OR contact_id IS NULL AND (coupon, code) IN (
        SELECT k.coupon, k.code FROM coupon_codes k JOIN enrolments e ON e.id = k.enrolment_id
        WHERE k.pooled AND e.contact_id = ANY(:ids))
    """,
    """
    UPDATE coupon_codes k SET enrolment_id = NULL
    FROM enrolments e WHERE e.id = k.enrolment_id AND e.contact_id = ANY(:ids)
    """,
    "DELETE FROM wishes WHERE contact_id = ANY(:ids)",
    "DELETE FROM decisions WHERE contact_id = ANY(:ids)",
    "DELETE FROM memberships WHERE contact_id = ANY(:ids)",
    "DELETE FROM due WHERE contact_id = ANY(:ids)",
    "DELETE FROM outbox o USING events v WHERE v.seq = o.seq AND v.contact_id = ANY(:ids)",
    # With which event an enrolment began is asked as long as there is the enrolment; that it was is all that is kept.
    """
    DELETE FROM events v WHERE v.contact_id = ANY(:ids)
        AND NOT EXISTS (SELECT FROM enrolments e WHERE e.contact_id = ANY(:ids) AND e.trigger_seq = v.seq)
    """,
    """
    UPDATE events SET properties = '{}', context = '{}', message_id = 'erased/' || seq WHERE contact_id = ANY(:ids)
    """,
    "UPDATE consents SET source = 'erased' WHERE contact_id = ANY(:ids)",
    "DELETE FROM identities WHERE contact_id = ANY(:ids)",
    """
    UPDATE contacts SET traits = '{}', seen_at = created_at, stage = NULL, stage_since = NULL,
        erased_at = coalesce(erased_at, now())
    WHERE id = ANY(:ids)
    """,
)

_AUDIT = text(
    """
    INSERT INTO erasures (contact_id, actor, runs, letters, on_their_way)
    VALUES (:contact, :actor, :runs, :letters, :on_their_way)
    ON CONFLICT (contact_id) DO NOTHING RETURNING id
    """
)


async def erase(database: Database, contact: UUID, actor: str) -> Erased | None:
    """Erase a contact, or the one that it became, in one transaction. None: there is no such contact."""
    for attempt in range(_ATTEMPTS):
        try:
            async with database.transaction() as session:
                return await _erase(session, contact, actor)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _DEADLOCK or attempt == _ATTEMPTS - 1:
                raise
            await asyncio.sleep(0.05 * attempt)
    raise AssertionError("the last attempt raises")


async def _erase(session: AsyncSession, contact: UUID, actor: str) -> Erased | None:
    ids = await _locked(session, contact)
    if not ids:
        return None
    root = ids[0]
    # Whoever suppresses an address does it beside a message: with these locked, there is no such row to come.
    await session.execute(_LOCK_MESSAGES, {"ids": ids})
    for address in (await session.execute(_ADDRESSES, {"ids": ids})).scalars().all():
        await _forget_address(session, address)
    runs, letters, on_their_way = await _forget(session, ids)
    told = {"contact": root, "actor": actor, "runs": len(runs), "letters": letters, "on_their_way": on_their_way}
    first = (await session.execute(_AUDIT, told)).one_or_none() is not None
    erased_at = await session.scalar(text("SELECT erased_at FROM contacts WHERE id = :id"), {"id": root})
    return Erased(root, erased_at, tuple(runs), letters, on_their_way, again=not first)


async def _locked(session: AsyncSession, contact: UUID) -> list[UUID]:
    """The contact and all that became it, locked; the contact itself comes first."""
    root = text("SELECT coalesce(merged_into, id) FROM contacts WHERE id = :id")
    while (found := await session.scalar(root, {"id": contact})) is not None:
        rows = (await session.execute(_LOCK, {"id": found})).all()
        if any(row.id == found and row.merged_into is None for row in rows):
            return [found, *(row.id for row in rows if row.id != found)]
    return []


async def _forget(session: AsyncSession, ids: Sequence[UUID]) -> tuple[Sequence[str], int, int]:
    """End and forget; the workflows of runs that were under way, letters not sent, letters past the dot."""
    values: dict[str, Any] = {"ids": list(ids)}
    runs = (await session.execute(_END, values)).scalars().all()
    letters = int(getattr(await session.execute(_CANCEL, values), "rowcount", 0))
    on_their_way = int((await session.execute(_ON_THEIR_WAY, values)).scalar_one())
    for statement in _FORGET:
        await session.execute(text(statement), values)
    return runs, letters, on_their_way


async def _forget_address(session: AsyncSession, address: str) -> None:
    await session.execute(_SILENCE, {"address": address})
    await suppressions.forget(session, address)


async def forget_recipient(session: AsyncSession, message: UUID, address: str) -> None:
    """Seal the address of a letter whose contact was erased while the letter was on its way."""
    erased = text(
        "SELECT EXISTS (SELECT FROM messages m JOIN contacts c ON c.id = m.contact_id"
        " WHERE m.id = :message AND m.staff IS NULL AND c.erased_at IS NOT NULL)"
    )
    if await session.scalar(erased, {"message": message}):
        await _forget_address(session, address.lower())


async def erased_since(session: AsyncSession, since: datetime | None) -> list[UUID]:
    """Contacts of whom something may have been written down since they were erased."""
    rows = await session.execute(
        text(
            """
            SELECT contact_id FROM erasures
            WHERE at > coalesce(cast(:since AS timestamptz), now() - interval '1 day') - cast(:lingering AS interval)
            ORDER BY id
            """
        ),
        {"since": since, "lingering": _LINGERING},
    )
    return list(rows.scalars())


async def runs_left(session: AsyncSession) -> list[tuple[UUID, str]]:
    """The enrolments of erased contacts whose runs may still be there, each with its workflow."""
    rows = await session.execute(
        text("SELECT id, workflow_id FROM enrolments WHERE reason = 'erased' AND workflow_id <> '' ORDER BY ended_at")
    )
    return [(row.id, row.workflow_id) for row in rows]


async def forget_runs(session: AsyncSession, enrolments: Sequence[UUID]) -> None:
    """These runs are over; those that ended just now are looked at once more, for a router may still start them."""
    await session.execute(
        text(
            """
            UPDATE enrolments SET workflow_id = ''
            WHERE id = ANY(:ids) AND reason = 'erased' AND ended_at < now() - interval '10 minutes'
            """
        ),
        {"ids": list(enrolments)},
    )


async def erased_of(session: AsyncSession, name: str) -> UUID | None:
    """The erased contact of this id. By any other name it is not known any more."""
    try:
        asked = {"id": UUID(name)}
    except ValueError:
        return None
    found: UUID | None = await session.scalar(
        text("SELECT id FROM contacts WHERE id = :id AND erased_at IS NOT NULL"), asked
    )
    return found
