"""What travels into and out of the journey workflow. Fields are only ever added, as optional ones."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from rules.state import State


@dataclass
class Enrolled:
    """A contact has entered a journey: the plan by value, and of the first event only what the plan compares.

    `state` is carried through continue-as-new. The lot of `contact` decides splits.
    """

    enrolment: UUID
    plan: dict[str, Any]
    entered: datetime
    start: dict[str, Any] = field(default_factory=dict)
    state: State | None = None
    contact: UUID | None = None


@dataclass
class Heard:
    """An event of the contact, as signals carry it. `traits` names those that came with it and the journey rests on."""

    seq: int = 0
    at: datetime | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    traits: list[str] = field(default_factory=list)


@dataclass
class Note:
    """Why an operator does this."""

    reason: str = "ended by an operator"


@dataclass
class Migration:
    """Go on with this version. `mapping` names the new steps of those that are gone; `request` makes repeats known."""

    plan: dict[str, Any]
    mapping: dict[str, str] = field(default_factory=dict)
    request: str = ""


@dataclass
class Snapshot:
    """Where a run stands: what it waits for, until when, and all that it remembers."""

    journey: str
    version: int
    waits: str
    until: datetime | None
    state: State
