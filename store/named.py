"""What conditions refer to by name, as it is published now: the segments, and the stages of the lifecycle."""

from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.facts import Named
from rules.policies import Lifecycle
from rules.segment import Segment

_NAMED = text(
    """
    SELECT 'segment' AS kind, definition::text AS written FROM segments WHERE withdrawn_at IS NULL
    UNION ALL
    SELECT 'stages', definition::text FROM policies WHERE name = 'stages'
    """
)


async def named(session: AsyncSession) -> Named:
    """The conditions of all segments that are not withdrawn, and the stages in their order."""
    rows = (await session.execute(_NAMED)).all()
    segments = [_segment(row.written) for row in rows if row.kind == "segment"]
    stages = tuple(stage for row in rows if row.kind == "stages" for stage in _lifecycle(row.written).stages)
    return Named({each.segment: each.when for each in segments}, stages)


# Definitions are asked for at every decision, and hardly ever change.
@lru_cache(maxsize=1_024)
def _segment(written: str) -> Segment:
    return Segment.model_validate_json(written)


@lru_cache(maxsize=4)
def _lifecycle(written: str) -> Lifecycle:
    return Lifecycle.model_validate_json(written)
