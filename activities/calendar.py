"""The calendar: for every schedule that starts a live journey, one in Temporal, in step with what is published."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.audience import Call
from rules.journey import Journey
from rules.triggers import OnSchedule
from store import audience, journeys
from store.journeys import VersionProblem
from store.session import Database

_log = logging.getLogger(__name__)

AUDIENCE = "Audience"
"""The workflow that a firing starts."""

PREFIX = "calendar/"

CATCH_UP = timedelta(hours=6)
"""A time that passed while Temporal was away is made up for so long; after that it is another day's."""


@dataclass
class Kept:
    """How many schedules there are, and how many of them were made, changed and removed just now."""

    schedules: int = 0
    made: int = 0
    changed: int = 0
    removed: int = 0


class Calendar:
    """Keeps Temporal's schedules in step with the live journeys. `zone` is the shop's; `queue` works on audiences."""

    def __init__(self, database: Database, client: Client, zone: str, queue: str) -> None:
        self._database = database
        self._client = client
        self._zone = zone
        self._queue = queue
        self._refused: set[str] = set()

    @activity.defn
    async def keep(self) -> Kept:
        """Make, change and remove schedules until there is one for each. A line that is refused stops no other."""
        wanted, unread = await self._wanted()
        kept = Kept(schedules=len(wanted))
        for name, call in wanted.items():
            try:
                await self._put(name, call, kept)
            except RPCError as error:
                if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                    raise
                self._tell(name, call, error)
        async for known in await self._client.list_schedules():
            if known.id.startswith(PREFIX) and known.id not in wanted and known.id.split("/")[1] not in unread:
                kept.removed += await _removed(self._client.get_schedule_handle(known.id))
        return kept

    def _tell(self, name: str, call: Call, error: RPCError) -> None:
        """Say once that a line is refused, and not at every round."""
        if (line := f"{name} {call.schedule} {call.zone}") not in self._refused:
            self._refused.add(line)
            _log.error("schedule %s is refused by Temporal: %s", name, error.message)

    async def _wanted(self) -> tuple[dict[str, Call], set[str]]:
        """The calls that there must be, by the ids of their schedules; and journeys that only newer code can read."""
        wanted: dict[str, Call] = {}
        unread: set[str] = set()
        async with self._database.transaction() as session:
            for name, number in (await audience.scheduled(session)).items():
                try:
                    journey = await journeys.definition(session, name, number)
                except VersionProblem as problem:
                    _log.error("%s", problem)
                    unread.add(name)
                else:
                    wanted.update(_calls(journey, self._zone))
        return wanted, unread

    async def _put(self, name: str, call: Call, kept: Kept) -> None:
        schedule = self._schedule(name, call)

        async def update(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
            if await self._called(found.description.schedule) == call:
                return None
            kept.changed += 1
            schedule.state = found.description.schedule.state
            return ScheduleUpdate(schedule)

        try:
            await self._client.create_schedule(name, schedule)
            kept.made += 1
        except ScheduleAlreadyRunningError:
            await self._client.get_schedule_handle(name).update(update)

    async def _called(self, known: Schedule) -> Call | None:
        """The call of a schedule that stands; None: it was not made by us, or by another version of this."""
        action = known.action
        if not isinstance(action, ScheduleActionStartWorkflow) or len(action.args) != 1:
            return None
        try:
            (call,) = await self._client.data_converter.decode([*action.args], [Call])
        except (RuntimeError, TypeError, ValueError):
            return None
        return call if isinstance(call, Call) else None

    def _schedule(self, name: str, call: Call) -> Schedule:
        return Schedule(
            action=ScheduleActionStartWorkflow(
                AUDIENCE,
                call,
                id=name,
                task_queue=self._queue,
                static_summary=f"{call.journey}: calls segment {call.segment} at '{call.schedule}' ({call.zone})",
            ),
            spec=ScheduleSpec(cron_expressions=[call.schedule], time_zone_name=call.zone),
            # One after the other: two audiences of a journey at once would enter at twice its rate.
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=CATCH_UP),
        )


def _calls(journey: Journey, zone: str) -> Iterator[tuple[str, Call]]:
    """The calls of a journey, by the ids of their schedules: the first one bears the journey's name alone."""
    triggers = [trigger for trigger in journey.trigger if isinstance(trigger, OnSchedule)]
    for number, trigger in enumerate(triggers, 1):
        name = f"{PREFIX}{journey.journey}" + (f"/{number}" if number > 1 else "")
        call = Call(journey.journey, trigger.segment, trigger.schedule, trigger.zone or zone, trigger.per_second)
        yield name, call


async def _removed(handle: ScheduleHandle) -> bool:
    """Remove a schedule; False: somebody else was faster."""
    try:
        await handle.delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
