"""What the front door hands in, and what becomes of it. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

IdentityKind = Literal["user", "email", "anonymous"]
Name = tuple[str, str]
"""An identity: its kind and its value."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A contact's word about a topic (`*`: all of them)."""

    topic: str
    granted: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event, checked by the front door, before anybody knows whose it is.

    `email` is stated to be the contact's own address. `guest_email` merely stands in the event's properties: it counts
    only when nothing else tells who this is. `previous_id` names the same person by an older id. `contact_id` names
    the contact outright and leaves the other names aside. Of `traits`, None removes one; `hints` fill traits that the
    contact has not got. `backfill`: it is imported from the past, and is a fact but no occasion.
    """

    message_id: str
    name: str
    occurred_at: datetime
    received_at: datetime
    user_id: str | None = None
    email: str | None = None
    anonymous_id: str | None = None
    guest_email: str | None = None
    previous_id: str | None = None
    contact_id: UUID | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    consents: tuple[Statement, ...] = ()
    backfill: bool = False

    def names(self) -> list[Name]:
        """Every identity that this event mentions, the most telling first."""
        told: list[Name] = []
        if self.user_id is not None:
            told.append(("user", self.user_id))
        if self.email is not None:
            told.append(("email", self.email))
        if self.anonymous_id is not None:
            told.append(("anonymous", self.anonymous_id))
        if self.guest_email is not None and self.user_id is None and self.email is None:
            told.append(("email", self.guest_email))
        if self.previous_id is not None:
            told += previous_names(self.previous_id)
        return told


def previous_names(previous_id: str) -> list[Name]:
    """The identities that an alias's `previousId` may mean."""
    return [("anonymous", previous_id), ("user", previous_id), ("email", previous_id.lower())]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A committed event. `new` is False when its `message_id` was known already: then nothing changed."""

    message_id: str
    new: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that the database will never take, and why."""

    message_id: str
    reason: str


Outcome = Accepted | Refused
