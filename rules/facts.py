"""What is known of one contact at one moment. Conditions are asked of facts, and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Happening:
    """One event of a contact, as rules see it. `seq` orders the events of a contact; 0: it has none."""

    name: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True)
class Facts:
    """The contact's traits and events. `start` is the event that began the run and `entered` when it began."""

    now: datetime
    traits: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Happening] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    entered: datetime | None = None
