"""Decisions: every verdict with its reason, written in batches beside the work that it is about."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.decisions import Noted, Verdict

_NOTE = text(
    """
    INSERT INTO decisions (key, at, contact_id, enrolment_id, journey, version, step, kind, verdict, reason, facts)
    SELECT noted.key, noted.at, coalesce(c.merged_into, c.id), noted.enrolment_id, noted.journey, noted.version,
           noted.step, noted.kind, noted.verdict, noted.reason, coalesce(noted.facts, '{}')
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS noted (
        key text, at timestamptz, contact_id uuid, enrolment_id uuid, journey text, version integer, step text,
        kind text, verdict text, reason text, facts jsonb)
    JOIN contacts c ON c.id = noted.contact_id AND c.erased_at IS NULL
    ON CONFLICT (key) DO NOTHING
    """
)


async def note(session: AsyncSession, noted: Sequence[Noted]) -> None:
    """Write down verdicts; one whose key is known changes nothing."""
    if noted:
        await session.execute(_NOTE, {"rows": orjson.dumps([each.__dict__ for each in noted], default=str).decode()})


_RECORD = text(
    """
    INSERT INTO decisions (key, at, contact_id, enrolment_id, journey, version, step, kind, verdict, reason)
    SELECT cast(:enrolment AS text) || '/' || said.number, said.at, e.contact_id, e.id, e.journey, e.version,
           said.step, said.kind, said.verdict, said.reason
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS said (
        number integer, step text, kind text, verdict text, reason text, at timestamptz)
    JOIN enrolments e ON e.id = cast(:enrolment AS uuid)
    ON CONFLICT (key) DO NOTHING
    """
)

_WAYS = text("UPDATE enrolments SET ways = ways || cast(:ways AS jsonb) WHERE id = :enrolment")


async def record(session: AsyncSession, enrolment: UUID, verdicts: Sequence[Verdict]) -> None:
    """Write down what a run has decided by itself; the ways of its splits are kept with the enrolment, too."""
    if not verdicts:
        return
    rows = orjson.dumps([each.__dict__ for each in verdicts]).decode()
    await session.execute(_RECORD, {"enrolment": str(enrolment), "rows": rows})
    if ways := {each.step: each.verdict for each in verdicts if each.kind == "split"}:
        await session.execute(_WAYS, {"enrolment": enrolment, "ways": orjson.dumps(ways).decode()})


OF_SETTLED = """
    INSERT INTO decisions (key, at, contact_id, enrolment_id, journey, version, step, kind, verdict, reason, facts)
    SELECT m.send_key || '/' || m.state, greatest(m.paced_at, now()), m.contact_id, m.enrolment_id, m.journey,
           e.version, m.step, CASE WHEN m.staff IS NULL THEN 'letter' ELSE 'notify' END, m.state, m.reason, m.facts
    FROM settled m JOIN enrolments e ON e.id = m.enrolment_id
    WHERE m.settled_at IS NOT NULL
    ON CONFLICT (key) DO NOTHING
"""
"""Notes the decision about each message of the CTE `settled` whose fate is final."""
