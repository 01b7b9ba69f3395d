"""Mail that comes back: bounces, complaints, unsubscriptions by mail, replies; and what is none of these."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses

from mail.feedback.errors import FeedbackDisowned
from mail.feedback.plain import failures
from mail.feedback.reports import answered, complaints, header, references, report_type, statuses
from mail.verp import SealBroken, Sealed, Verp
from rules.feedback import Feedback, Kind, References

_AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
_BULK = frozenset({"auto_reply", "bulk", "junk", "list"})


@dataclass(frozen=True)
class Envelope:
    """Who a mail came from and to whom, as SMTP told it (not its headers); None: it was not told."""

    sender: str | None = None
    recipient: str | None = None


class Mails:
    """Reads mail that came back to the sender of letters."""

    def __init__(self, verp: Verp) -> None:
        self._verp = verp

    def read(self, raw: bytes, envelope: Envelope, now: datetime) -> list[Feedback]:
        """Return what a mail tells; nothing for an auto-reply or a mail of another kind.

        Raises FeedbackDisowned when it was sent to an address that looks like one of ours and was not made here.
        """
        mail = message_from_bytes(raw)
        sealed = self._sealed(mail, envelope)
        # The same bytes to two sealed addresses tell of two messages.
        whose = sealed.message.bytes if sealed is not None else b""
        like = Feedback(Kind.UNKNOWN, hashlib.sha256(whose + raw).hexdigest(), References(), now)
        if sealed is not None and sealed.purpose == "unsubscribe":
            return _unsubscription(mail, replace(like, references=References(message=str(sealed.message))))
        known = References(message=str(sealed.message)) if sealed is not None else References()
        match report_type(mail):
            case "feedback-report":
                return list(complaints(mail, replace(like, references=known or references(mail))))
            case "delivery-status":
                if not _from_nobody(mail, envelope):
                    return []
                return list(statuses(mail, replace(like, references=known or references(mail))))
        if _from_nobody(mail, envelope, surely=True) and (
            failed := list(failures(mail, replace(like, references=known)))
        ):
            return failed
        return [] if _automatic(mail) or _from_nobody(mail, envelope, surely=True) else _replies(mail, like)

    def _sealed(self, mail: Message, envelope: Envelope) -> Sealed | None:
        """What the address says that it was sent to. One forged address makes the whole mail worthless."""
        told = [envelope.recipient] if envelope.recipient else [header(mail, "Delivered-To"), header(mail, "To")]
        try:
            found = [self._verp.read(address) for _, address in getaddresses([each for each in told if each])]
        except SealBroken as broken:
            raise FeedbackDisowned(str(broken)) from broken
        return next((each for each in found if each is not None), None)


def _from_nobody(mail: Message, envelope: Envelope, *, surely: bool = False) -> bool:
    """Whether the mail has no sender, as notices have (RFC 5321, 4.5.5); `surely`: it must say so itself."""
    told = envelope.sender if envelope.sender is not None else header(mail, "Return-Path")
    return not surely if told is None else told.strip() in ("", "<>")


def _automatic(mail: Message) -> bool:
    """Whether a program has written the mail (RFC 3834, and what programs did before it)."""
    submitted = (header(mail, "Auto-Submitted") or "no").partition(";")[0].strip().lower()
    precedence = (header(mail, "Precedence") or "").lower()
    return submitted != "no" or precedence in _BULK or any(name in mail for name in _AUTOMATIC)


def _unsubscription(mail: Message, like: Feedback) -> list[Feedback]:
    # A vacation notice may answer to any address; nobody has asked for anything by it.
    return [] if _automatic(mail) else [replace(like, kind=Kind.UNSUBSCRIBED)]


def _replies(mail: Message, like: Feedback) -> list[Feedback]:
    ids = answered(mail)
    return [replace(like, kind=Kind.REPLIED, references=References(message_id=ids[0]))] if ids else []
