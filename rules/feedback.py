"""What providers and mail servers tell of a message after it left, in one form, whoever told it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Hardness = Literal["hard", "soft", "block"]
"""`hard`: nobody reads at that address. `soft`: not now. `block`: the receiver refuses us, not the address."""


class Kind(StrEnum):
    """What happened."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    UNKNOWN = "unknown"


TAKEN = frozenset(Kind) - {Kind.REJECTED, Kind.UNSUBSCRIBED, Kind.UNKNOWN}
"""Whoever tells one of these had the message: it left, whatever became of it."""


@dataclass(frozen=True)
class References:
    """By what our message may be known again: its number (out of a sealed address), its Message-ID, its enrolment."""

    message: str | None = None
    message_id: str | None = None
    enrolment: str | None = None

    def __bool__(self) -> bool:
        return any((self.message, self.message_id, self.enrolment))


@dataclass(frozen=True)
class Feedback:
    """One thing that was told of one message to one recipient.

    `event_id` is the teller's own: the same one again changes nothing. `category` is our word for why, such as
    `no such mailbox`; `code` the enhanced or basic code. The teller's free text is read, and not kept: it quotes
    addresses.
    """

    kind: Kind
    event_id: str
    references: References
    at: datetime
    hardness: Hardness | None = None
    category: str | None = None
    code: str | None = None
    recipient: str | None = None
    url: str | None = None
