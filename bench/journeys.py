"""Journeys finished per second (entry, timer, one mail, exit), what that costs, and how much history each leaves.

Ours: events are committed by intake; the router starts the runs; each sleeps, sends one letter over SMTP, and ends with
a row. The floor: a bare Temporal program with a timer and one empty activity. Both run in as many processes, and as
many contacts are inside at once: when some have left, others may enter.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from uuid import uuid4

import asyncpg
from temporalio.client import Client

from bench.contacts import events, intake_of
from bench.figures import Figure, Target, Tell
from bench.floor.client import bare_program, finish
from bench.floor.program import Timed
from bench.servers import Servers
from store.intake import Intake
from store.session import Connection, driver_url

_WORKERS = 2
_INSIDE = 80
_GROUP = 10
_WARM_UP = 30
_LOOK_EVERY_S = 0.05
_SAMPLE = 100
_PATIENCE_S = 120.0
_QUEUE = "floor"
_OVER = "SELECT count(*) FROM enrolments WHERE status = 'ended'"

Run = Callable[[int], Awaitable[None]]
"""Lets so many contacts through."""


async def measure(these: Servers, tell: Tell, *, contacts: int = 250, rounds: int = 4) -> list[Figure]:
    """Measure in turns, ours and floor, and take the medians."""
    client = await Client.connect(these.temporal_address)
    connection = await asyncpg.connect(driver_url(these.settings.database_url))
    workers = await these.workers(_WORKERS)
    ours, floors = [], []
    async with bare_program(these, _WORKERS, _QUEUE), intake_of(these.settings.database_url) as intake:

        async def our_way(contacts: int) -> None:
            await _through(intake, connection, contacts)

        async def bare_way(contacts: int) -> None:
            await finish(client, Timed.run, contacts, _QUEUE, at_once=_INSIDE)

        await our_way(_WARM_UP)
        await bare_way(_WARM_UP)
        for number in range(rounds):
            ours.append(await _timed(these, our_way, contacts))
            floors.append(await _timed(these, bare_way, contacts))
            tell(f"journeys, round {number + 1}: {ours[-1][0]:.1f}/s, floor {floors[-1][0]:.1f}/s")
    await connection.close()
    await these.stop(workers)
    (speed, cost), (floor_speed, floor_cost) = (map(median, zip(*each, strict=True)) for each in (ours, floors))
    return [
        Figure("journeys finished", "/s", speed, floor_speed, Target("ratio", "at least", 0.8)),
        Figure("processor time of a journey, servers included", "ms", cost, floor_cost),
        *await _histories(client),
    ]


async def _timed(these: Servers, run: Run, contacts: int) -> tuple[float, float]:
    """Journeys per second, and milliseconds of processor time for each."""
    began, used = time.perf_counter(), these.processor_time()
    async with asyncio.timeout(_PATIENCE_S):
        await run(contacts)
    return contacts / (time.perf_counter() - began), (these.processor_time() - used) * 1000 / contacts


async def _through(intake: Intake, connection: Connection, contacts: int) -> None:
    """Let so many new contacts enter, never more than `_INSIDE` at once, and wait until all their runs are over."""
    before, entered, over = await connection.fetchval(_OVER), 0, 0
    run = uuid4().hex[:8]
    while over < contacts:
        room = min(_INSIDE - (entered - over), contacts - entered)
        if room >= _GROUP or (room and room == contacts - entered):
            await intake.accept(events("Bench Timed", range(entered, entered + room), run))
            entered += room
        await asyncio.sleep(_LOOK_EVERY_S)
        over = await connection.fetchval(_OVER) - before


async def _histories(client: Client) -> list[Figure]:
    ours = await _history(client, 'WorkflowType = "Journey"')
    floor = await _history(client, 'WorkflowType = "Timed"')
    return [
        Figure("history of such a journey", "events", ours[0], floor[0], Target("figure", "at most", 18)),
        Figure("its size", "bytes", ours[1], floor[1], Target("figure", "at most", 5000)),
    ]


async def _history(client: Client, query: str) -> tuple[float, float]:
    """Events and bytes of a finished run, the median of many."""
    found = [each async for each in client.list_workflows(f'{query} AND ExecutionStatus = "Completed"', limit=_SAMPLE)]
    infos = [each.raw_info for each in found]
    return median(info.history_length for info in infos), median(info.history_size_bytes for info in infos)
