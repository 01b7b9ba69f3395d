"""Events that the front door accepts per second, one a request and a hundred a request.

Ours: the product's API, as `kundresa api` serves it. The floor: a bare FastAPI endpoint with one committed insert,
on the same PostgreSQL, served by the same server with the same settings, under the same load.
"""

import asyncio
import sys
from statistics import median

from bench.figures import Figure, Target, Tell
from bench.servers import Servers, listens
from local.part import Program
from local.ports import HOST, Ports
from store.session import driver_url

_BATCH = 100
_CONNECTIONS = {1: 50, _BATCH: 8}


async def measure(these: Servers, tell: Tell, *, seconds: float = 2.0, rounds: int = 5) -> list[Figure]:
    """Measure in turns, ours and floor, and take the medians."""
    bare = Ports.free().api
    await these.start(_front_door(these))
    await these.start(_bare_front_door(these, bare))
    figures = []
    for size, path, floor_path in ((1, "/v1/track", "/event"), (_BATCH, "/v1/batch", "/batch")):
        ours, floors = [], []
        for number in range(-1, rounds):
            our = size * await _load(these, these.ports.api, path, size, seconds)
            floor = size * await _load(these, bare, floor_path, size, seconds)
            if number >= 0:  # the first round warms up
                ours.append(our)
                floors.append(floor)
                tell(f"intake by {size}, round {number + 1}: {our:,.0f} events/s, floor {floor:,.0f}")
        figures.append(_figure(size, median(ours), median(floors)))
    return figures


def _figure(size: int, ours: float, floor: float) -> Figure:
    if size == 1:
        return Figure("intake, single requests", "events/s", ours, floor, Target("ratio", "at least", 0.8))
    return Figure(f"intake, batches of {size}", "events/s", ours, floor, Target("figure", "at least", 2500))


async def _load(these: Servers, port: int, path: str, size: int, seconds: float) -> float:
    """Requests a second, told by a generator in a process of its own."""
    arguments = [str(port), path, these.told["KUNDRESA_WRITE_KEYS"], str(size), str(_CONNECTIONS[size]), str(seconds)]
    generator = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", *arguments, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await generator.communicate()
    if generator.returncode:
        raise RuntimeError(f"the load generator failed on {path}")
    return float(told)


def _front_door(these: Servers) -> Program:
    port = these.ports.api
    return Program(
        name="api",
        title="API",
        command=[sys.executable, "-m", "cli", "api", "--host", HOST, "--port", str(port)],
        answers=lambda: listens(port),
        environment=these.told,
    )


def _bare_front_door(these: Servers, port: int) -> Program:
    return Program(
        name="bare-front-door",
        title="Bare front door",
        command=[sys.executable, "-m", "bench.floor.front", driver_url(these.settings.database_url), str(port)],
        answers=lambda: listens(port),
        environment=these.told,
    )
