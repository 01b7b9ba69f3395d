"""Change what is known of a contact: traits and topics."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from rules.steps import Change
from store import facts
from store.changes import set_topics, set_traits
from store.enrolments import ended, hold
from store.session import Database


@dataclass
class Changing:
    """Set these traits and topics of the contact of this enrolment, unless the enrolment is over."""

    enrolment: UUID
    step: str
    change: Change
    now: datetime


@dataclass
class Changed:
    """What came of it; `held`: nothing was set, the journey is paused."""

    held: bool = False


class Contacts:
    """Activities that write to contacts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def change(self, changing: Changing) -> Changed:
        """Set traits and topics; doing it again changes nothing."""
        async with self._database.transaction() as session:
            if await ended(session, changing.enrolment):
                return Changed()
            entrant = await facts.entrant(session, changing.enrolment)
            if entrant.paused and await hold(session, changing.enrolment):
                return Changed(held=True)
            await set_traits(session, entrant.contact_id, changing.change.traits)
            source = f"{changing.enrolment}/{changing.step}"
            await set_topics(session, entrant.contact_id, changing.change.topics, source, changing.now)
        return Changed()
