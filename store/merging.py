"""One contact becomes another: everything that was the one's is the other's from then on."""

from uuid import UUID

from store.decisions import OF_SETTLED
from store.outbox import LANE_LOCKS, lane_of
from store.session import Connection

# Each takes $1, the contact that goes, and $2, the one that stays.
_MOVES = (
    # The strongest lock: whoever is just enrolling one of them waits, or is waited for, and nobody is left behind.
    "SELECT FROM contacts WHERE id IN ($1::uuid, $2::uuid) ORDER BY id FOR UPDATE",
    """
    UPDATE contacts s
    SET traits = g.traits || s.traits, seen_at = greatest(s.seen_at, g.seen_at), stage = coalesce(s.stage, g.stage),
        stage_since = CASE WHEN s.stage IS NULL THEN g.stage_since ELSE s.stage_since END
    FROM contacts g WHERE s.id = $2::uuid AND g.id = $1::uuid
    """,
    "UPDATE contacts SET merged_into = $2::uuid WHERE id = $1::uuid OR merged_into = $1::uuid",
    "UPDATE identities SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE events SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE consents SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE messages SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    # Nobody is twice inside the same journey (and key): the run of the contact that goes is over, and nothing that it
    # has claimed and not yet sent may leave.
    f"""
    WITH over AS (
        UPDATE enrolments g
        SET status = 'ended', reason = 'merged', ended_at = now()
        FROM enrolments s
        WHERE g.contact_id = $1::uuid AND g.status <> 'ended'
          AND s.contact_id = $2::uuid AND s.status <> 'ended' AND s.journey = g.journey AND s.key = g.key
        RETURNING g.id
    ), settled AS (
        UPDATE messages m SET state = CASE WHEN m.resent THEN 'unknown' ELSE 'cancelled' END, reason = 'merged',
            settled_at = now(), raw = NULL, lease = NULL
        FROM over WHERE m.enrolment_id = over.id AND m.state = 'claimed'
        RETURNING m.*
    )
    {OF_SETTLED}
    """,  # noqa: S608  (a constant of ours)
    "UPDATE wishes SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE redemptions SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE enrolments SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    "UPDATE decisions SET contact_id = $2::uuid WHERE contact_id = $1::uuid",
    # Who was in a segment as either of the two does not enter it again. All that is kept is looked at anew afterwards:
    # the event that made them one tells that any trait may have changed.
    """
    WITH gone AS (DELETE FROM memberships WHERE contact_id = $1::uuid RETURNING segment, since)
    INSERT INTO memberships (segment, contact_id, since) SELECT segment, $2::uuid, since FROM gone
    ON CONFLICT (segment, contact_id) DO UPDATE SET since = least(memberships.since, excluded.since)
    """,
    """
    WITH gone AS (DELETE FROM due WHERE contact_id = $1::uuid RETURNING kind, name, at, day)
    INSERT INTO due (kind, name, contact_id, at, day) SELECT kind, name, $2::uuid, at, day FROM gone
    ON CONFLICT (kind, name, contact_id) DO UPDATE SET at = excluded.at, day = excluded.day WHERE excluded.at < due.at
    """,
    # What either has claimed was decided on half of what is known now: taking the lease away has it looked at again.
    """
    UPDATE messages m SET lease = NULL
    FROM enrolments e WHERE e.contact_id IN ($1::uuid, $2::uuid) AND m.enrolment_id = e.id AND m.state = 'claimed'
    """,
)

# While a router holds the lane the rows stay where they are, for intake must not wait for a router: whoever takes them
# asks the event for its contact.
_MOVE_OUTGOING = f"""
UPDATE outbox SET contact_id = $2::uuid, lane = $4::smallint
WHERE lane = $3::smallint AND contact_id = $1::uuid AND (SELECT pg_try_advisory_xact_lock({LANE_LOCKS}, $3))
"""  # noqa: S608  (a constant of ours)


async def merge(connection: Connection, goes: UUID, stays: UUID) -> None:
    """Move everything of `goes` to `stays`. Traits of `stays` win; both contacts must be locked."""
    for move in _MOVES:
        await connection.execute(move, goes, stays)
    await connection.execute(_MOVE_OUTGOING, goes, stays, lane_of(goes), lane_of(stays))
