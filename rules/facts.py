"""What is known of one contact at one moment. Conditions are asked of facts, and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.conditions import Condition
from rules.policies import Stage


@dataclass(frozen=True)
class Happening:
    """One event of a contact, as rules see it. `seq` orders the events of a contact; 0: it has none."""

    name: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True)
class Stay:
    """An enrolment of the contact; `ended` None: it is inside."""

    journey: str
    entered: datetime
    ended: datetime | None = None


@dataclass(frozen=True)
class Received:
    """A letter that the relay took."""

    letter: str
    at: datetime


@dataclass(frozen=True)
class Named:
    """What conditions refer to by name: the conditions of segments, and the stages of the lifecycle in their order."""

    segments: Mapping[str, Condition] = field(default_factory=dict)
    stages: Sequence[Stage] = ()


@dataclass(frozen=True)
class Facts:
    """The contact's traits and events. `start` is the event that began the run and `entered` when it began.

    `topics` holds the latest word about each topic that the contact ever said one about, and under `*` about all of
    them. `trail` names the segments that are being looked into, so that none is looked into for ever.
    """

    now: datetime
    traits: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Happening] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    entered: datetime | None = None
    topics: Mapping[str, bool] = field(default_factory=dict)
    stays: Sequence[Stay] = ()
    letters: Sequence[Received] = ()
    named: Named = field(default_factory=Named)
    trail: tuple[str, ...] = ()
