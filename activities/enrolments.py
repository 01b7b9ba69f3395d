"""Keep our own table of enrolments true to what runs do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from store import enrolments
from store.session import Database


@dataclass
class Ending:
    """A run is over, for this reason."""

    enrolment: UUID
    reason: str
    now: datetime


@dataclass
class Standing:
    """A run is `active` again, or `paused`."""

    enrolment: UUID
    status: str


class Enrolments:
    """Activities that write to the table of enrolments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def finish(self, ending: Ending) -> None:
        """Record the end; letters that were claimed and not sent are cancelled with it."""
        async with self._database.transaction() as session:
            await enrolments.end(session, ending.enrolment, ending.reason, ending.now)

    @activity.defn
    async def stand(self, standing: Standing) -> None:
        """Record that a run is paused, or goes on."""
        async with self._database.transaction() as session:
            await enrolments.mark(session, standing.enrolment, standing.status)
