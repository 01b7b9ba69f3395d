"""Who is inside which journey. The router looks here, never into Temporal's visibility."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from rules.arrivals import Inside
from store import due, ledger
from store.models import Enrolment

_NAMESPACE = UUID("5b0c7a52-3a1b-4c52-9c85-4b1d0a3c2f10")
_PAGE = 200


def enrolment_id(journey: str, contact_id: UUID, key: str, trigger_seq: int) -> UUID:
    """The id of the run that this event starts: the same however often the work is repeated."""
    return uuid5(_NAMESPACE, f"{journey}/{contact_id}/{key}/{trigger_seq}")


async def of_contacts(session: AsyncSession, contacts: Sequence[UUID], since: datetime) -> dict[UUID, list[Inside]]:
    """Of each contact the enrolments that are not over, are the latest, or whose goal was still open at `since`."""
    rows = await session.execute(
        text(
            """
            SELECT e.id, e.journey, e.version, e.contact_id, e.key, e.workflow_id, e.trigger_seq, e.started_at,
                   e.status = 'ended' AS ended, e.goal_until, e.goal_at IS NOT NULL AS goal_reached,
                   v.properties AS start
            FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY contact_id, journey, key ORDER BY started_at DESC, trigger_seq DESC) AS place
                FROM enrolments WHERE contact_id = ANY(:contacts)
            ) e JOIN events v ON v.seq = e.trigger_seq
            WHERE place = 1 OR status <> 'ended' OR (goal_at IS NULL AND goal_until >= :since)
            ORDER BY e.trigger_seq
            """
        ),
        {"contacts": list(contacts), "since": since},
    )
    found: dict[UUID, list[Inside]] = {contact: [] for contact in contacts}
    for row in rows.mappings():
        values = dict(row)
        found[values.pop("contact_id")].append(Inside(**values))
    return found


async def enrol(session: AsyncSession, entering: Sequence[tuple[UUID, Inside]]) -> set[UUID]:
    """Write down who enters, before the workflow is started. The ids of those that are inside now.

    Repeats change nothing; who is inside already by another event is left out. A contact that was merged a moment ago
    enters as the one that it became; DBAPIError when that one is inside already: work it out again. One that was erased
    a moment ago does not enter.
    """
    for contact, inside in entering:
        await session.execute(
            text(
                """
                INSERT INTO enrolments (id, journey, version, contact_id, key, workflow_id, trigger_seq, status,
                                        started_at, goal_until)
                VALUES (:id, :journey, :version, :contact, :key, :workflow_id, :trigger_seq, 'active',
                        :started_at, :goal_until)
                ON CONFLICT DO NOTHING
                """
            ),
            {
                "id": inside.id,
                "journey": inside.journey,
                "version": inside.version,
                "contact": contact,
                "key": inside.key,
                "workflow_id": inside.workflow_id,
                "trigger_seq": inside.trigger_seq,
                "started_at": inside.started_at,
                "goal_until": inside.goal_until,
            },
        )
    moved = """
        UPDATE enrolments e SET contact_id = c.merged_into
        FROM contacts c WHERE e.id = ANY(:ids) AND c.id = e.contact_id AND c.merged_into IS NOT NULL
        """
    ids = [inside.id for _, inside in entering]
    await session.execute(text(moved), {"ids": ids})
    over = """
        UPDATE enrolments e SET status = 'ended', ended_at = now(), reason = 'erased', key = ''
        FROM contacts c
        WHERE e.id = ANY(:ids) AND e.status <> 'ended' AND c.id = e.contact_id AND c.erased_at IS NOT NULL
        """
    await session.execute(text(over), {"ids": ids})
    known = text("SELECT id FROM enrolments WHERE id = ANY(:ids) AND status <> 'ended'")
    return set((await session.execute(known, {"ids": ids})).scalars())


async def reach_goal(session: AsyncSession, reached: Sequence[tuple[UUID, datetime]]) -> None:
    """Record that goals were reached; the first time stands."""
    for enrolment, at in reached:
        await session.execute(
            text("UPDATE enrolments SET goal_at = :at WHERE id = :id AND goal_at IS NULL"), {"id": enrolment, "at": at}
        )


async def end(session: AsyncSession, enrolment: UUID, reason: str, at: datetime) -> None:
    """The run is over: nothing that it has claimed and not yet sent may leave."""
    await session.execute(
        text(
            """
            UPDATE enrolments SET status = 'ended', ended_at = :at, reason = :reason
            WHERE id = :id AND status <> 'ended'
            """
        ),
        {"id": enrolment, "reason": reason, "at": at},
    )
    await ledger.cancel(session, enrolment, reason)
    await due.look_at(session, [enrolment])


async def inside(session: AsyncSession, workflows: Collection[str]) -> list[tuple[UUID, str]]:
    """Of these workflows those whose enrolment is not over, each with its enrolment."""
    rows = await session.execute(
        text("SELECT id, workflow_id FROM enrolments WHERE workflow_id = ANY(:workflows) AND status <> 'ended'"),
        {"workflows": list(workflows)},
    )
    return [(row.id, row.workflow_id) for row in rows]


async def merged(session: AsyncSession, since: datetime | None) -> list[tuple[UUID, str]]:
    """The enrolments that a merge of two contacts has ended since then (None: ever), each with its workflow."""
    rows = await session.execute(
        text(
            """
            SELECT id, workflow_id FROM enrolments
            WHERE status = 'ended' AND reason = 'merged'
              AND (cast(:since AS timestamptz) IS NULL OR ended_at > cast(:since AS timestamptz))
            """
        ),
        {"since": since},
    )
    return [(row.id, row.workflow_id) for row in rows]


async def ended(session: AsyncSession, enrolment: UUID) -> bool:
    """Whether the enrolment is over: its run, if it goes on for a moment, must not do anything any more."""
    over = text("SELECT EXISTS (SELECT FROM enrolments WHERE id = :id AND status = 'ended')")
    return bool(await session.scalar(over, {"id": enrolment}))


async def mark(session: AsyncSession, enrolment: UUID, status: str) -> None:
    """Set the status (`active`, `paused`, `held`) of an enrolment that is not over."""
    await session.execute(
        text("UPDATE enrolments SET status = :status WHERE id = :id AND status <> 'ended'"),
        {"id": enrolment, "status": status},
    )


async def move(session: AsyncSession, enrolment: UUID, version: int) -> None:
    """The run goes on with another version of its journey."""
    await session.execute(
        text("UPDATE enrolments SET version = :version WHERE id = :id"), {"id": enrolment, "version": version}
    )


async def hold(session: AsyncSession, enrolment: UUID) -> bool:
    """Hold a run whose journey is paused. False: it was resumed a moment ago.

    The lock makes a resuming operator wait until the mark can be seen: nobody is held and then forgotten.
    """
    paused = await session.execute(
        text(
            """
            SELECT j.paused_at IS NOT NULL FROM journeys j
            WHERE j.name = (SELECT journey FROM enrolments WHERE id = :id) FOR SHARE
            """
        ),
        {"id": enrolment},
    )
    if not paused.scalar_one_or_none():
        return False
    await mark(session, enrolment, "held")
    return True


async def held(session: AsyncSession, journey: str, after: str) -> list[str]:
    """A page of the workflows that the paused journey held, in the order of their ids, from `after` on."""
    rows = await session.execute(
        select(Enrolment.workflow_id)
        .where(Enrolment.journey == journey, Enrolment.status == "held", Enrolment.workflow_id > after)
        .order_by(Enrolment.workflow_id)
        .limit(_PAGE)
    )
    return list(rows.scalars())
