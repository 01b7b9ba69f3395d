"""Watch a run from outside, as an operator does."""

import asyncio
from collections.abc import Callable

from tests.workflows.world import Run
from workflows.journey import JourneyWorkflow
from workflows.payloads import Snapshot


async def look(run: Run) -> Snapshot:
    return await run.query(JourneyWorkflow.state)


async def until(run: Run, holds: Callable[[Snapshot], bool]) -> Snapshot:
    """The state of the run as soon as this is true of it."""
    for _ in range(100):
        snapshot = await look(run)
        if holds(snapshot):
            return snapshot
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came true; the run stands at {await look(run)}")


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("never came true")


async def begun_anew(run: Run, first: str | None) -> None:
    """Wait until the run has a new history."""
    for _ in range(200):
        if (await run.describe()).run_id != first:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the run keeps its history")


def at(step: str) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.state.at == step and snapshot.state.over is None


async def count(run: Run, kind: str) -> int:
    history = await run.fetch_history()
    return sum(event.HasField(kind) for event in history.events)  # type: ignore[arg-type]  # one name of many
