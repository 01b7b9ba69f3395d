"""Changes that a journey makes to a contact: traits, and subscriptions to topics."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def set_traits(session: AsyncSession, contact: UUID, traits: Mapping[str, Any]) -> None:
    """Set these traits; None removes one."""
    gone = [name for name, value in traits.items() if value is None]
    kept = {name: value for name, value in traits.items() if value is not None}
    await session.execute(
        text(
            """
            UPDATE contacts SET traits = (traits || cast(:kept AS jsonb)) - cast(:gone AS text[])
            WHERE id = :id AND erased_at IS NULL
            """
        ),
        {"id": contact, "kept": orjson.dumps(kept).decode(), "gone": gone},
    )


async def set_topics(
    session: AsyncSession, contact: UUID, topics: Mapping[str, bool], source: str, at: datetime
) -> None:
    """Subscribe to and unsubscribe from topics. The same source says the same only once."""
    for topic, granted in topics.items():
        await session.execute(
            text(
                """
                INSERT INTO consents (contact_id, topic, granted, source, at)
                SELECT said.* FROM (VALUES (cast(:contact AS uuid), cast(:topic AS text), cast(:granted AS boolean),
                                            cast(:source AS text), cast(:at AS timestamptz)))
                    AS said (contact_id, topic, granted, source, at)
                WHERE NOT EXISTS (
                    SELECT FROM consents known
                    WHERE (known.contact_id, known.topic, known.source) = (said.contact_id, said.topic, said.source))
                """
            ),
            {"contact": contact, "topic": topic, "granted": granted, "source": source, "at": at},
        )
