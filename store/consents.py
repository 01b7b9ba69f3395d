"""What contacts said about topics. Statements are only ever added; the latest one about a topic stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from store.incoming import Statement

SUBSCRIBED = "Subscribed"
UNSUBSCRIBED = "Unsubscribed"
ALL_TOPICS = "*"

_STATE = """
INSERT INTO consents (contact_id, topic, granted, source, at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::timestamptz[])
"""

_LATEST = text("""
SELECT granted FROM consents
WHERE contact_id = :contact_id AND topic IN (:topic, '*')
ORDER BY at DESC, id DESC LIMIT 1
""")


class TopicMissing(ValueError):
    """`Subscribed` must name its topics: nobody agrees to everything by leaving something out."""


def statements(name: str, properties: Mapping[str, Any]) -> tuple[Statement, ...]:
    """What an event of this name says about topics: `topic`, or `topics`; `Unsubscribed` without them means all.

    Raises TopicMissing.
    """
    if name not in (SUBSCRIBED, UNSUBSCRIBED):
        return ()
    told = properties.get("topics", properties.get("topic"))
    topics = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    if any(not isinstance(topic, str) or not topic.strip() or len(topic) > 60 for topic in topics):
        raise TopicMissing("a topic is a name of 1 to 60 characters, such as 'offers'")
    granted = name == SUBSCRIBED
    if granted and (not topics or ALL_TOPICS in topics):
        raise TopicMissing("name the topic, such as 'offers'; there is no consent to everything")
    if told is not None and not topics:
        raise TopicMissing("name the topic, such as 'offers', or leave it out to unsubscribe from all")
    return tuple(Statement(topic, granted) for topic in topics or [ALL_TOPICS])


async def state(connection: AsyncConnection, stated: Sequence[tuple[UUID, Statement, str, datetime]]) -> None:
    """Write down statements: whose, what, from which source (the event's `messageId`), when."""
    columns = (
        [contact_id for contact_id, _, _, _ in stated],
        [statement.topic for _, statement, _, _ in stated],
        [statement.granted for _, statement, _, _ in stated],
        [source for _, _, source, _ in stated],
        [at for _, _, _, at in stated],
    )
    await connection.exec_driver_sql(_STATE, columns)


async def subscribed(session: AsyncSession, contact_id: UUID, topic: str) -> bool:
    """Whether the contact's latest word about this topic, or about all of them, was yes. No word means no."""
    found = await session.execute(_LATEST, {"contact_id": contact_id, "topic": topic})
    return bool(found.scalar_one_or_none())
