"""The moves of a run: what a driver must do next, and with which method of the run it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rules.clocks import Moment
from rules.conditions import Condition
from rules.plan import PlannedNotify, PlannedSend, PlannedWebhook
from rules.steps import Change

Asker = Literal["branch", "wait", "repeat"]
"""The kind of step that asks."""


@dataclass(frozen=True)
class Sleep:
    """Nothing to do before `until` (None: before somebody resumes the run, or an event comes)."""

    until: datetime | None


@dataclass(frozen=True)
class Ask:
    """Find the first of the conditions that holds now; answer with `decided`.

    For a wait, when none holds, tell also when one may begin to hold by time alone.
    """

    step: str
    conditions: tuple[Condition, ...]
    iteration: int = 1
    asker: Asker = "branch"


@dataclass(frozen=True)
class Locate:
    """Find the instant of a local time, or of a date; answer with `located`."""

    step: str
    moment: Moment


@dataclass(frozen=True)
class Deliver:
    """Send the letter, once for this step and iteration; answer with `delivered`."""

    step: str
    send: PlannedSend
    iteration: int


@dataclass(frozen=True)
class Inform:
    """Send the letter to the shop's staff, once for this step and iteration; answer with `delivered`."""

    step: str
    notify: PlannedNotify
    iteration: int


@dataclass(frozen=True)
class Call:
    """Call the webhook; the receiver knows repeats by step and iteration. Answer with `delivered`."""

    step: str
    webhook: PlannedWebhook
    iteration: int


@dataclass(frozen=True)
class Apply:
    """Set traits and topics; answer with `applied`."""

    step: str
    change: Change
    iteration: int = 1


@dataclass(frozen=True)
class Admit:
    """Have the contact enter another journey; answer with `applied`."""

    step: str
    journey: str
    iteration: int


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    reason: str


Move = Sleep | Ask | Locate | Deliver | Inform | Call | Apply | Admit | Finish
