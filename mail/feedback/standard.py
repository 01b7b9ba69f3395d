"""Standard Webhooks (standard-webhooks.com, version 1), as Resend and others post them."""

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta

from mail.feedback.classifying import classify
from mail.feedback.errors import FeedbackForged
from mail.feedback.payload import an_object, bracketed, moment, named, objects, parsed, text, within
from mail.feedback.proving import Headers, decoded, fresh, same
from rules.feedback import Feedback, Hardness, Kind, References

_PREFIX = "whsec_"
_LIMIT = timedelta(minutes=5)
_KINDS = {
    "email.delivered": Kind.DELIVERED,
    "email.delivery_delayed": Kind.DEFERRED,
    "email.bounced": Kind.BOUNCED,
    "email.failed": Kind.REJECTED,
    "email.complained": Kind.COMPLAINED,
    "email.unsubscribed": Kind.UNSUBSCRIBED,
    "email.opened": Kind.OPENED,
    "email.clicked": Kind.CLICKED,
}


class StandardWebhooks:
    """Reads events of the types `email.*`. `secret` is written `whsec_...`."""

    def __init__(self, secret: str) -> None:
        self._key = decoded(secret.removeprefix(_PREFIX))

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what the event tells. Raise `FeedbackForged` or `FeedbackUnreadable`."""
        event_id, timestamp, given = (_header(headers, name) for name in ("id", "timestamp", "signature"))
        signed = f"{event_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
        expected = f"v1,{b64encode(hmac.digest(self._key, signed, 'sha256')).decode()}"
        # All are compared, so that the time does not tell which one is near.
        if not event_id or sum(same(each, expected) for each in given.split()) == 0:
            raise FeedbackForged("the signature is wrong")
        fresh(timestamp, now, _LIMIT)
        return _told(an_object(parsed(body)), event_id, now)


def _header(headers: Headers, name: str) -> str:
    """A header under the scheme's name, or under the older one that some providers use."""
    return headers.get(f"webhook-{name}") or headers.get(f"svix-{name}") or ""


def _told(event: dict[str, object], event_id: str, now: datetime) -> list[Feedback]:
    kind = _KINDS.get(text(event, "type") or "")
    if kind is None:
        return []
    data = within(event, "data")
    headers, to = objects(data, "headers"), within(data, "to")
    feedback = Feedback(
        kind,
        event_id,
        References(
            message_id=bracketed(text(data, "message_id") or named(headers, "Message-ID")),
            enrolment=text(data, "reference") or named(headers, "X-Kundresa-Ref"),
        ),
        moment(event.get("created_at"), now),
        recipient=text({"to": to[0] if isinstance(to, list) and to else to}, "to"),
        url=text(data, "click", "link"),
    )
    if kind not in (Kind.BOUNCED, Kind.DEFERRED):
        return [feedback]
    meaning = classify(text(data, "bounce", "status"), text(data, "bounce", "message") or "")
    return [
        replace(
            feedback,
            hardness=_hardness(text(data, "bounce", "type") or "", kind, meaning.hardness),
            category=meaning.category,
            code=meaning.code,
        )
    ]


def _hardness(sort: str, kind: Kind, read: Hardness) -> Hardness:
    """What the server's words say; the provider's verdict `Transient` can only make it softer."""
    softer = kind is Kind.DEFERRED or sort.lower() == "transient"
    return "soft" if softer and read == "hard" else read
