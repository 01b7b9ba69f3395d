"""The words of a delivery: who it is for, how long it may take, what became of it, and how answers are judged."""

import enum
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException

from mail.address import travelling

BeforeDot = Callable[[], Awaitable[bool]]

# How a session is lost: aiosmtplib's own errors, and those of the socket below it (time-outs are among these).
LOST = (SMTPException, OSError)

# RFC 4954 section 6: the relay refuses us, not the message. Waiting for better credentials loses no letter.
_NOT_LET_IN = frozenset({530, 534, 535, 538})
_LONGEST_TEXT = 500


class Outcome(enum.StrEnum):
    """What became of one attempt."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Reply:
    """The outcome, with the server's code (None if it said nothing) and words; the words may quote the recipient."""

    outcome: Outcome
    code: int | None
    text: str


@dataclass(frozen=True)
class Envelope:
    """Who the relay is told that the mail is from and for; an empty sender is the null reverse-path."""

    sender: str
    recipient: str

    def travelling(self) -> "Envelope":
        """Return the envelope with domains as A-labels; raise `mail.address.AddressUnusable`."""
        return Envelope(travelling(self.sender) if self.sender else "", travelling(self.recipient))

    @property
    def needs_utf8(self) -> bool:
        """Whether only a relay with SMTPUTF8 (RFC 6531) can take it."""
        return not (self.sender.isascii() and self.recipient.isascii())


@dataclass(frozen=True)
class Timeouts:
    """Seconds that each phase may take; RFC 5321 section 4.5.3.2, shortened where a relay that we know answers."""

    connect: float = 30
    greeting: float = 60
    envelope: float = 60
    data: float = 120
    body: float = 180
    dot: float = 600
    probe: float = 5


def is_positive(answer: SMTPResponse) -> bool:
    """Return whether the server consents."""
    return 200 <= answer.code < 300


def refusal(answer: SMTPResponse, otherwise: Outcome) -> Reply:
    """Judge an answer that is no consent; `otherwise` is for codes that mean neither yes nor no."""
    outcome = otherwise
    if answer.code in _NOT_LET_IN:
        outcome = Outcome.NOT_SENT
    elif 400 <= answer.code < 500:
        outcome = Outcome.TEMPORARY
    elif 500 <= answer.code < 600:
        outcome = Outcome.PERMANENT
    return Reply(outcome, answer.code, plain(answer.message))


def lost(error: Exception, outcome: Outcome) -> Reply:
    """Return the reply for a session that broke off with `error`."""
    if isinstance(error, SMTPResponseException):
        return Reply(outcome, error.code if error.code > 0 else None, plain(error.message))
    return Reply(outcome, None, plain(f"{type(error).__name__}: {error}"))


def plain(text: str) -> str:
    """Return a server's words as text that any log and database can hold."""
    readable = text.encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x1f\x7f]+", " ", readable).strip()[:_LONGEST_TEXT]
