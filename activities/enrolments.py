"""Keep our own table of enrolments true to what runs do."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from temporalio import activity

from rules.decisions import Verdict
from store import doubts, enrolments
from store.decisions import record
from store.session import Database


@dataclass
class Ending:
    """A run is over, for this reason. `verdicts` are the run's own, to be recorded."""

    enrolment: UUID
    reason: str
    now: datetime
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass
class Standing:
    """A run is `active` again, or `paused`, or merely has verdicts to record."""

    enrolment: UUID
    status: str
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass
class Moved:
    """A run goes on with another version of its journey, `at` this step; None: it cannot, and stays with its own."""

    enrolment: UUID
    version: int | None
    verdicts: list[Verdict] = field(default_factory=list)
    at: str | None = None


class Enrolments:
    """Activities that write to the table of enrolments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def finish(self, ending: Ending) -> None:
        """Record the end; letters that were claimed and not sent are cancelled with it."""
        async with self._database.transaction() as session:
            await record(session, ending.enrolment, ending.verdicts)
            await enrolments.end(session, ending.enrolment, ending.reason, ending.now)

    @activity.defn
    async def stand(self, standing: Standing) -> None:
        """Record that a run is paused, or goes on."""
        async with self._database.transaction() as session:
            await record(session, standing.enrolment, standing.verdicts)
            await enrolments.mark(session, standing.enrolment, standing.status)

    @activity.defn
    async def move(self, moved: Moved) -> None:
        """Record which version a run goes on with; that it was refused another one stands among the verdicts.

        A letter that was being tried at a step that the run has left does not leave any more.
        """
        async with self._database.transaction() as session:
            if moved.version is not None:
                await enrolments.move(session, moved.enrolment, moved.version)
                if moved.at is not None:
                    await doubts.cancel_behind(session, moved.enrolment, moved.at)
            await record(session, moved.enrolment, moved.verdicts)
