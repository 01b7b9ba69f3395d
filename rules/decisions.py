"""Verdicts, and what they rested on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

Kind = Literal[
    "entered",
    "refused",
    "branch",
    "split",
    "repeat",
    "wait",
    "letter",
    "set",
    "webhook",
    "notify",
    "enrol",
    "migrated",
    "ended",
]


@dataclass
class Verdict:
    """A verdict that a run has come to by itself. `number` counts the verdicts of the run, so that a repeat is known.

    It travels with the next activity, into the same transaction: it costs Temporal nothing.
    """

    number: int
    step: str
    kind: str
    verdict: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Noted:
    """A verdict as it is kept. Of rows with one `key` only the first is written; None: never repeated.

    `facts` are what it rested on: conditions in words, each with whether it held and the value it was asked of.
    """

    key: str | None
    at: datetime
    contact_id: UUID
    journey: str
    kind: Kind
    verdict: str
    reason: str | None = None
    enrolment_id: UUID | None = None
    version: int | None = None
    step: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
