"""Look at the truth of the moment: which condition holds, and when a local time or a date of the contact comes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from rules import clocks
from rules.conditions import Condition
from rules.decisions import Noted, Verdict
from rules.explaining import decisive, findings
from rules.facts import Facts
from rules.flips import flips
from rules.holds import holds
from rules.moments import settled
from rules.moves import Asker
from rules.needs import needs
from rules.plan import ZONE
from store import facts
from store.decisions import note, record
from store.enrolments import hold
from store.facts import Entrant
from store.session import Database

# No event tells that a letter has left, or that another journey has begun or ended: such conditions are asked again.
_LOOK_AGAIN = timedelta(hours=1)
# A branch of many cases of which none held has many reasons; the facts tell all of them.
_REASONS_MAX = 3


@dataclass
class Question:
    """Ask which of the conditions is the first that holds for the contact of this enrolment.

    For a wait (`asker`), ask also when that may change by time alone. `verdicts` are the run's own, to be recorded.
    """

    enrolment: UUID
    conditions: tuple[Condition, ...]
    now: datetime
    step: str = ""
    iteration: int = 1
    asker: Asker = "branch"
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass
class Answer:
    """The number of the case that holds, None for none; `held`: the journey is paused, ask again later.

    None holds, but at `look` one may by time alone.
    """

    case: int | None = None
    held: bool = False
    look: datetime | None = None


@dataclass
class Appointment:
    """Ask when the clock of the contact of this enrolment shows this time next, or when its date comes."""

    enrolment: UUID
    local: clocks.Moment
    now: datetime
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass
class Moment:
    """An instant, told once and kept in the history: newer zone data never changes a run that has begun to wait.

    None: there is no such date.
    """

    at: datetime | None
    zone: str


class Decisions:
    """Activities that decide by what the store knows now."""

    def __init__(self, database: Database, time_zone: str) -> None:
        self._database = database
        self._time_zone = time_zone

    @activity.defn
    async def decide(self, question: Question) -> Answer:
        """Evaluate the conditions in their order."""
        async with self._database.transaction() as session:
            await record(session, question.enrolment, question.verdicts)
            entrant = await facts.entrant(session, question.enrolment)
            if entrant.paused and await hold(session, question.enrolment):
                return Answer(held=True)
            known = await facts.of_run(session, entrant, question.conditions, question.now)
            cases = (number for number, condition in enumerate(question.conditions) if holds(condition, known))
            case = next(cases, None)
            if question.asker == "branch":
                await _note(session, question, entrant, case, known)
        return Answer(case, look=_look(question, known) if question.asker == "wait" and case is None else None)

    @activity.defn
    async def locate(self, appointment: Appointment) -> Moment:
        """Find the next instant at which the contact's clock shows the time, in the zone the contact has now."""
        async with self._database.transaction() as session:
            await record(session, appointment.enrolment, appointment.verdicts)
            entrant = await facts.entrant(session, appointment.enrolment)
        zone = _zone(appointment.local.zone or entrant.traits.get(ZONE)) or ZoneInfo(self._time_zone)
        until = settled(appointment.local, appointment.now, zone, entrant.traits, entrant.start)
        return Moment(until, zone.key)


async def _note(session: AsyncSession, question: Question, entrant: Entrant, case: int | None, known: Facts) -> None:
    """Write down which way was taken, and for all cases up to that one what they were asked of."""
    looked_at = question.conditions if case is None else question.conditions[: case + 1]
    deciding = looked_at if case is None else looked_at[case:]
    told = [
        {"case": number, **finding.as_data()}
        for number, condition in enumerate(looked_at, start=1)
        for finding in findings(condition, known)
    ]
    noted = Noted(
        key=f"{question.enrolment}/{question.step}/{question.iteration}",
        at=question.now,
        contact_id=entrant.contact_id,
        journey=entrant.journey,
        kind="branch",
        verdict="no case held" if case is None else f"case {case + 1} held",
        reason="; ".join(str(decisive(condition, known)) for condition in deciding[:_REASONS_MAX]),
        enrolment_id=question.enrolment,
        version=entrant.version,
        step=question.step,
        facts={"conditions": told},
    )
    await note(session, [noted])


def _look(question: Question, known: Facts) -> datetime | None:
    """When to look again although nothing was heard; None: time alone changes nothing."""
    moments = [at for condition in question.conditions if (at := flips(condition, known)) is not None]
    if any(asked.stays or asked.letters for asked in map(needs, question.conditions)):
        moments.append(question.now + _LOOK_AGAIN)
    return min(moments, default=None)


def _zone(name: object) -> ZoneInfo | None:
    """The zone of this name; None when there is none, since shops send what they like."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (LookupError, OSError, ValueError):
        return None
