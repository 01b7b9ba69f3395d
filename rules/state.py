"""What a run must remember: its place, its deadlines, what it has heard, and verdicts that are not recorded yet."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.decisions import Kind, Verdict
from rules.facts import Happening
from rules.plan import Plan


@dataclass
class Round:
    """The latest round of a repeat: its number, and when it began."""

    number: int
    begun: datetime


@dataclass
class State:
    """All that a run must remember, also through continue-as-new. `at` None: the run is over, for the reason `over`.

    `arrived` is when the wait at this step began (anew), and `until` when it is over. `asked`: the conditions that are
    waited for do not hold, and nothing has happened since; time alone may make one true at `look`. `stale`: the answer
    that is under way is of no use any more. `lot` decides splits; `request` is the latest migration that was answered.
    """

    entered: datetime
    arrived: datetime
    at: str | None
    start: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    over: str | None = None
    paused: bool = False
    held: bool = False
    visits: dict[str, int] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    heard: list[Happening] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    lot: str = ""
    look: datetime | None = None
    asked: bool = False
    stale: bool = False
    rounds: dict[str, Round] = field(default_factory=dict)
    said: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    request: str | None = None

    def say(self, kind: Kind, verdict: str, now: datetime, reason: str | None = None) -> None:
        """Come to a verdict at this step; it is recorded with the next activity."""
        self.said += 1
        self.verdicts.append(Verdict(self.said, self.at or "", kind, verdict, now, reason))

    def recorded(self, said: int) -> None:
        """The verdicts up to this number are recorded."""
        self.verdicts = [verdict for verdict in self.verdicts if verdict.number > said]

    def arrive(self, at: str, now: datetime) -> None:
        """Stand at this step from now on; answers to what was asked before are of no use any more."""
        self.at, self.arrived = at, now
        self.visits[at] = self.visits.get(at, 0) + 1
        self.begin_wait()

    def begin_wait(self) -> None:
        """Forget the deadlines of a wait, as if the step had just been reached."""
        self.until = self.look = None
        self.asked, self.stale = False, True


def begin(plan: Plan, entered: datetime, start: dict[str, Any], lot: str = "") -> State:
    """The state of a run that has just entered. `start` holds the properties of its event that matches compare with."""
    return State(entered=entered, arrived=entered, at=plan.first, start=start, visits={plan.first: 1}, lot=lot)
