"""Events that Kundresa itself records: they enter like any shop event, and are routed like one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store.outbox import CHANNEL, lane_of


@dataclass(frozen=True)
class Announcement:
    """An event of ours. The same `message_id` again changes nothing. `traits` names traits that changed with it."""

    message_id: str
    contact_id: UUID
    name: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Sequence[str] = ()


# Nothing is told of a contact that was erased. One that was merged meanwhile is told of as the one that it became; its
# lane is then asked of the event.
_ANNOUNCE = text(
    f"""
    WITH said AS (
        SELECT * FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS said (
            place integer, message_id text, contact_id uuid, name text, properties jsonb, at timestamptz,
            lane smallint, traits text[])
    ), recorded AS (
        INSERT INTO events (message_id, contact_id, name, properties, occurred_at)
        SELECT said.message_id, coalesce(c.merged_into, c.id), said.name, said.properties, said.at
        FROM said JOIN contacts c ON c.id = said.contact_id AND c.erased_at IS NULL
        ORDER BY place
        ON CONFLICT (message_id) DO NOTHING
        RETURNING seq, message_id, contact_id, received_at
    )
    INSERT INTO outbox (seq, contact_id, lane, traits, received_at)
    SELECT r.seq, r.contact_id, said.lane, said.traits, r.received_at
    FROM recorded r JOIN said USING (message_id)
    RETURNING seq, (SELECT pg_notify('{CHANNEL}', ''))
    """  # noqa: S608  (the channel is a constant of ours)
)


async def announce(session: AsyncSession, announcements: Sequence[Announcement]) -> int:
    """Record events of distinct `message_id`, in their order; how many were new."""
    if not announcements:
        return 0
    rows = [
        {
            "place": place,
            "message_id": each.message_id,
            "contact_id": str(each.contact_id),  # the driver has a UUID of its own
            "name": each.name,
            "properties": dict(each.properties),
            "at": each.at,
            "lane": lane_of(each.contact_id),
            "traits": list(each.traits),
        }
        for place, each in enumerate(announcements)
    ]
    written = await session.execute(_ANNOUNCE, {"rows": orjson.dumps(rows).decode()})
    return len(written.all())
