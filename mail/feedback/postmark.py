"""Postmark's webhooks: they are not signed; the address that Postmark is given bears a user name and a password."""

import hashlib
from dataclasses import replace
from datetime import datetime

from mail.feedback.classifying import classify
from mail.feedback.errors import FeedbackForged
from mail.feedback.payload import Json, an_object, bracketed, moment, parsed, text
from mail.feedback.proving import Headers, decoded, same
from rules.feedback import Feedback, Hardness, Kind, References

_KINDS = {
    "Delivery": Kind.DELIVERED,
    "Bounce": Kind.BOUNCED,
    "SpamComplaint": Kind.COMPLAINED,
    "SubscriptionChange": Kind.UNSUBSCRIBED,
    "Open": Kind.OPENED,
    "Click": Kind.CLICKED,
}
_BOUNCES: dict[str, Hardness] = {
    "HardBounce": "hard",
    "BadEmailAddress": "hard",
    "SoftBounce": "soft",
    "Transient": "soft",
    "DnsError": "soft",
    "SpamNotification": "block",
    "Blocked": "block",
    "DMARCPolicy": "block",
    "VirusNotification": "block",
}
"""Postmark's own types; others, such as `AutoResponder`, are no bounces."""

_TIMES = ("DeliveredAt", "BouncedAt", "ChangedAt", "ReceivedAt")


class Postmark:
    """Reads the events. `login` is `user:password`, as it stands in the address that Postmark is given."""

    def __init__(self, login: str) -> None:
        self._login = login

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what the event tells. Raise `FeedbackForged` or `FeedbackUnreadable`."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or not same(decoded(given.strip()).decode("latin-1"), self._login):
            raise FeedbackForged("the user name or the password is wrong")
        return _told(an_object(parsed(body)), now)


def _told(event: Json, now: datetime) -> list[Feedback]:
    record, sort = text(event, "RecordType") or "", text(event, "Type") or ""
    kind = _KINDS.get(record)
    if kind is Kind.UNSUBSCRIBED and event.get("SuppressSending") is not True:
        return []
    if kind is None or (kind is Kind.BOUNCED and sort not in _BOUNCES):
        return []
    at = next((event[name] for name in _TIMES if name in event), None)
    feedback = Feedback(
        kind,
        _event_id(record, event),
        References(
            message_id=bracketed(text(event, "Metadata", "message-id")),
            enrolment=text(event, "Metadata", "kundresa-ref"),
        ),
        moment(at, now),
        recipient=text(event, "Email") or text(event, "Recipient"),
        url=text(event, "OriginalLink"),
    )
    if kind is not Kind.BOUNCED:
        return [feedback]
    meaning = classify(None, text(event, "Details") or "")
    return [replace(feedback, hardness=_BOUNCES[sort], category=meaning.category, code=meaning.code)]


def _event_id(record: str, event: Json) -> str:
    """Bounces have a number of their own; of the others the same record is the same event."""
    if (number := text(event, "ID")) is not None:
        return f"{record}/{number}"
    told = "\0".join(str(event.get(name)) for name in ("MessageID", "Recipient", "OriginalLink", *_TIMES))
    return f"{record}/{hashlib.sha256(told.encode()).hexdigest()}"
