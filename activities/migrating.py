"""Bring those who are inside other versions of a journey over to the one that was published, or end their runs."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.plans import Plans
from store import changeovers, fills, journeys
from store.changeovers import Asked, Traveller
from store.session import Database

_AT_ONCE = 10
ENDED = "ended by a new version"


@dataclass
class Passage:
    """A journey whose people are brought over: those behind this workflow id are still to be told."""

    journey: str
    after: str = ""


@dataclass
class Told:
    """Of a page: whom it came to (None: there was nobody left), and how many there were on it."""

    last: str | None
    number: int


@dataclass
class Going:
    """How far a changeover has come: the round, the last workflow told in it, and how often one was told in all."""

    journey: str
    round: int = 0
    after: str = ""
    told: int = 0


@dataclass
class _Note:
    """Why a run is to end, as its signal `exit` reads it."""

    reason: str


@dataclass
class _Migration:
    """Where a run is to go on, as its signal `migrate` reads it."""

    plan: dict[str, Any]
    mapping: dict[str, str]
    request: str


@dataclass
class _Started:
    """The part of a journey's input that tells whose run it is."""

    enrolment: UUID


class Migrating:
    """Activities that tell runs of other versions what was chosen for them. To tell them again changes nothing."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client
        self._plans = Plans()

    @activity.defn
    async def tell_travellers(self, passage: Passage) -> Told:
        """Tell a page of runs to migrate or to end, as it was asked for last."""
        async with self._database.transaction() as session:
            known = await changeovers.asked(session, passage.journey)
            if known is None:
                return Told(None, 0)
            asked, at = known
            page = await changeovers.travellers(session, asked, passage.after)
            name, payload = await self._signal(session, asked, at.isoformat()) if page else ("", None)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def tell(traveller: Traveller) -> None:
            async with turns:
                activity.heartbeat()
                await self._tell(traveller, name, payload)

        await asyncio.gather(*map(tell, page))
        return Told(page[-1].workflow_id if page else None, len(page))

    async def _signal(self, session: AsyncSession, asked: Asked, request: str) -> tuple[str, Any]:
        if asked.manner == "end":
            return "exit", _Note(ENDED)
        plan = await self._plans.get(session, asked.journey, asked.version)
        written = plan.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return "migrate", _Migration(written, dict(asked.mapping), request)

    async def _tell(self, traveller: Traveller, signal: str, payload: Any) -> None:
        try:
            run = self._client.get_workflow_handle(traveller.workflow_id)
            latest = await run.describe()
            run = self._client.get_workflow_handle(latest.id, run_id=latest.run_id)
            if latest.status is WorkflowExecutionStatus.RUNNING and await self._is_of(run, traveller):
                await run.signal(signal, payload)
        except RPCError as error:
            # A run that is over needs no telling; one that has just begun anew is told in the next round.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _is_of(self, run: WorkflowHandle[Any, Any], traveller: Traveller) -> bool:
        """Whether the run is this enrolment's. A later one of the same contact has entered the new version itself."""
        first = await anext(run.fetch_history_events(page_size=1))
        payloads = first.workflow_execution_started_event_attributes.input.payloads
        (started,) = await self._client.data_converter.decode(payloads, [_Started])
        return bool(started.enrolment == traveller.enrolment)

    @activity.defn
    async def close_changeover(self, passage: Passage) -> None:
        """Everybody was told."""
        async with self._database.transaction() as session:
            if known := await changeovers.asked(session, passage.journey):
                await changeovers.close(session, passage.journey, known[1])

    @activity.defn
    async def settle_versions(self) -> None:
        """Let versions go live that waited for the last people inside, and have changeovers that are open gone on with.

        Those are begun by whoever publishes; here are found those whose beginning Temporal was not there to see.
        """
        async with self._database.transaction() as session:
            if await journeys.promote(session):
                await fills.follow(session)
            waiting = await changeovers.open_ones(session)
        for journey in waiting:
            await self._client.start_workflow(
                "ChangeOver",
                Going(journey),
                id=f"changeover/{journey}",
                task_queue=activity.info().task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
