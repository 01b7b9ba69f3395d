"""What decides when a marketing letter may leave: the policy in force, what its contact got, and who else wishes to."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.pacing import Counted
from rules.policies import Pacing

PACING = "pacing"
"""The name of the policy in the table `policies`."""

# The first halves of the keys of advisory locks: any fixed numbers that nobody else uses.
_CONTACT_LOCKS, _STAFF_LOCKS = 710_554, 710_555


class Policy:
    """The policy in force. Each look asks the database which one that is; it is read again only when it has changed."""

    def __init__(self) -> None:
        self._hash: str | None = None
        self._pacing = Pacing()

    async def current(self, session: AsyncSession) -> Pacing:
        """Quiet hours and caps; none, when no policy was published."""
        asked = text(
            """
            SELECT hash, CASE WHEN hash IS DISTINCT FROM :known THEN definition END AS definition
            FROM policies WHERE name = :name
            """
        )
        row = (await session.execute(asked, {"known": self._hash, "name": PACING})).one_or_none()
        if row is None:
            self._hash, self._pacing = None, Pacing()
        elif row.definition is not None:
            self._hash, self._pacing = row.hash, Pacing.model_validate(row.definition)
        return self._pacing


async def lock(session: AsyncSession, contact: UUID) -> None:
    """Until the transaction ends nobody else decides about a letter to this contact: what is counted now stays true."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(:locks, hashtext(:contact))"),
        {"locks": _CONTACT_LOCKS, "contact": str(contact)},
    )


# Whatever is not settled may leave any moment, however long ago it was claimed. Of letters that are claimed the older
# one does not count the younger: a merge can bring two together that cannot both leave, and one of them must.
_COUNTED = text(
    """
    SELECT paced_at, topic, settled_at IS NULL AS open FROM messages m
    WHERE contact_id = :contact AND message_class = 'marketing' AND send_key <> :send_key AND (
        settled_at IS NULL AND (state <> 'claimed' OR created_at < coalesce(
            (SELECT created_at FROM messages own WHERE own.send_key = :send_key), 'infinity'))
        OR state IN ('sent', 'unknown') AND paced_at > :since)
    """
)


async def counted(session: AsyncSession, contact: UUID, send_key: str, since: datetime) -> list[Counted]:
    """The contact's other marketing letters that left after then, or may yet leave. Take `lock` before."""
    rows = await session.execute(_COUNTED, {"contact": contact, "send_key": send_key, "since": since})
    return [Counted(row.paced_at, row.topic, row.open) for row in rows]


_STAFF = text(
    """
    WITH recent AS (
        SELECT state, paced_at FROM messages
        WHERE journey = :journey AND staff = :staff AND send_key <> :send_key AND paced_at > :since
    )
    SELECT count(*) FILTER (WHERE settled_in_time) AS number, (
        SELECT count(*) FROM recent c WHERE c.state = 'capped'
        AND c.paced_at > coalesce((SELECT max(paced_at) FROM recent r WHERE r.state = 'sent'), '-infinity')) AS untold
    FROM (
        SELECT state IN ('claimed', 'dot_pending', 'sent', 'unknown') AND paced_at > :hour_ago
            AND paced_at < :hour_hence AS settled_in_time
        FROM recent
    ) AS looked_at
    """
)


async def told_to_staff(
    session: AsyncSession, journey: str, staff: str, send_key: str, now: datetime
) -> tuple[int, int]:
    """How many letters of the journey these staff got within an hour, and how many were withheld since the last one.

    Until the transaction ends nobody else decides about a letter of this journey to them.
    """
    await session.execute(
        text("SELECT pg_advisory_xact_lock(:locks, hashtext(:whom))"),
        {"locks": _STAFF_LOCKS, "whom": f"{journey}/{staff}"},
    )
    hour = timedelta(hours=1)
    asked = {
        "journey": journey,
        "staff": staff,
        "send_key": send_key,
        "hour_ago": now - hour,
        "hour_hence": now + hour,
        "since": now - timedelta(days=7),
    }
    row = (await session.execute(_STAFF, asked)).one()
    return row.number, row.untold
