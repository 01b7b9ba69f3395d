"""What routing knows when an event arrives: the event, the contact's enrolments, and the versions of journeys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from rules.facts import Facts, Happening
from rules.journey import Journey
from rules.names import EVERY_TRAIT, TRAITS_CHANGED
from rules.plan import Plan, listens, matches, watches


@dataclass(frozen=True)
class Arrival:
    """An event of a contact that has come to routing.

    `traits` names the traits that came with it. `backfill`: it was imported, and is a fact but no occasion.
    """

    event: Happening
    received_at: datetime
    occurred_at: datetime
    traits: tuple[str, ...] = ()
    backfill: bool = False

    @cached_property
    def age(self) -> timedelta:
        """How long ago it had happened when it arrived."""
        return self.received_at - self.occurred_at

    @cached_property
    def asked(self) -> Facts:
        """What a trigger may ask: the event's own properties, and nothing of the contact."""
        return Facts(now=self.event.at, start=self.event.properties)


@dataclass(frozen=True)
class Version:
    """A version of a journey with its plan: the events that its runs listen to, the traits that their waits rest on."""

    journey: Journey
    plan: Plan
    listens: frozenset[str]
    watches: frozenset[str] = frozenset()

    @property
    def name(self) -> tuple[str, int]:
        """Name and number."""
        return self.plan.journey, self.plan.version

    def watched(self, traits: tuple[str, ...]) -> list[str]:
        """Which of these traits its runs must hear of."""
        if EVERY_TRAIT in traits:
            return sorted(self.watches)
        return sorted(self.watches.intersection(traits))


def version(journey: Journey, plan: Plan) -> Version:
    """A version, ready for routing."""
    heard = listens(plan)
    # Runs that merely rest on traits hear of changes of these traits alone, not of all that journeys ever set.
    if not any(TRAITS_CHANGED in match.event for match in matches(plan)):
        heard -= {TRAITS_CHANGED}
    return Version(journey, plan, heard, watches(plan))


@dataclass(frozen=True)
class Inside:
    """An enrolment of the contact: on its way, or over with its goal still open, or the latest of its journey."""

    id: UUID
    journey: str
    version: int
    key: str
    trigger_seq: int
    start: Mapping[str, Any]
    started_at: datetime
    ended: bool
    workflow_id: str
    goal_until: datetime | None = None
    goal_reached: bool = False
