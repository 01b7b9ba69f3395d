"""A message that was sent, and the providers that tell of it, for the tests of feedback."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
from pydantic import SecretStr

from mail.verp import Verp
from store.models import Enrolment, Message
from store.session import Database
from tests.api.inside import enrol, known_contact
from tests.api.serving import SECRET
from tests.mail.feedback.signing import TOPIC, Posted, SendGridKey, standard

MAIL_KEY, MAILGUN_KEY, LOGIN = "mail-key-of-the-tests", "mailgun-key-of-the-tests", "kundresa:a-long-password"
STANDARD = b"thirty-two bytes of a secret...."
SENDGRID = SendGridKey()
VERP = Verp(SECRET)

SETTINGS: dict[str, Any] = {
    "feedback_mail_key": SecretStr(MAIL_KEY),
    "feedback_ses_topics": (TOPIC,),
    "feedback_sendgrid_key": SENDGRID.public,
    "feedback_mailgun_key": SecretStr(MAILGUN_KEY),
    "feedback_postmark_login": SecretStr(LOGIN),
    "feedback_standard_secret": SecretStr("whsec_" + base64.b64encode(STANDARD).decode()),
}


async def sent(client: httpx2.AsyncClient, database: Database, state: str = "sent", **changes: Any) -> Message:
    """A marketing letter that left, to a new contact."""
    name = f"u{uuid4().hex[:10]}"
    contact = await known_contact(client, name)
    enrolment: Enrolment = await enrol(database, contact)
    values: dict[str, Any] = {
        "id": uuid4(),
        "send_key": f"{enrolment.id}/1",
        "enrolment_id": enrolment.id,
        "contact_id": UUID(contact),
        "journey": "welcome",
        "step": "s",
        "letter": "hello",
        "message_class": "marketing",
        "topic": "offers",
        "state": state,
        "message_id": f"<{uuid4().hex}@shop.example>",
        "recipient": f"{name}@shop.example",
        "not_after": datetime.now(UTC),
        "paced_at": datetime.now(UTC),
        "dot_at": datetime.now(UTC),
        "settled_at": datetime.now(UTC) if state == "sent" else None,
    }
    message = Message(**(values | changes))
    async with database.transaction() as session:
        session.add(message)
    return message


def event(
    about: Message | str, kind: str, data: Mapping[str, Any] | None = None, event_id: str | None = None
) -> Posted:
    """A Standard Webhook about a message, or about a Message-ID."""
    message_id = about if isinstance(about, str) else about.message_id
    told = {"type": f"email.{kind}", "data": {"message_id": message_id, **(data or {})}}
    return standard(STANDARD, told, datetime.now(UTC), event_id or f"evt-{uuid4()}")


HARD: dict[str, Any] = {"bounce": {"type": "Permanent", "message": "550 5.1.1 no such user"}}


async def post(client: httpx2.AsyncClient, provider: str, posted: Posted) -> httpx2.Response:
    headers, body = posted
    return await client.post(f"/v1/feedback/{provider}", content=body, headers=dict(headers))
