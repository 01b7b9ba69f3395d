"""Look at the truth of the moment: which way a branch takes, and when the contact's clock shows a time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from temporalio import activity

from rules.clocks import LocalTime
from rules.conditions import Condition
from rules.facts import Facts
from rules.holds import holds, needs
from rules.moments import next_moment
from store import facts
from store.enrolments import hold
from store.session import Database


@dataclass
class Question:
    """Ask which of the conditions is the first that holds for the contact of this enrolment."""

    enrolment: UUID
    conditions: tuple[Condition, ...]
    now: datetime


@dataclass
class Answer:
    """The number of the case that holds, None for none; `held`: the journey is paused, ask again later."""

    case: int | None = None
    held: bool = False


@dataclass
class Appointment:
    """Ask when the clock of the contact of this enrolment shows this time next."""

    enrolment: UUID
    local: LocalTime
    now: datetime


@dataclass
class Moment:
    """An instant, told once and kept in the history: newer zone data never changes a run that has begun to wait."""

    at: datetime
    zone: str


class Decisions:
    """Activities that decide by what the store knows now."""

    def __init__(self, database: Database, time_zone: str) -> None:
        self._database = database
        self._time_zone = time_zone

    @activity.defn
    async def decide(self, question: Question) -> Answer:
        """Evaluate the cases of a branch in their order."""
        names = frozenset[str]().union(*(needs(condition) for condition in question.conditions))
        async with self._database.transaction() as session:
            entrant = await facts.entrant(session, question.enrolment)
            if entrant.paused and await hold(session, question.enrolment):
                return Answer(held=True)
            events = await facts.happenings(session, entrant.contact_id, names) if names else []
        known = Facts(question.now, entrant.traits, events, entrant.start, entrant.entered)
        cases = (number for number, condition in enumerate(question.conditions) if holds(condition, known))
        return Answer(case=next(cases, None))

    @activity.defn
    async def locate(self, appointment: Appointment) -> Moment:
        """Find the next instant at which the contact's clock shows the time, in the zone the contact has now."""
        async with self._database.transaction() as session:
            entrant = await facts.entrant(session, appointment.enrolment)
        zone = _zone(appointment.local.zone or entrant.traits.get("timezone")) or ZoneInfo(self._time_zone)
        return Moment(next_moment(appointment.local, appointment.now, zone), zone.key)


def _zone(name: object) -> ZoneInfo | None:
    """The zone of this name; None when there is none, since shops send what they like."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (LookupError, OSError, ValueError):
        return None
