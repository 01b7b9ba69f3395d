"""One contact becomes another: everything that was the one's is the other's from then on."""

from uuid import UUID

from store.outbox import lane_of
from store.session import Connection

# Each takes $1, the contact that goes, and $2, the one that stays.
_MOVES = (
    """
    UPDATE contacts s
    SET traits = g.traits || s.traits, seen_at = greatest(s.seen_at, g.seen_at)
    FROM contacts g WHERE s.id = $2::uuid AND g.id = $1::uuid
    """,
    "UPDATE contacts SET merged_into = $2::uuid WHERE id = $1::uuid OR merged_into = $1::uuid",
    "UPDATE identities SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE events SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE consents SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE messages SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    # Nobody is twice inside the same journey (and key): the run of the contact that goes is over, and nothing that it
    # has claimed and not yet sent may leave.
    """
    WITH over AS (
        UPDATE enrolments g
        SET status = 'ended', reason = 'merged', ended_at = now()
        FROM enrolments s
        WHERE g.contact_id = $1::uuid AND g.status <> 'ended'
          AND s.contact_id = $2::uuid AND s.status <> 'ended' AND s.journey = g.journey AND s.key = g.key
        RETURNING g.id
    )
    UPDATE messages m SET state = 'cancelled', reason = 'merged', settled_at = now(), raw = NULL
    FROM over WHERE m.enrolment_id = over.id AND m.state = 'claimed'
    """,
    "UPDATE enrolments SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
)

# Rows that a router is at work on stay: it asks the event for its contact, and intake must not wait for a router.
_MOVE_OUTGOING = """
UPDATE outbox SET contact_id = $2::uuid, lane = $4::smallint
WHERE seq IN (SELECT seq FROM outbox WHERE lane = $3::smallint AND contact_id = $1::uuid FOR UPDATE SKIP LOCKED)
"""


async def merge(connection: Connection, goes: UUID, stays: UUID) -> None:
    """Move everything of `goes` to `stays`. Traits of `stays` win; both contacts must be locked."""
    for move in _MOVES:
        await connection.execute(move, goes, stays)
    await connection.execute(_MOVE_OUTGOING, goes, stays, lane_of(goes), lane_of(stays))
