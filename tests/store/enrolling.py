"""Contacts inside a journey, written straight into the tables, and drafts of their letters."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store.ledger import Draft

NOW = datetime.now(UTC)

_ENROL = text("""
    WITH contact AS (
        INSERT INTO contacts (id, traits) VALUES (:contact, '{"email": "anna@example.org"}')
    ), event AS (
        INSERT INTO events (message_id, contact_id, name, occurred_at)
        VALUES (:message_id, :contact, 'Signed Up', now()) RETURNING seq
    ), consent AS (
        INSERT INTO consents (contact_id, topic, granted, source) VALUES (:contact, 'offers', true, 'test')
    )
    INSERT INTO enrolments (id, journey, version, contact_id, key, workflow_id, trigger_seq, status, started_at)
    SELECT :id, 'tried', 1, :contact, '', 'journey/tried/' || :message_id, seq, 'active', now() FROM event
""")


async def enrolled(session: AsyncSession) -> tuple[UUID, UUID]:
    """A new contact inside a journey: the enrolment, and the contact."""
    enrolment, contact = uuid4(), uuid4()
    await session.execute(_ENROL, {"id": enrolment, "contact": contact, "message_id": str(contact)})
    return enrolment, contact


def draft(enrolment: UUID, contact: UUID, **changes: Any) -> Draft:
    """A marketing letter of this enrolment."""
    values: dict[str, Any] = {
        "send_key": f"{enrolment}/hello/1",
        "enrolment_id": enrolment,
        "contact_id": contact,
        "journey": "tried",
        "step": "hello",
        "letter": "hello",
        "message_class": "marketing",
        "topic": "offers",
        "message_id": f"<{uuid4()}@shop.example>",
        "not_after": NOW + timedelta(days=1),
    }
    return Draft(**values | changes)
