"""Reports by mail: delivery status (RFC 3464) and complaints (RFC 5965), read into one form."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from typing import Final

from mail.feedback.classifying import classify
from rules.feedback import Feedback, Kind, References

_COMPLAINTS: Final = {"abuse": Kind.COMPLAINED, "fraud": Kind.COMPLAINED, "virus": Kind.COMPLAINED}
_COMPLAINTS_TOO: Final = {"other": Kind.COMPLAINED, "opt-out": Kind.UNSUBSCRIBED}
_ACTIONS: Final = {"failed": Kind.BOUNCED, "delayed": Kind.DEFERRED, "delivered": Kind.DELIVERED}
_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")


def header(part: Message, name: str) -> str | None:
    """A header as one line of text, unfolded; None when it is missing or empty."""
    value = part.get(name)
    return " ".join(str(value).split()) or None if value is not None else None


def report_type(mail: Message) -> str | None:
    """The kind of report that a mail is (RFC 6522): `delivery-status`, `feedback-report`; None: it is none."""
    if mail.get_content_type() != "multipart/report":
        return None
    told = mail.get_param("report-type")
    return str(told).lower() if told else None


def references(mail: Message) -> References:
    """By what the message that a report is about may be known: what stands in the part that was returned."""
    for part in mail.walk():
        if part is mail or part.get_content_maintype() == "multipart":
            continue
        head = _returned(part)
        if head is not None and (found := mentioned(head)):
            return found
    return References()


def _returned(part: Message) -> str | None:
    """The head of the returned message, when this part is it, as text."""
    match part.get_content_type():
        case "message/rfc822" | "message/rfc822-headers" | "message/global" | "text/rfc822-headers":
            inner = part.get_payload()
            return str(inner[0]) if isinstance(inner, list) and inner else str(inner)
    return None


def mentioned(head: str) -> References:
    """The references among the headers of our message, wherever they are quoted."""
    known = re.search(r"^[>\s]*Message-ID:\s*(<[^<>\s]+>)", head, re.IGNORECASE | re.MULTILINE)
    enrolment = re.search(r"^[>\s]*X-Kundresa-Ref:\s*([0-9a-f-]{36})\b", head, re.IGNORECASE | re.MULTILINE)
    return References(message_id=known[1] if known else None, enrolment=enrolment[1] if enrolment else None)


def statuses(mail: Message, like: Feedback) -> Iterator[Feedback]:
    """What a delivery status report tells of each recipient. `like` has what is the same of all."""
    blocks = [
        block
        for part in mail.walk()
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")
        for block in _blocks(part)
    ]
    envelope = next((told for block in blocks if (told := header(block, "Original-Envelope-Id"))), None)
    known = like.references
    if envelope and known.enrolment is None and known.message is None:
        # Ours is the message's number, as the transport was told it (ENVID, RFC 3461).
        known = replace(known, message=envelope)
    for number, block in enumerate(blocks):
        kind = _ACTIONS.get((header(block, "Action") or "").lower())
        if kind is not None:
            yield _status(block, kind, replace(like, event_id=f"{like.event_id}/{number}", references=known))


def _blocks(part: Message) -> list[Message]:
    inner = part.get_payload()
    return [each for each in inner if isinstance(each, Message)] if isinstance(inner, list) else []


def _status(block: Message, kind: Kind, like: Feedback) -> Feedback:
    address = header(block, "Original-Recipient") or header(block, "Final-Recipient") or ""
    told = replace(like, kind=kind, recipient=address.rpartition(";")[2].strip() or None)
    if kind is Kind.DELIVERED:
        return told
    meaning = classify(header(block, "Status"), header(block, "Diagnostic-Code") or "")
    # A delay is no bounce, whatever its code is.
    hardness = "soft" if kind is Kind.DEFERRED else meaning.hardness
    return replace(told, hardness=hardness, category=meaning.category, code=meaning.code)


def complaints(mail: Message, like: Feedback) -> Iterator[Feedback]:
    """What a feedback report tells. That something is *not* spam takes nothing back."""
    for part in mail.walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        inner = part.get_payload()
        block = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else part
        sort = (header(block, "Feedback-Type") or "").lower()
        kind = (_COMPLAINTS | _COMPLAINTS_TOO).get(sort)
        if kind is not None:
            to = (header(block, "Original-Rcpt-To") or "").strip("<>") or None
            yield replace(like, kind=kind, category=sort, recipient=to)


def answered(mail: Message) -> list[str]:
    """The Message-IDs that a mail answers to, the nearest first."""
    told = [header(mail, "In-Reply-To") or "", header(mail, "References") or ""]
    return list(dict.fromkeys([*_ID.findall(told[0]), *reversed(_ID.findall(told[1]))]))
