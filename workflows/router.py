"""The router: takes committed events in order per contact, tells the runs that listen, and starts new runs."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from rules.journey import OnEvent
from rules.plan import lay_out
from rules.routing import REQUESTED, Inside, Version, version
from store import enrolments, journeys, outbox
from store.outbox import Bell, Waiting
from store.session import Database
from workflows.errands import Errands, errands_of
from workflows.payloads import Heard
from workflows.starting import RunBusy, RunOver, TemporalAway, TemporalProblem, hear, start

_log = logging.getLogger(__name__)

_BATCH = 200
_LANES_AT_ONCE = 4
_CALLS_AT_ONCE = 32
_SOON = timedelta(milliseconds=500)
_REFUSED = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
_PATIENCE = (0.25, 10.0)
_GONE = "no longer known to Temporal"


class Router:
    """One of any number of routers that work side by side. `routed` counts its events."""

    def __init__(self, database: Database, client: Client) -> None:
        self.routed = 0
        self._database = database
        self._client = client
        self._versions: dict[tuple[str, int], Version] = {}
        self._calls = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._lanes = asyncio.Semaphore(_LANES_AT_ONCE)

    async def run(self) -> None:
        """Route until cancelled. While Temporal or the database is away, events wait in the outbox."""
        bell, patience = Bell(self._database.url), 0.0
        try:
            while True:
                try:
                    worked = await self.turn()
                    patience = 0.0
                except (TemporalAway, DBAPIError, OSError) as error:
                    patience = min(max(_PATIENCE[0], patience * 2), _PATIENCE[1])
                    _log.warning("routing waits %.2f s: %s", patience, _words(error))
                    await asyncio.sleep(patience)
                    continue
                if not worked:
                    await bell.wait()
        finally:
            await bell.close()

    async def turn(self) -> int:
        """Route what is due now; the number of events routed. Raises TemporalAway, DBAPIError, OSError."""
        async with self._database.transaction() as session:
            lanes = await outbox.busy_lanes(session)
            live = await self._live(session) if lanes else {}
        # Routers that begin with different lanes seldom get in each other's way.
        random.shuffle(lanes)
        counts = await asyncio.gather(*(self._lane(lane, live) for lane in lanes), return_exceptions=True)
        for failure in (each for each in counts if isinstance(each, BaseException)):
            raise failure
        return sum(each for each in counts if isinstance(each, int))

    async def _live(self, session: AsyncSession) -> Mapping[str, Sequence[Version]]:
        """The live versions, by the events that may start them."""
        by_event: dict[str, list[Version]] = defaultdict(list)
        for name, number in (await journeys.live_versions(session)).items():
            known = await self._version(session, name, number)
            triggers = (
                trigger.event if isinstance(trigger, OnEvent) else (REQUESTED,) for trigger in known.journey.trigger
            )
            for event in {event for names in triggers for event in names}:
                by_event[event].append(known)
        return by_event

    async def _version(self, session: AsyncSession, name: str, number: int) -> Version:
        if (name, number) not in self._versions:
            definition = await journeys.definition(session, name, number)
            self._versions[name, number] = version(definition, lay_out(definition, number))
        return self._versions[name, number]

    async def _lane(self, lane: int, live: Mapping[str, Sequence[Version]]) -> int:
        async with self._lanes, outbox.hold_lane(self._database, lane) as held:
            if not held:
                return 0
            async with self._database.transaction() as session:
                waiting = await outbox.take(session, lane, _BATCH)
                inside = await enrolments.of_contacts(session, list({each.contact_id for each in waiting}))
                for each in (enrolment for every in inside.values() for enrolment in every):
                    await self._version(session, each.journey, each.version)
            return await self._route(_work_out(waiting, inside, self._versions, live))

    async def _route(self, trips: Sequence[Sequence[Errands]]) -> int:
        """Do the errands, contacts side by side, each contact's in order."""
        await self._write_down(trips)
        done: list[int] = []
        try:
            results = await asyncio.gather(*(self._travel(trip, done) for trip in trips), return_exceptions=True)
        finally:
            async with self._database.transaction() as session:
                await outbox.done(session, done)
            self.routed += len(done)
        for failure in (each for each in results if isinstance(each, BaseException)):
            raise failure
        return len(done)

    async def _write_down(self, trips: Sequence[Sequence[Errands]]) -> None:
        """Enrolments and goals are committed before Temporal hears of anything: a crash can only repeat calls."""
        every = [errands for trip in trips for errands in trip]
        entering = [(errands.waiting.contact_id, each.inside) for errands in every for each in errands.starts]
        goals = [(goal, errands.waiting.received_at) for errands in every for goal in errands.goals]
        if not entering and not goals:
            return
        async with self._database.transaction() as session:
            inside = await enrolments.enrol(session, entering)
            await enrolments.reach_goal(session, goals)
        for errands in every:
            errands.starts = [each for each in errands.starts if each.inside.id in inside]

    async def _travel(self, trip: Sequence[Errands], done: list[int]) -> None:
        for errands in trip:
            try:
                await self._run(errands)
            except RunBusy as problem:
                await self._postpone(errands.waiting, problem, _SOON)
                return
            except TemporalAway:
                raise
            except TemporalProblem as problem:
                _log.error("event %s cannot be routed: %s", errands.waiting.event.seq, problem)
                delay = _REFUSED[min(errands.waiting.attempts, len(_REFUSED) - 1)]
                await self._postpone(errands.waiting, problem, delay)
                return
            done.append(errands.waiting.event.seq)

    async def _run(self, errands: Errands) -> None:
        event = errands.waiting.event
        for tell in errands.tells:
            heard = Heard(event.seq, errands.waiting.received_at, tell.properties)
            try:
                async with self._calls:
                    await hear(self._client, tell.enrolment.workflow_id, event.name, heard)
            except RunOver:
                async with self._database.transaction() as session:
                    await enrolments.end(session, tell.enrolment.id, _GONE, datetime.now(UTC))
        for entering in errands.starts:
            async with self._calls:
                await start(self._client, entering.starting)

    async def _postpone(self, waiting: Waiting, problem: TemporalProblem, delay: timedelta) -> None:
        async with self._database.transaction() as session:
            await outbox.postpone(session, waiting.event.seq, str(problem), delay)


def _work_out(
    waiting: Sequence[Waiting],
    inside: Mapping[UUID, Sequence[Inside]],
    versions: Mapping[tuple[str, int], Version],
    live: Mapping[str, Sequence[Version]],
) -> list[list[Errands]]:
    by_contact: dict[UUID, list[Waiting]] = defaultdict(list)
    for each in waiting:
        by_contact[each.contact_id].append(each)
    return [errands_of(contact, events, inside[contact], versions, live) for contact, events in by_contact.items()]


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, TemporalProblem) else type(error).__name__
