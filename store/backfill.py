"""Back-fill: what is new or changed is computed for every contact, in batches by id, and what is withdrawn is cleared.

A batch and the cursor that says how far it has come are committed together: a crash loses one batch, and nothing else.
Whoever a new definition itself lets in or puts out causes no events.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store import due, fills, segments, stages
from store.fills import CLEARING, DATE, SEGMENT, STAGE, Filling
from store.knowledge import Watch
from store.upkeep import bring_up

BATCH = 2_000


async def fill(session: AsyncSession, watch: Watch, limit: int = BATCH) -> Filling | None:
    """One batch of the oldest fill that is not done; None: there is nothing to do, or others do it."""
    knowledge = await watch.look(session)
    filling = await fills.take(session) if knowledge.readable else None
    if filling is None:
        return None
    if filling.hash == CLEARING:
        await _clear(session, filling, limit)
        return filling
    kept = knowledge.kept[filling.kind, filling.name]
    contacts = await _next(session, filling.cursor, limit)
    await bring_up(session, knowledge, dict.fromkeys(contacts, kept))
    await fills.advance(session, filling, contacts[-1] if len(contacts) == limit else None, len(contacts))
    return filling


async def _next(session: AsyncSession, cursor: UUID | None, limit: int) -> Sequence[UUID]:
    """The contacts behind the cursor, in the order of their ids."""
    rows = await session.execute(
        text(
            """
            SELECT id FROM contacts
            WHERE merged_into IS NULL AND (cast(:cursor AS uuid) IS NULL OR id > cast(:cursor AS uuid))
            ORDER BY id LIMIT :limit
            """
        ),
        {"cursor": cursor, "limit": limit},
    )
    return list(rows.scalars())


async def _clear(session: AsyncSession, filling: Filling, limit: int) -> None:
    if filling.kind == STAGE and (contacts := await _next(session, filling.cursor, limit)):
        await stages.clear(session, contacts)
        await fills.advance(session, filling, contacts[-1], len(contacts))
        return
    pattern = filling.name if filling.kind != DATE else f"{filling.name}#%"
    removed = await due.clear(session, filling.kind, pattern, limit)
    if filling.kind == SEGMENT:
        removed += await segments.clear(session, filling.name, limit)
    if not removed:
        await fills.forget(session, filling)
