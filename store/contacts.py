"""Contacts and their identities: looking them up under lock, making them, telling them new traits."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from store.incoming import Incoming, Name
from store.persons import HINTED, Person
from store.session import Connection

SEEN_STEP = timedelta(hours=1)
"""`contacts.seen_at` is right to this much: a write for each event would cost more than the news is worth."""

# Contacts are locked in the order of their ids, so that two processes never wait for each other. The lock makes the
# sequence numbers of one contact's events rise in the order in which they are committed.
_LOOK_UP = """
SELECT named.kind, named.value, c.id, c.created_at, c.seen_at,
       c.merged_into IS NOT NULL OR c.erased_at IS NOT NULL AS gone,
       EXISTS (SELECT FROM identities i WHERE i.contact_id = c.id AND i.kind = 'user') AS known,
       EXISTS (SELECT FROM identities i WHERE i.contact_id = c.id AND i.kind = 'email') AS addressed,
       ARRAY(SELECT key FROM unnest($4::text[]) AS key WHERE c.traits ? key) AS has
FROM (
    SELECT i.kind, i.value, i.contact_id
    FROM unnest($1::text[], $2::text[]) AS told (kind, value) JOIN identities i USING (kind, value)
    UNION ALL
    SELECT 'contact', given.id::text, coalesce(given.merged_into, given.id)
    FROM contacts given WHERE given.id = ANY ($3::uuid[]) AND given.erased_at IS NULL
) AS named
JOIN contacts c ON c.id = named.contact_id
ORDER BY c.id
FOR NO KEY UPDATE OF c
"""

_CREATE = """
INSERT INTO contacts (id, traits, created_at, seen_at)
SELECT id, traits::jsonb, at, at FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS made (id, traits, at)
"""

# In the order of the primary key, so that two processes that add the same identities never wait for each other.
_NAME = """
INSERT INTO identities (kind, value, contact_id)
SELECT kind, value, contact_id FROM unnest($1::text[], $2::text[], $3::uuid[]) AS named (kind, value, contact_id)
ORDER BY kind, value
ON CONFLICT DO NOTHING
RETURNING 1
"""

_TELL = """
UPDATE contacts c
SET seen_at = greatest(c.seen_at, told.at),
    traits = (c.traits || told.patch::jsonb) - told.removed::text[]
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS told (id, patch, removed, at)
WHERE c.id = told.id
"""


class OvertakenError(Exception):
    """Another transaction came between. Begin again; `known` are messages that turned out to be recorded already."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        super().__init__(f"overtaken by another transaction ({len(known)} messages known)")
        self.known = known


async def look_up(connection: Connection, events: Iterable[Incoming], now: datetime) -> dict[Name, Person]:
    """The contacts behind every identity that the events mention, locked until the transaction ends.

    Raises OvertakenError when one of them was merged or erased while we waited for its lock.
    """
    names = {name for event in events for name in event.names()}
    given = [event.contact_id for event in events if event.contact_id is not None]
    columns = ([kind for kind, _ in names], [value for _, value in names], given, HINTED)
    rows = await connection.fetch(_LOOK_UP, *columns)
    persons: dict[UUID, Person] = {}
    directory: dict[Name, Person] = {}
    for kind, value, contact_id, created_at, seen_at, gone, known, addressed, has in rows:
        if gone:
            raise OvertakenError
        if contact_id not in persons:
            lacks = frozenset(key for key in HINTED if key not in has)
            stale = now - seen_at > SEEN_STEP
            persons[contact_id] = Person(contact_id, created_at, known, addressed, lacks, stale=stale)
        directory[kind, value] = persons[contact_id]
    return directory


async def create(connection: Connection, persons: Sequence[Person]) -> None:
    """Make contacts that were not there, with what they were told so far."""
    traits = [{key: value for key, value in person.patch.items() if value is not None} for person in persons]
    columns = (
        [person.id for person in persons],
        [orjson.dumps(told).decode() for told in traits],
        [person.created_at for person in persons],
    )
    await connection.execute(_CREATE, *columns)


async def name(connection: Connection, named: Sequence[tuple[Name, Person]]) -> None:
    """Give identities to contacts. Raises OvertakenError when another transaction gave one of them away meanwhile."""
    columns = (
        [kind for (kind, _), _ in named],
        [value for (_, value), _ in named],
        [person.root.id for _, person in named],
    )
    if len(await connection.fetch(_NAME, *columns)) != len(named):
        raise OvertakenError


async def tell(connection: Connection, told: Sequence[tuple[UUID, dict[str, object]]], now: datetime) -> None:
    """Change traits; None removes one."""
    columns = (
        [contact_id for contact_id, _ in told],
        [orjson.dumps({key: value for key, value in patch.items() if value is not None}).decode() for _, patch in told],
        [text_array(key for key, value in patch.items() if value is None) for _, patch in told],
        [now] * len(told),
    )
    await connection.execute(_TELL, *columns)


def text_array(values: Iterable[str]) -> str:
    """One row's array inside an array of rows: PostgreSQL has no ragged arrays, so it goes as a literal."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
