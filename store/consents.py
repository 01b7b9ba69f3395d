"""What contacts said about topics. Statements are only ever added; the latest one about a topic stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store.incoming import Statement
from store.session import Connection

SUBSCRIBED = "Subscribed"
UNSUBSCRIBED = "Unsubscribed"
ALL_TOPICS = "*"

# A yes that is older than a no, and merely arrived later, is not written down: it was taken back already. A no always
# is. So the latest row is the contact's latest word.
_STATE = """
INSERT INTO consents (contact_id, topic, granted, source, at)
SELECT said.* FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::timestamptz[])
    AS said (contact_id, topic, granted, source, at)
WHERE NOT said.granted OR NOT EXISTS (
    SELECT FROM consents no
    WHERE no.contact_id = said.contact_id AND no.topic IN (said.topic, '*') AND NOT no.granted AND no.at > said.at)
ORDER BY said.at
"""

# A contact that became another one is asked as that one. `*` as a topic looks at what was said about any of them.
_LATEST = text("""
SELECT c.id AS contact_id, said.id, said.topic, said.granted
FROM contacts asked
JOIN contacts c ON c.id = coalesce(asked.merged_into, asked.id)
LEFT JOIN LATERAL (
    SELECT id, topic, granted FROM consents
    WHERE contact_id = c.id AND (topic IN (:topic, '*') OR :topic = '*')
    ORDER BY id DESC LIMIT 1
) AS said ON true
WHERE asked.id = :contact_id
""")


class TopicMissingError(ValueError):
    """`Subscribed` must name its topics: nobody agrees to everything by leaving something out."""


def statements(name: str, properties: Mapping[str, Any]) -> tuple[Statement, ...]:
    """What an event of this name says about topics: `topic` and `topics`; `Unsubscribed` without them means all.

    Raises TopicMissingError.
    """
    if name not in (SUBSCRIBED, UNSUBSCRIBED):
        return ()
    told = [properties[key] for key in ("topic", "topics") if properties.get(key) is not None]
    listed = [topic for each in told for topic in (each if isinstance(each, list) else [each])]
    topics = [topic.strip() for topic in listed if isinstance(topic, str)]
    if len(topics) < len(listed) or any(not 1 <= len(topic) <= 60 for topic in topics):
        raise TopicMissingError("a topic is a name of 1 to 60 characters, such as 'offers'")
    granted = name == SUBSCRIBED
    if granted and (not topics or ALL_TOPICS in topics):
        raise TopicMissingError("name the topic, such as 'offers'; there is no consent to everything")
    if told and not topics:
        raise TopicMissingError("name the topic, such as 'offers', or leave it out to unsubscribe from all")
    return tuple(Statement(topic, granted) for topic in dict.fromkeys(topics) or [ALL_TOPICS])


async def state(connection: Connection, stated: Sequence[tuple[UUID, Statement, str, datetime]]) -> None:
    """Write down statements: whose, what, from which source (the event's `messageId`), when."""
    columns = (
        [contact_id for contact_id, _, _, _ in stated],
        [statement.topic for _, statement, _, _ in stated],
        [statement.granted for _, statement, _, _ in stated],
        [source for _, _, source, _ in stated],
        [at for _, _, _, at in stated],
    )
    await connection.execute(_STATE, *columns)


_END = text("""
INSERT INTO consents (contact_id, topic, granted, source, at)
SELECT coalesce(merged_into, id), :topic, false, :source, :at FROM contacts WHERE id = :contact_id
RETURNING contact_id
""")


async def end(session: AsyncSession, contact_id: UUID, topic: str, source: str, at: datetime) -> UUID:
    """Write down a no that was told by somebody else than the contact; the contact that it concerns now."""
    values = {"contact_id": contact_id, "topic": topic, "source": source, "at": at}
    ended: UUID = (await session.execute(_END, values)).scalar_one()
    return ended


@dataclass(frozen=True)
class Word:
    """What stands for a contact and a topic. `last` is the number of the latest statement, 0 when there is none."""

    contact_id: UUID
    last: int
    granted: bool
    ended: bool


async def word(session: AsyncSession, contact_id: UUID, topic: str) -> Word | None:
    """The contact's latest word about a topic (`ended`: it was no); None when there is no such contact."""
    row = (await session.execute(_LATEST, {"contact_id": contact_id, "topic": topic})).one_or_none()
    if row is None:
        return None
    ended = row.granted is False and (topic != ALL_TOPICS or row.topic == ALL_TOPICS)
    return Word(row.contact_id, row.id or 0, bool(row.granted), ended)


async def subscribed(session: AsyncSession, contact_id: UUID, topic: str) -> bool:
    """Whether the contact's latest word about this topic, or about all of them, was yes. No word means no."""
    latest = await word(session, contact_id, topic)
    return latest is not None and latest.granted
