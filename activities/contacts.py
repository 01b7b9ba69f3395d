"""Change what is known of a contact: traits and topics."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from rules.decisions import Noted, Verdict
from rules.names import SUBSCRIBED, TRAITS_CHANGED, UNSUBSCRIBED
from rules.steps import Change
from store import facts
from store.announcing import Announcement, announce
from store.changes import set_topics, set_traits
from store.decisions import note, record
from store.enrolments import ended, hold
from store.facts import Entrant
from store.session import Database


@dataclass
class Changing:
    """Set these traits and topics of the contact of this enrolment, unless the enrolment is over."""

    enrolment: UUID
    step: str
    change: Change
    now: datetime
    iteration: int = 1
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def source(self) -> str:
        """What makes this change this one, however often it is made; each round of a repeat makes its own."""
        step = f"{self.enrolment}/{self.step}"
        return step if self.iteration == 1 else f"{step}/{self.iteration}"


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
        """Set traits and topics, and tell everybody who listens; doing it again changes nothing."""
        async with self._database.transaction() as session:
            await record(session, changing.enrolment, changing.verdicts)
            if await ended(session, changing.enrolment):
                return Changed()
            entrant = await facts.entrant(session, changing.enrolment)
            if entrant.paused and await hold(session, changing.enrolment):
                return Changed(held=True)
            await _set(session, changing, entrant)
        return Changed()


async def _set(session: AsyncSession, changing: Changing, entrant: Entrant) -> None:
    change = changing.change
    await set_traits(session, entrant.contact_id, change.traits)
    await set_topics(session, entrant.contact_id, change.topics, changing.source, changing.now)
    await announce(session, list(_said(changing, entrant)))
    noted = Noted(
        key=f"{changing.enrolment}/{changing.step}/{changing.iteration}",
        at=changing.now,
        contact_id=entrant.contact_id,
        journey=entrant.journey,
        kind="set",
        verdict="set",
        enrolment_id=changing.enrolment,
        version=entrant.version,
        step=changing.step,
        facts={"traits": sorted(change.traits), "topics": change.topics},
    )
    await note(session, [noted])


def _said(changing: Changing, entrant: Entrant) -> Iterator[Announcement]:
    """The events that tell of the change: runs that wait for it, and segments that rest on it, hear of it by these."""
    contact, change = entrant.contact_id, changing.change
    if names := sorted(change.traits):
        told = {"traits": names, "journey": entrant.journey}
        yield Announcement(f"{changing.source}/traits", contact, TRAITS_CHANGED, changing.now, told, names)
    for topic, granted in change.topics.items():
        name = SUBSCRIBED if granted else UNSUBSCRIBED
        told = {"topic": topic, "journey": entrant.journey}
        yield Announcement(f"{changing.source}/topics/{topic}", contact, name, changing.now, told)
