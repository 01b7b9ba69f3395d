"""Upkeep: segments, stages and dates of contacts are brought up to the truth, and every change of it is announced.

The router calls `keep` for each batch of events, in a transaction of its own, before it routes them:

    async with database.transaction() as session:
        await upkeep.keep(session, watch, upkeep.told_by(waiting))

with one `Watch(zone)` a process. The sweep calls `work_off` here, and `backfill.fill`, until nothing is left.

Contacts are locked, in the order of their ids, before anything is read of them: so whoever comes last has seen all that
was committed before. What is written and what is announced stand in one transaction, and therefore a repeat finds that
nothing is to be done; coming again later is a new event.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.needs import together
from rules.upkeep import Change, Kept, together_by_contact
from store import due, facts
from store.knowledge import Knowledge, Watch
from store.outbox import Waiting
from store.outcome import Outcome, Person, Tally, kind_of

BATCH = 500


def told_by(waiting: Iterable[Waiting]) -> list[Change]:
    """What these events of the outbox have changed."""
    return [
        Change(
            each.contact_id,
            frozenset({each.event.name}),
            frozenset(each.traits),
            since=each.received_at,
            backfill=each.backfill,
        )
        for each in waiting
    ]


async def keep(session: AsyncSession, watch: Watch, changes: Sequence[Change]) -> Tally:
    """Bring up to date what these changes can have changed, and nothing else. Changes may come twice."""
    knowledge = await watch.look(session)
    by_contact = together_by_contact(changes)
    if not knowledge.readable:
        await due.look_at_all(session, sorted(by_contact))
        return Tally()
    wanted = {contact: set(knowledge.met(change)) for contact, change in by_contact.items()}
    vacuous = {kept for kept in knowledge.every if kept.vacuous}
    for contact in await _new(session, by_contact) if vacuous else ():
        wanted[contact] |= vacuous
    imported = {contact for contact, change in by_contact.items() if change.backfill}
    return await bring_up(session, knowledge, {each: kept for each, kept in wanted.items() if kept}, imported)


async def _new(session: AsyncSession, changes: Mapping[UUID, Change]) -> list[UUID]:
    """Those of whom these changes are the first that was ever heard."""
    told = [(contact, change.since) for contact, change in changes.items() if change.since is not None]
    rows = await session.execute(
        text(
            """
            SELECT c.id FROM contacts c
            JOIN unnest(cast(:ids AS uuid[]), cast(:since AS timestamptz[])) AS told (id, since) USING (id)
            WHERE c.created_at >= told.since
            """
        ),
        {"ids": [contact for contact, _ in told], "since": [since for _, since in told]},
    )
    return list(rows.scalars())


async def bring_up(
    session: AsyncSession,
    knowledge: Knowledge,
    wanted: Mapping[UUID, Collection[Kept]],
    silent: Collection[UUID] = (),
) -> Tally:
    """Bring these up to the truth of this moment. What becomes of `silent` contacts is not announced."""
    people = await _lock(session, wanted)
    if not people:
        return Tally()
    now = await clock(session)
    asked = together(kept.needs for contact in people for kept in wanted[contact])
    known = await facts.known_of(session, list(people), asked, now, knowledge.named)
    outcome = await Outcome.begin(session, knowledge, now, people)
    for contact in people:
        for kept in wanted[contact]:
            outcome.look(kept, contact, known[contact], silent=contact in silent)
    return await outcome.write(session)


async def _lock(session: AsyncSession, contacts: Collection[UUID]) -> dict[UUID, Person]:
    """The contacts that are neither merged nor erased, locked in the order in which everybody locks them."""
    if not contacts:
        return {}
    rows = await session.execute(
        text(
            """
            SELECT id, created_at, stage FROM contacts
            WHERE id = ANY(:ids) AND merged_into IS NULL AND erased_at IS NULL
            ORDER BY id FOR NO KEY UPDATE
            """
        ),
        {"ids": list(contacts)},
    )
    return {row.id: Person(row.created_at, row.stage) for row in rows}


async def _gone(session: AsyncSession, contacts: Collection[UUID]) -> list[UUID]:
    rows = await session.execute(
        text("SELECT id FROM contacts WHERE id = ANY(:ids) AND (merged_into IS NOT NULL OR erased_at IS NOT NULL)"),
        {"ids": list(contacts)},
    )
    return list(rows.scalars())


async def clock(session: AsyncSession) -> datetime:
    """The database's clock, by which everything falls due."""
    now: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now


async def work_off(session: AsyncSession, watch: Watch, limit: int = BATCH) -> tuple[int, Tally]:
    """Look at contacts of whom something is due. How many rows there were: 0 when none is left for us.

    Contacts that others have in hands are left out: these others, or the next round, look at them.
    """
    knowledge = await watch.look(session)
    if not knowledge.readable:
        return 0, Tally()
    by_name = {(kind_of(kept), kept.name): kept for kept in knowledge.every}
    looks = {(due.LOOK, due.ALL), (due.LOOK, due.STAYS), (due.LOOK, due.LETTERS)}
    now = await clock(session)
    fallen = await due.fallen(session, now, by_name.keys() | looks, limit)
    wanted: dict[UUID, set[Kept]] = {each.contact: set() for each in fallen}
    for each in fallen:
        known = by_name.get((each.kind, each.name))
        wanted[each.contact] |= {known} if known is not None else _looked_for(knowledge, each.name)
    tally = await bring_up(session, knowledge, wanted)
    await due.move_strays(session, await _gone(session, wanted))
    await due.looked(session, [each.contact for each in fallen if each.kind == due.LOOK], now)
    return len(fallen), tally


def _looked_for(knowledge: Knowledge, what: str) -> set[Kept]:
    if what == due.ALL:
        return set(knowledge.every)
    return {kept for kept in knowledge.every if getattr(kept.needs, what)}
