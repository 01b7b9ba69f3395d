"""The side of the bare Temporal program that starts runs and awaits their results."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from bench.servers import Servers
from local.part import Part, Program

_CALLS_AT_ONCE = 50

BareRun = Callable[[Any, str], Coroutine[Any, Any, Any]]


@asynccontextmanager
async def bare_program(these: Servers, processes: int, queue: str) -> AsyncIterator[list[Part]]:
    """So many worker processes of the bare program, on this task queue."""
    parts = [await these.start(_worker(f"floor-{number}", these, queue)) for number in range(processes)]
    try:
        yield parts
    finally:
        await these.stop(parts)


def _worker(name: str, these: Servers, queue: str) -> Program:
    async def answers() -> bool:
        return True  # its first run, which is not measured, waits until it works

    arguments = [these.temporal_address, queue, str(these.ports.smtp)]
    return Program(
        name=name,
        title=name,
        command=[sys.executable, "-m", "bench.floor.program", *arguments],
        answers=answers,
        environment=these.told,
    )


async def begin(client: Client, run: BareRun, count: int, queue: str) -> list[WorkflowHandle[Any, Any]]:
    """Start so many runs."""
    calls = asyncio.Semaphore(_CALLS_AT_ONCE)

    async def one() -> WorkflowHandle[Any, Any]:
        async with calls:
            return await _start(client, run, queue)

    return await asyncio.gather(*(one() for _ in range(count)))


async def finish(client: Client, run: BareRun, count: int, queue: str, *, at_once: int) -> None:
    """Start so many runs, never more than `at_once` side by side, and await all their results."""
    inside = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with inside:
            handle = await _start(client, run, queue)
            await handle.result()

    await asyncio.gather(*(one() for _ in range(count)))


async def _start(client: Client, run: BareRun, queue: str) -> WorkflowHandle[Any, Any]:
    name = uuid4().hex
    return await client.start_workflow(run, name, id=f"floor-{name}", task_queue=queue)
