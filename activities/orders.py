"""What the workflow orders of the activity that sends, and what it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from rules.decisions import Verdict


@dataclass
class LetterOrder:
    """Send this letter of this step to the contact of this enrolment. `now` is the run's.

    `coupon` gives the contact a code of that coupon. `staff` names those of the shop's own staff who get the letter
    instead of the contact. `verdicts` are the run's own, to be recorded.
    """

    enrolment: UUID
    step: str
    iteration: int
    letter: str
    message_class: str
    topic: str | None
    ttl: timedelta
    now: datetime
    coupon: str | None = None
    staff: str | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def send_key(self) -> str:
        """What makes this letter this one, however often it is tried."""
        return f"{self.enrolment}/{self.step}/{self.iteration}"


@dataclass
class Receipt:
    """What became of the letter: a final state of the ledger and its reason; or `held`, the journey is paused."""

    outcome: str
    reason: str | None = None


@dataclass(frozen=True)
class Shop:
    """Who sends: as letters and headers show it."""

    name: str
    url: str
    postal_address: str
    sender: str
    reply_to: str
    locale: str = "en"


@dataclass(frozen=True)
class Staff:
    """The shop's own staff: an address by name, and how many letters of one journey each of them gets in an hour."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    an_hour: int = 20
