"""What travels into and out of the journey workflow. Fields are only ever added, as optional ones."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from rules.run import State


@dataclass
class Enrolled:
    """A contact has entered a journey: the plan by value, and of the first event only what the plan compares.

    `state` is carried through continue-as-new.
    """

    enrolment: UUID
    plan: dict[str, Any]
    entered: datetime
    start: dict[str, Any] = field(default_factory=dict)
    state: State | None = None


@dataclass
class Heard:
    """An event of the contact, as signals carry it."""

    seq: int = 0
    at: datetime | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Note:
    """Why an operator does this."""

    reason: str = "ended by an operator"


@dataclass
class Snapshot:
    """Where a run stands: what it waits for, until when, and all that it remembers."""

    journey: str
    version: int
    waits: str
    until: datetime | None
    state: State
