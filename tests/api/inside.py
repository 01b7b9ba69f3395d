"""Contacts, enrolments and letters behind the API, for the tests of what operators see."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx2

from store.models import Enrolment, Message
from store.session import Database
from tests.api.serving import WRITE_KEY

Shop = tuple[httpx2.AsyncClient, Database]
"""An operator's client, and the database behind the API."""

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WRITER = (WRITE_KEY, "")
TEMPORAL_UI = "http://127.0.0.1:8233/namespaces/default/workflows"


async def known_contact(client: httpx2.AsyncClient, user_id: str) -> str:
    body = {"event": "Signed Up", "userId": user_id, "email": f"{user_id}@shop.example"}
    assert (await client.post("/v1/events", json=body, auth=WRITER)).status_code == 202
    found: str = (await client.get("/v1/admin/contacts", params={"userId": user_id})).json()["id"]
    return found


async def enrol(
    database: Database, contact: str, *, status: str = "active", age: int = 0, key: str = "", trigger_seq: int = 1
) -> Enrolment:
    workflow_id = f"journey/welcome/{contact}" + (f"/{key}" if key else "")
    enrolment = Enrolment(
        id=uuid4(), journey="welcome", version=1, contact_id=UUID(contact), key=key, workflow_id=workflow_id,
        trigger_seq=trigger_seq, status=status, started_at=AT - timedelta(days=age),
    )  # fmt: skip
    async with database.transaction() as session:
        session.add(enrolment)
    return enrolment


async def write(database: Database, enrolment: Enrolment, n: int, state: str, reason: str | None) -> Message:
    message = Message(
        send_key=f"{enrolment.id}/{n}", enrolment_id=enrolment.id, contact_id=enrolment.contact_id, journey="welcome",
        step="s", letter="l", message_class="marketing", topic="offers", state=state, reason=reason,
        message_id=f"<{n}@shop.example>", not_after=AT, created_at=AT + timedelta(minutes=n), paced_at=AT,
    )  # fmt: skip
    async with database.transaction() as session:
        session.add(message)
    return message
