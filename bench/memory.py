"""What sleeping journeys cost a worker in memory, cached and evicted, and how long it takes to wake one of each.

Ours: 10,000 contacts enter a journey that waits for an event for 90 days. Cached: the worker that let them in, told to
keep all of them. Evicted: a worker started afterwards, which replays a run when it wakes. Waking: from the commit of
the event until the run has ended with its row. The floor: a bare Temporal program with fewer runs (its default cache
holds 1,000), woken by a signal, until the result is there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from statistics import median

import asyncpg
import psutil
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from bench.contacts import event, events, intake_of, user
from bench.figures import Figure, Tell
from bench.floor.client import bare_program, begin, finish
from bench.floor.program import Asleep, Timed
from bench.servers import Servers
from bench.waiting import until
from local.part import Part
from store.intake import Intake
from store.session import Connection, driver_url
from workflows.starting import JOURNEYS_QUEUE

_WARM_UP = 50
_GROUP = 500
_LOOK_EVERY_S = 0.004
_WAKE_EVERY_S, _WAKE_WITHIN_S = 0.2, 60.0
_IDLE_PERCENT, _IDLE_WITHIN_S = 10.0, 30
_PATIENCE_S = 600.0
_OVER = """
SELECT EXISTS (SELECT FROM enrolments e JOIN identities i USING (contact_id)
               WHERE i.kind = 'user' AND i.value = $1 AND e.status = 'ended')
"""

Wake = Callable[[int], Awaitable[float]]
"""Wakes the run of this number, and tells how many seconds that took."""


async def measure(
    these: Servers, tell: Tell, *, sleepers: int = 10_000, bare_sleepers: int = 900, wakes: int = 30
) -> list[Figure]:
    """Measure the floor, then ours."""
    floor = await _floor(these, bare_sleepers, wakes)
    tell(f"memory: {bare_sleepers} runs of the bare program slept, and some woke")
    ours = await _ours(these, tell, sleepers, wakes)
    asleep = f"worker with {ours.asleep:,} sleeping journeys"
    return [
        Figure(f"{asleep}, cached", "MB", ours.cached / 1e6),
        Figure(f"{asleep}, evicted", "MB", ours.evicted / 1e6),
        Figure("memory of one cached journey", "kB", ours.each / 1e3, floor.each / 1e3),
        Figure("waking a cached journey", "ms", ours.warm * 1e3, floor.warm * 1e3),
        Figure("waking an evicted journey", "ms", ours.cold * 1e3, floor.cold * 1e3),
    ]


@dataclass(frozen=True)
class _Cost:
    """Bytes of a worker with nobody in it, with all in its cache, and with all evicted; seconds to wake one."""

    asleep: int
    empty: int
    cached: int
    evicted: int
    warm: float
    cold: float

    @property
    def each(self) -> float:
        """Bytes of one cached run."""
        return (self.cached - self.empty) / self.asleep


async def _ours(these: Servers, tell: Tell, sleepers: int, wakes: int) -> _Cost:
    client = await Client.connect(these.temporal_address)
    connection = await asyncpg.connect(driver_url(these.settings.database_url))
    async with intake_of(these.settings.database_url) as intake:

        async def over(number: int) -> bool:
            return bool(await connection.fetchval(_OVER, user("asleep", number)))

        async def wake(number: int) -> float:
            await intake.accept([event("Bench Woken", "asleep", number)])
            began = time.perf_counter()
            await until(lambda: over(number), every=_LOOK_EVERY_S, within=_WAKE_WITHIN_S)
            return time.perf_counter() - began

        keeping = await these.worker("keeping", KUNDRESA_CACHED_RUNS=str(2 * sleepers))
        routing = await these.worker("routing", "--roles", "router")
        await intake.accept(events("Bench Slept", range(_WARM_UP), "warm-up"))
        empty = await _memory(keeping)
        asleep = await _enter(intake, partial(_settled, connection, client), sleepers, tell)
        cached = await _memory(keeping)
        warm = await _wakes(wake, range(wakes))
        await these.stop([keeping, routing])
        forgetting = await these.worker("forgetting")
        cold = await _wakes(wake, range(wakes, 2 * wakes))
        evicted = await _memory(forgetting)
    await connection.close()
    return _Cost(asleep, empty, cached, evicted, warm, cold)


async def _enter(intake: Intake, calm: Callable[[int], Awaitable[bool]], sleepers: int, tell: Tell) -> int:
    """Let contacts enter until all, or as many as there is time for, are asleep; their number."""
    began, entered = time.monotonic(), 0
    while entered < sleepers and time.monotonic() - began < _PATIENCE_S:
        group = range(entered, min(entered + _GROUP, sleepers))
        await intake.accept(events("Bench Slept", group, "asleep"))
        entered = group.stop
        # Router and worker are kept busy, and no more than that, so that the time can be bounded.
        await until(partial(calm, _GROUP // 5), every=0.1, within=_PATIENCE_S)
        if entered % (5 * _GROUP) == 0:
            tell(f"memory: {entered:,} of {sleepers:,} journeys fell asleep")
    await until(partial(calm, 0), every=0.1, within=_PATIENCE_S)
    return entered


async def _settled(connection: Connection, client: Client, most: int) -> bool:
    """Whether at most so many events wait for the router, and so many runs for the worker."""
    if await connection.fetchval("SELECT count(*) FROM outbox") > most:
        return False
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=JOURNEYS_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        report_stats=True,
    )
    told = await client.workflow_service.describe_task_queue(request)
    return told.stats.approximate_backlog_count <= most


async def _floor(these: Servers, sleepers: int, wakes: int) -> _Cost:
    client = await Client.connect(these.temporal_address)
    async with bare_program(these, 1, "floor") as (part,):
        await finish(client, Timed.run, _WARM_UP, "floor", at_once=_WARM_UP)
        empty = await _memory(part)
        handles = await begin(client, Asleep.run, sleepers, "floor")

        async def wake(number: int) -> float:
            began = time.perf_counter()
            await handles[number].signal(Asleep.wake)
            await handles[number].result()
            return time.perf_counter() - began

        cached = await _memory(part)
        warm = await _wakes(wake, range(wakes))
    async with bare_program(these, 1, "floor") as (part,):
        await finish(client, Timed.run, 1, "floor", at_once=1)
        cold = await _wakes(wake, range(wakes, 2 * wakes))
        evicted = await _memory(part)
    return _Cost(sleepers, empty, cached, evicted, warm, cold)


async def _wakes(wake: Wake, numbers: Iterable[int]) -> float:
    """Wake these, one after the other; the median of their seconds."""
    seconds = []
    for number in numbers:
        seconds.append(await wake(number))
        await asyncio.sleep(_WAKE_EVERY_S)
    return median(seconds)


async def _memory(part: Part) -> int:
    """The bytes that a program holds once it has nothing more to do."""
    assert part.pid is not None
    process = psutil.Process(part.pid)
    process.cpu_percent()
    for _ in range(_IDLE_WITHIN_S):
        await asyncio.sleep(1)
        if process.cpu_percent() < _IDLE_PERCENT:
            break
    return int(process.memory_info().rss)
