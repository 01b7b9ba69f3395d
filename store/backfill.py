"""Back-fill: what is new or changed is computed for every contact, in batches by id, and what is withdrawn is cleared.

A batch and the cursor that says how far it has come are committed together: a crash loses one batch, and nothing else.
Whoever a new definition itself lets in or puts out causes no events.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.upkeep import Kept, KeptDate, KeptSegment, KeptStages
from store import due, fills, segments, stages
from store.fills import CLEARING, DATE, SEGMENT, STAGE, Filling
from store.knowledge import Knowledge, Watch
from store.upkeep import bring_up, clock
from store.wholesale import Stretch, fill_segment, fill_stages, lock

BATCH = 2_000
"""So many contacts are looked at one by one in one transaction; `WHOLESALE` when it is done in a few statements."""
WHOLESALE = 5_000


async def fill(session: AsyncSession, watch: Watch, limit: int | None = None) -> Filling | None:
    """One batch of the oldest fill that is not done; None: there is nothing to do, or others do it."""
    if not await fills.unfinished(session):
        return None
    knowledge = await watch.look(session, alone=True)
    filling = await fills.take(session) if knowledge.readable else None
    if filling is None:
        return None
    if filling.hash == CLEARING:
        await _clear(session, filling, limit or WHOLESALE)
    else:
        await _fill(session, knowledge, filling, limit)
    return filling


async def _fill(session: AsyncSession, knowledge: Knowledge, filling: Filling, limit: int | None) -> None:
    kept = knowledge.kept[filling.kind, filling.name]
    if filling.kind == DATE and filling.cursor is None:
        await due.drop_all_but(session, DATE, f"{filling.name}#%", [each.name for each in kept])
    most = limit or (WHOLESALE if _coarse(kept) else BATCH)
    contacts = await _next(session, filling.cursor, most)
    if contacts and _coarse(kept):
        await _wholesale(session, knowledge, filling, kept[0], contacts[-1])
    elif contacts:
        await bring_up(session, knowledge, dict.fromkeys(contacts, kept))
    await fills.advance(session, filling, contacts[-1] if len(contacts) == most else None, len(contacts))


def _coarse(kept: Sequence[Kept]) -> bool:
    return bool(kept) and all(not isinstance(each, KeptDate) and each.spans is not None for each in kept)


async def _wholesale(session: AsyncSession, knowledge: Knowledge, filling: Filling, kept: Kept, to: UUID) -> None:
    # Whoever was made since it began was in nothing before, and is told of like after any other change.
    stretch = Stretch(filling.cursor, to, await clock(session), knowledge.named)
    if isinstance(kept, KeptStages):
        await lock(session, stretch)
    newcomers = await _made_since(session, filling, to)
    await bring_up(session, knowledge, {each: [kept] for each in newcomers})
    if isinstance(kept, KeptSegment):
        await fill_segment(session, kept, kept.spans or (), stretch)
    elif isinstance(kept, KeptStages):
        await fill_stages(session, kept, kept.spans or (), stretch)


async def _made_since(session: AsyncSession, filling: Filling, to: UUID) -> Sequence[UUID]:
    rows = await session.execute(
        text(
            """
            SELECT id FROM contacts
            WHERE created_at >= :began AND merged_into IS NULL AND erased_at IS NULL AND id <= :to
              AND (cast(:cursor AS uuid) IS NULL OR id > cast(:cursor AS uuid))
            """
        ),
        {"began": filling.began_at, "cursor": filling.cursor, "to": to},
    )
    return list(rows.scalars())


async def _next(session: AsyncSession, cursor: UUID | None, limit: int) -> Sequence[UUID]:
    """The contacts behind the cursor, in the order of their ids."""
    rows = await session.execute(
        text(
            """
            SELECT id FROM contacts
            WHERE merged_into IS NULL AND erased_at IS NULL
              AND (cast(:cursor AS uuid) IS NULL OR id > cast(:cursor AS uuid))
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
