"""A crowd with a past: contacts and their events of more than a year, written by PostgreSQL itself."""

from dataclasses import dataclass

import asyncpg

from bench.figures import Tell
from store.session import Connection, driver_url

EVENTS = 20
"""Events of each contact: sixteen products viewed, two links clicked, two orders."""

_CONTACTS = """
INSERT INTO contacts (id, traits, created_at)
SELECT gen_random_uuid(), jsonb_build_object('plan', CASE WHEN n % 10 = 0 THEN 'gold' ELSE 'basic' END),
       now() - interval '500 days'
FROM generate_series(1, $1::int) n
"""

# As a shop's events lie on the disk: by time, each contact's far apart.
_EVENTS = """
INSERT INTO events (message_id, contact_id, name, properties, occurred_at, received_at)
SELECT $1::int || '/' || row_number() OVER (), id, $2::text, jsonb_build_object('total', 1 + random() * 400), at, at
FROM (
    SELECT id, now() - interval '400 days' + ($1::int + random()) * interval '20 days' AS at FROM contacts
) each
"""

# Kept row by row these would take most of the time; they are made anew when all rows are there.
_INDEXES = ("ix_events_contact_name", "events_message_id_key")
_SEARCHED = "CREATE INDEX ix_events_contact_name ON events (contact_id, name, occurred_at)"
_UNIQUE = "ALTER TABLE events ADD CONSTRAINT events_message_id_key UNIQUE (message_id)"


@dataclass(frozen=True)
class Crowd:
    """How many there are."""

    contacts: int

    @property
    def events(self) -> int:
        """All their events."""
        return self.contacts * EVENTS


async def make(database_url: str, contacts: int, tell: Tell) -> Crowd:
    """Make the crowd, among nobody else. PostgreSQL writes it as it goes, so that memory stays bounded."""
    connection: Connection = await asyncpg.connect(driver_url(database_url))
    try:
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(f"DROP INDEX {_INDEXES[0]}")
        await connection.execute(f"ALTER TABLE events DROP CONSTRAINT {_INDEXES[1]}")
        await connection.execute(_CONTACTS, contacts)
        for turn in range(EVENTS):
            await connection.execute(_EVENTS, turn, _name(turn))
            tell(f"segments: {(turn + 1) * contacts:,} of {EVENTS * contacts:,} events were made")
        await connection.execute(_SEARCHED)
        await connection.execute(_UNIQUE)
        tell("segments: their indexes were made")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return Crowd(contacts)


def _name(turn: int) -> str:
    match turn % 10:
        case 0:
            return "Order Completed"
        case 5:
            return "Email Link Clicked"
        case _:
            return "Product Viewed"
