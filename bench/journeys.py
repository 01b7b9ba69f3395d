"""Journeys finished per second (entry, timer, one mail, exit), and how much history one of them leaves.

Ours: events are committed by intake; the router starts the runs; each sleeps a second, sends one letter over SMTP, and
ends with a row. The floor: a bare Temporal program with a timer of a second and one empty activity.
"""

import time
from statistics import median
from uuid import uuid4

import asyncpg
from temporalio.client import Client

from bench.contacts import events, intake_of
from bench.figures import Figure, Target, Tell
from bench.floor.client import bare_program, finish
from bench.floor.program import Timed
from bench.servers import Servers
from bench.waiting import until
from store.intake import Intake
from store.session import Connection, driver_url

_WORKERS = 2
_WARM_UP = 20
_LOOK_EVERY_S = 0.05
_SAMPLE = 100
_PATIENCE_S = 120.0


async def measure(these: Servers, tell: Tell, *, contacts: int = 250, rounds: int = 4) -> list[Figure]:
    """Measure in turns, ours and floor, and take the medians."""
    ours, floors = [], []
    client = await Client.connect(these.temporal_address)
    for number in range(rounds):
        ours.append(await _ours(these, contacts))
        floors.append(await _floor(these, client, contacts))
        tell(f"journeys, round {number + 1}: {ours[-1]:.1f}/s, floor {floors[-1]:.1f}/s")
    history = await _histories(these, client)
    speed = Figure("journeys finished", "/s", median(ours), median(floors), Target("ratio", "at least", 0.8))
    return [speed, *history]


async def _ours(these: Servers, contacts: int) -> float:
    workers = await these.workers(_WORKERS)
    connection = await asyncpg.connect(driver_url(these.settings.database_url))
    try:
        async with intake_of(these.settings.database_url) as intake:
            await _through(intake, connection, _WARM_UP)
            began = time.perf_counter()
            await _through(intake, connection, contacts)
            return contacts / (time.perf_counter() - began)
    finally:
        await connection.close()
        await these.stop(workers)


async def _through(intake: Intake, connection: Connection, contacts: int) -> None:
    """Let so many new contacts enter at once, and wait until the last one's run is over."""
    over = "SELECT count(*) FROM enrolments WHERE status = 'ended'"
    goal = await connection.fetchval(over) + contacts
    await intake.accept(events("Bench Timed", contacts, uuid4().hex[:8]))

    async def all_over() -> bool:
        return bool(await connection.fetchval(over) >= goal)

    await until(all_over, every=_LOOK_EVERY_S, within=_PATIENCE_S)


async def _floor(these: Servers, client: Client, contacts: int) -> float:
    queue = f"floor-{uuid4().hex[:8]}"
    async with bare_program(these, _WORKERS, queue):
        await finish(client, Timed.run, _WARM_UP, queue)
        began = time.perf_counter()
        await finish(client, Timed.run, contacts, queue)
        return contacts / (time.perf_counter() - began)


async def _histories(these: Servers, client: Client) -> list[Figure]:
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
