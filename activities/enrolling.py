"""Have a contact enter another journey."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from temporalio import activity

from rules.decisions import Noted, Verdict
from rules.names import REQUESTED
from store import facts
from store.announcing import Announcement, announce
from store.decisions import note, record
from store.enrolments import ended, hold
from store.session import Database


@dataclass
class Admission:
    """Have the contact of this enrolment enter this journey, unless the enrolment is over."""

    enrolment: UUID
    step: str
    iteration: int
    journey: str
    now: datetime
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What makes this request this one, however often it is made."""
        return f"{self.enrolment}/{self.step}/{self.iteration}"


@dataclass
class Admitted:
    """What came of it; `held`: nothing was requested, the journey is paused."""

    held: bool = False


class Enrolling:
    """Activities that request enrolments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def enrol(self, admission: Admission) -> Admitted:
        """Request the enrolment, as a call of the API does; doing it again changes nothing.

        The other journey sees the properties of the event that began this one, such as its order.
        """
        async with self._database.transaction() as session:
            await record(session, admission.enrolment, admission.verdicts)
            if await ended(session, admission.enrolment):
                return Admitted()
            entrant = await facts.entrant(session, admission.enrolment)
            if entrant.paused and await hold(session, admission.enrolment):
                return Admitted(held=True)
            told = {**entrant.start, "journey": admission.journey, "from": entrant.journey}
            await announce(session, [Announcement(admission.key, entrant.contact_id, REQUESTED, admission.now, told)])
            noted = Noted(
                key=admission.key,
                at=admission.now,
                contact_id=entrant.contact_id,
                journey=entrant.journey,
                kind="enrol",
                verdict="requested",
                enrolment_id=admission.enrolment,
                version=entrant.version,
                step=admission.step,
                facts={"journey": admission.journey},
            )
            await note(session, [noted])
        return Admitted()
