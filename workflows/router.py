"""The router: takes committed events in order per contact, tells the runs that listen, and starts new runs."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from rules.arrivals import Inside, Version
from store import decisions, due, enrolments, outbox, redemptions, upkeep
from store.knowledge import Watch
from store.outbox import Bell, Waiting
from store.session import Database
from workflows.catalogue import Catalogue
from workflows.errands import Errands, errands_of
from workflows.payloads import Heard
from workflows.starting import RunBusy, RunOver, TemporalAway, TemporalProblem, hear, start
from workflows.verdicts import Verdicts

_log = logging.getLogger(__name__)

_BATCH = 200
_LANES_AT_ONCE = 4
_CALLS_AT_ONCE = 32
_SOON = timedelta(milliseconds=500)
_REFUSED = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
_PATIENCE = (0.25, 10.0)
_GONE = "no longer known to Temporal"


class Router:
    """One of any number of routers that work side by side. `routed` counts its events; `zone` is the shop's."""

    def __init__(self, database: Database, client: Client, zone: tzinfo = UTC) -> None:
        self.routed = 0
        self._database = database
        self._client = client
        self._catalogue = Catalogue()
        self._verdicts = Verdicts()
        self._watch = Watch(zone)
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
                except (TemporalAway, SQLAlchemyError, OSError) as error:
                    patience = min(max(_PATIENCE[0], patience * 2), _PATIENCE[1])
                    _log.warning("routing waits %.2f s: %s", patience, _words(error))
                    await asyncio.sleep(patience)
                    continue
                if not worked:
                    await bell.wait()
        finally:
            await bell.close()

    async def turn(self) -> int:
        """Route what is due now; the number of events routed. Raises TemporalAway, SQLAlchemyError, OSError."""
        async with self._database.transaction() as session:
            lanes = await outbox.busy_lanes(session)
            live = await self._catalogue.live(session) if lanes else {}
        # Routers that begin with different lanes seldom get in each other's way.
        random.shuffle(lanes)
        counts = await asyncio.gather(*(self._lane(lane, live) for lane in lanes), return_exceptions=True)
        for failure in (each for each in counts if isinstance(each, BaseException)):
            raise failure
        return sum(each for each in counts if isinstance(each, int))

    async def _lane(self, lane: int, live: Mapping[str, Sequence[Version]]) -> int:
        async with self._lanes, outbox.hold_lane(self._database, lane) as held:
            if not held:
                return 0
            async with self._database.transaction() as session:
                waiting = await outbox.take(session, lane, _BATCH)
                await redemptions.of_orders(session, [each.event for each in waiting])
            if not waiting:
                return 0
            await self._keep(waiting)
            async with self._database.transaction() as session:
                since = min(each.occurred_at if each.backfill else each.received_at for each in waiting)
                inside = await enrolments.of_contacts(session, list({each.contact_id for each in waiting}), since)
                strangers = await self._catalogue.strangers(session, inside)
            await self._leave_to_others(waiting, strangers)
            ours = [each for each in waiting if each.contact_id not in strangers]
            return await self._route(_work_out(ours, inside, self._catalogue.versions, live))

    async def _keep(self, waiting: Sequence[Waiting]) -> None:
        """Segments, stages and dates of these contacts come first: what changes is an event behind the ones in hand."""
        async with self._database.transaction() as session:
            await upkeep.keep(session, self._watch, upkeep.told_by(waiting))

    async def _leave_to_others(self, waiting: Sequence[Waiting], strangers: set[UUID]) -> None:
        """Events of contacts inside newer versions wait for a router that can read these."""
        first = {each.contact_id: each for each in reversed(waiting) if each.contact_id in strangers}
        for each in first.values():
            await self._postpone(each, "a journey of this contact was published by newer code", _REFUSED[0])

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
        """All that is written is committed before Temporal hears of anything: a crash can only repeat calls."""
        every = [errands for trip in trips for errands in trip]
        entering = [(errands.waiting.contact_id, each.inside) for errands in every for each in errands.starts]
        goals = [(goal, errands.waiting.received_at) for errands in every for goal in errands.goals]
        noted = self._verdicts.of(every)
        if not entering and not goals and not noted:
            return
        async with self._database.transaction() as session:
            inside = await enrolments.enrol(session, entering) if entering else set()
            await due.look_at(session, inside, "stays")
            await enrolments.reach_goal(session, goals)
            noted = [each for each in noted if each.enrolment_id is None or each.enrolment_id in inside]
            await decisions.note(session, noted)
        self._verdicts.written(noted)
        for errands in every:
            errands.starts = [each for each in errands.starts if each.inside.id in inside]

    async def _travel(self, trip: Sequence[Errands], done: list[int]) -> None:
        for errands in trip:
            try:
                await self._run(errands)
            except RunBusy as problem:
                await self._postpone(errands.waiting, str(problem), _SOON)
                return
            except TemporalAway:
                raise
            except TemporalProblem as problem:
                _log.error("event %s cannot be routed: %s", errands.waiting.event.seq, problem)
                delay = _REFUSED[min(errands.waiting.attempts, len(_REFUSED) - 1)]
                await self._postpone(errands.waiting, str(problem), delay)
                return
            done.append(errands.waiting.event.seq)

    async def _run(self, errands: Errands) -> None:
        event = errands.waiting.event
        for tell in errands.tells:
            heard = Heard(event.seq, errands.waiting.received_at, tell.properties, tell.traits)
            try:
                async with self._calls:
                    await hear(self._client, tell.enrolment.workflow_id, tell.name, heard)
            except RunOver:
                async with self._database.transaction() as session:
                    await enrolments.end(session, tell.enrolment.id, _GONE, datetime.now(UTC))
        for entering in errands.starts:
            async with self._calls:
                await start(self._client, entering.starting)

    async def _postpone(self, waiting: Waiting, why: str, delay: timedelta) -> None:
        async with self._database.transaction() as session:
            await outbox.postpone(session, waiting.event.seq, why, delay)


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
