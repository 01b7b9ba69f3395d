"""Amazon SES: events of mails that it has sent, published through SNS."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from mail.feedback.classifying import Meaning, classify
from mail.feedback.payload import Json, an_object, bracketed, moment, named, objects, text, within
from mail.feedback.proving import Headers
from mail.feedback.sns import Notices
from rules.feedback import Feedback, Kind, References

# The kind of an event, the object that tells of it, and the list of whom it concerns in that.
_KINDS: Final = {
    "Bounce": (Kind.BOUNCED, "bounce", "bouncedRecipients"),
    "Complaint": (Kind.COMPLAINED, "complaint", "complainedRecipients"),
    "Delivery": (Kind.DELIVERED, "delivery", "recipients"),
    "DeliveryDelay": (Kind.DEFERRED, "deliveryDelay", "delayedRecipients"),
    "Reject": (Kind.REJECTED, "reject", ""),
    "Open": (Kind.OPENED, "open", ""),
    "Click": (Kind.CLICKED, "click", ""),
}


class Ses:
    """Reads the events."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what the event tells. Raise `FeedbackForged` or `FeedbackUnreadable`."""
        opened = await self._notices.open(body, now)
        if opened is None:
            return []
        notice, message = opened
        return _told(an_object(message), notice, now)


def _told(event: Json, notice: str, now: datetime) -> list[Feedback]:
    sort = text(event, "eventType") or text(event, "notificationType") or ""
    if sort not in _KINDS or text(event, "complaint", "complaintFeedbackType") == "not-spam":
        return []
    kind, place, whom = _KINDS[sort]
    headers = objects(event, "mail", "headers")
    like = Feedback(
        kind,
        notice,
        # SES gives mails a Message-ID of its own; ours is told when the headers are.
        References(
            message_id=bracketed(named(headers, "Message-ID")),
            enrolment=named(headers, "X-Kundresa-Ref"),
        ),
        moment(within(event, place, "timestamp") or within(event, "mail", "timestamp"), now),
        url=text(event, "click", "link"),
    )
    return [
        replace(_of_one(event, like, each), event_id=f"{notice}/{number}")
        for number, each in enumerate(_concerned(event, place, whom))
    ]


def _concerned(event: Json, place: str, whom: str) -> list[Json]:
    """Those whom an event concerns, each as an object with `emailAddress`."""
    told = within(event, place, whom) if whom else None
    told = told if isinstance(told, list) else within(event, "mail", "destination")
    return [
        each if isinstance(each, dict) else {"emailAddress": each} for each in (told if isinstance(told, list) else [])
    ]


def _of_one(event: Json, like: Feedback, concerned: Json) -> Feedback:
    feedback = replace(like, recipient=text(concerned, "emailAddress"))
    if like.kind not in (Kind.BOUNCED, Kind.DEFERRED):
        return feedback
    meaning = _meaning(text(event, "bounce", "bounceType"), concerned)
    return replace(feedback, hardness=meaning.hardness, category=meaning.category, code=meaning.code)


def _meaning(sort: str | None, concerned: Json) -> Meaning:
    """What the server's words say. SES's verdict counts where there are none, and can make one softer."""
    status, said = text(concerned, "status"), text(concerned, "diagnosticCode")
    if sort == "Permanent" and not said and not status:
        return Meaning("refused for good", "hard")
    meaning = classify(status, said or "")
    return replace(meaning, hardness="soft") if sort != "Permanent" and meaning.hardness == "hard" else meaning
