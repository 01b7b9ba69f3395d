"""Mailgun's webhooks: HMAC-SHA256 over a time and a token. The body is not signed, so a token counts once."""

import hmac
from dataclasses import replace
from datetime import datetime, timedelta

from mail.feedback.classifying import classify
from mail.feedback.errors import FeedbackForged
from mail.feedback.payload import Json, an_object, bracketed, moment, parsed, text, within
from mail.feedback.proving import Headers, fresh, same
from rules.feedback import Feedback, Kind, References

_LIMIT = timedelta(hours=9)
"""A request that could not be delivered is repeated for eight hours, with the same signature."""

_KINDS = {
    "delivered": Kind.DELIVERED,
    "failed": Kind.BOUNCED,
    "rejected": Kind.REJECTED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "opened": Kind.OPENED,
    "clicked": Kind.CLICKED,
}


class Mailgun:
    """Reads the events. `signing_key` is the webhook signing key of the account."""

    def __init__(self, signing_key: str) -> None:
        self._key = signing_key.encode()

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what the event tells. Raise `FeedbackForged` or `FeedbackUnreadable`."""
        request = an_object(parsed(body))
        timestamp, token = (text(request, "signature", name) or "" for name in ("timestamp", "token"))
        expected = hmac.digest(self._key, (timestamp + token).encode("utf-8", "surrogatepass"), "sha256").hex()
        if not token or not same(text(request, "signature", "signature") or "", expected):
            raise FeedbackForged("the signature is wrong")
        fresh(timestamp, now, _LIMIT)
        return _told(an_object(request.get("event-data")), token, now)


def _told(event: Json, token: str, now: datetime) -> list[Feedback]:
    kind = _KINDS.get(text(event, "event") or "")
    if kind is None:
        return []
    temporary = kind is Kind.BOUNCED and text(event, "severity") == "temporary"
    feedback = Feedback(
        Kind.DEFERRED if temporary else kind,
        token,
        References(
            message_id=bracketed(text(event, "message", "headers", "message-id")),
            enrolment=text(event, "user-variables", "kundresa_ref"),
        ),
        moment(event.get("timestamp"), now),
        recipient=text(event, "recipient"),
        url=text(event, "url") if kind is Kind.CLICKED else None,
    )
    if kind is not Kind.BOUNCED:  # as Mailgun calls a delay, too
        return [feedback]
    status = within(event, "delivery-status")
    said = " ".join(filter(None, (text(status, name) for name in ("code", "message", "description"))))
    meaning = classify(text(status, "enhanced-code"), said)
    hardness = "soft" if temporary and meaning.hardness == "hard" else meaning.hardness
    return [replace(feedback, hardness=hardness, category=meaning.category, code=meaning.code)]
