"""To whom a letter goes: the contact of an enrolment, with all that decides whether it may be written to."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store.suppressions import STANDS, known_as, sealing

_ADDRESS = "coalesce(cast(:recipient AS text), c.traits ->> 'email')"


@dataclass(frozen=True)
class Addressee:
    """The contact of an enrolment, as it is at this moment, with all that decides whether it may be written to.

    `suppressed`: why its address gets no letter at all; `unwanted`: why it gets no marketing.
    """

    contact_id: UUID
    journey: str
    version: int
    trigger_seq: int
    start: dict[str, Any]
    ended: bool
    end_reason: str | None
    paused: bool
    traits: dict[str, Any]
    consent: bool | None
    suppressed: str | None
    unwanted: str | None = None


async def addressee(
    session: AsyncSession, enrolment: UUID, topic: str | None, recipient: str | None = None
) -> Addressee:
    """Look at the contact now; `recipient` is the address of a letter that was written before.

    Until the transaction ends, the run cannot be ended and the contact cannot be merged: whoever does that finds what
    was claimed here. Raises LookupError when there is no such enrolment.
    """
    row = (
        (
            await session.execute(
                text(
                    f"""
                SELECT e.contact_id, e.journey, e.version, e.trigger_seq, v.properties AS start,
                       e.status = 'ended' AS ended, e.reason AS end_reason,
                       j.paused_at IS NOT NULL AS paused, c.traits, s.suppressed, s.unwanted,
                       (SELECT granted FROM consents n WHERE n.contact_id = e.contact_id AND n.topic IN (:topic, '*')
                        ORDER BY n.id DESC LIMIT 1) AS consent
                FROM enrolments e
                JOIN contacts c ON c.id = e.contact_id
                JOIN events v ON v.seq = e.trigger_seq
                LEFT JOIN journeys j ON j.name = e.journey
                CROSS JOIN LATERAL (
                    SELECT min(s.reason) FILTER (WHERE s.scope = 'hard') AS suppressed,
                           min(s.reason) FILTER (WHERE s.scope <> 'hard') AS unwanted
                    FROM suppressions s
                    WHERE s.address IN {known_as(_ADDRESS)} AND {STANDS}
                ) s
                WHERE e.id = :enrolment
                FOR SHARE OF e
                """  # noqa: S608  (constants of ours)
                ),
                {"enrolment": enrolment, "topic": topic or "", "recipient": recipient, **sealing(session)},
            )
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise LookupError(f"there is no enrolment {enrolment}")
    return Addressee(**row)
