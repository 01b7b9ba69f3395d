"""SendGrid's event webhook: a list of events, signed as a whole (ECDSA on P-256)."""

from dataclasses import replace
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mail.feedback.classifying import Meaning, classify
from mail.feedback.errors import FeedbackForged, FeedbackUnreadable
from mail.feedback.payload import Json, bracketed, moment, parsed, text
from mail.feedback.proving import Headers, decoded, fresh
from rules.feedback import Feedback, Kind, References

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_LIMIT = timedelta(hours=24)
"""A request that could not be delivered is repeated for a day."""

_KINDS = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "bounce": Kind.BOUNCED,
    "dropped": Kind.REJECTED,
    "spamreport": Kind.COMPLAINED,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "group_unsubscribe": Kind.UNSUBSCRIBED,
    "open": Kind.OPENED,
    "click": Kind.CLICKED,
}


class SendGrid:
    """Reads the events. `public_key` is the verification key of the settings page, base64."""

    def __init__(self, public_key: str) -> None:
        key = load_der_public_key(decoded(public_key))
        if not isinstance(key, EllipticCurvePublicKey):
            raise TypeError("the verification key is not one for ECDSA")
        self._key = key

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what the events tell. Raise `FeedbackForged` or `FeedbackUnreadable`."""
        timestamp = headers.get(_TIMESTAMP, "")
        try:
            self._key.verify(decoded(headers.get(_SIGNATURE, "")), timestamp.encode() + body, ECDSA(SHA256()))
        except InvalidSignature:
            raise FeedbackForged("the signature is wrong") from None
        fresh(timestamp, now, _LIMIT)
        events = parsed(body)
        if not isinstance(events, list):
            raise FeedbackUnreadable("a list of events is missing")
        return [told for each in events if isinstance(each, dict) and (told := _told(each, now)) is not None]


def _told(event: Json, now: datetime) -> Feedback | None:
    kind, event_id = _KINDS.get(text(event, "event") or ""), text(event, "sg_event_id")
    if kind is None or event_id is None:
        return None
    feedback = Feedback(
        kind,
        event_id,
        References(message_id=bracketed(text(event, "smtp-id")), enrolment=text(event, "kundresa_ref")),
        moment(event.get("timestamp"), now),
        recipient=text(event, "email"),
        url=text(event, "url") if kind is Kind.CLICKED else None,
    )
    if kind not in (Kind.BOUNCED, Kind.DEFERRED):
        return feedback
    meaning = _meaning(event, kind)
    return replace(feedback, hardness=meaning.hardness, category=meaning.category, code=meaning.code)


def _meaning(event: Json, kind: Kind) -> Meaning:
    meaning = classify(text(event, "status"), text(event, "reason") or text(event, "response") or "")
    if kind is Kind.DEFERRED and meaning.hardness == "hard":
        return replace(meaning, hardness="soft")
    # `blocked` is SendGrid's own word for a refusal that says nothing of the address.
    return replace(meaning, hardness="block") if text(event, "type") == "blocked" else meaning
