"""Histories of contacts, written straight into the tables."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.rules.worlds import History

_WRITE = {
    "contacts": "INSERT INTO contacts (id, traits) SELECT id, traits FROM {rows} (id uuid, traits jsonb)",
    "events": """
        INSERT INTO events (message_id, contact_id, name, occurred_at, properties)
        SELECT message_id, contact_id, name, at, properties
        FROM {rows} (message_id text, contact_id uuid, name text, at timestamptz, properties jsonb)
        """,
    "consents": """
        INSERT INTO consents (contact_id, topic, granted, source)
        SELECT contact_id, topic, granted, 'test' FROM {rows} (contact_id uuid, topic text, granted boolean)
        """,
    "enrolments": """
        INSERT INTO enrolments (id, journey, version, contact_id, key, workflow_id, trigger_seq, status, started_at,
                                ended_at)
        SELECT id, journey, 1, contact_id, '', id::text, 0, 'ended', entered, ended
        FROM {rows} (id uuid, journey text, contact_id uuid, entered timestamptz, ended timestamptz)
        """,
    "messages": """
        INSERT INTO messages (id, send_key, enrolment_id, contact_id, journey, step, letter, message_class, state,
                              message_id, not_after, settled_at, attempts, resent, staff)
        SELECT id, id::text, contact_id, contact_id, 'none', 'x', letter, 'marketing', state, 'x', now(), at, 1, false,
               staff
        FROM {rows} (id uuid, contact_id uuid, letter text, state text, at timestamptz, staff text)
        """,
}


async def remember(session: AsyncSession, histories: Mapping[UUID, History]) -> None:
    """Write the histories down, with a letter beside each that was not sent, and one that the staff got."""
    for table, rows in _rows(histories).items():
        source = "jsonb_to_recordset(cast(:rows AS jsonb)) AS x"
        await session.execute(text(_WRITE[table].format(rows=source)), {"rows": orjson.dumps(rows).decode()})


def _rows(histories: Mapping[UUID, History]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in _WRITE}
    for contact, history in histories.items():
        of = {"contact_id": contact}
        rows["contacts"].append({"id": contact, "traits": history.traits})
        rows["events"] += [
            {**of, "message_id": uuid4(), "name": name, "at": at, "properties": properties}
            for name, at, properties in history.events
        ]
        rows["consents"] += [{**of, "topic": topic, "granted": granted} for topic, granted in history.said]
        # One enrolment has the contact's own id: the letters belong to it.
        rows["enrolments"].append({**of, "id": contact, "journey": "none", "entered": "2026-01-01T00:00:00Z"})
        rows["enrolments"] += [
            {**of, "id": uuid4(), "journey": journey, "entered": entered, "ended": ended}
            for journey, entered, ended in history.stays
        ]
        for letter, at in history.letters:
            rows["messages"].append({**of, "id": uuid4(), "letter": letter, "state": "sent", "at": at})
            rows["messages"].append({**of, "id": uuid4(), "letter": letter, "state": "failed", "at": at})
            rows["messages"].append({**of, "id": uuid4(), "letter": letter, "state": "sent", "at": at, "staff": "x"})
    return rows
