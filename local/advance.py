"""`kundresa advance`: moves the sleeping journeys of the embedded stack forward in time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper

from local.errors import ServerAwayError, StackError
from workflows.connection import connect

_AT_ONCE = 20
_LET_GO_S = 0.5
_PATIENCE_S = 120.0

_Handle = WorkflowHandle[Any, Any]


@dataclass(frozen=True)
class Advanced:
    """How many runs were moved, and how many of them came to their end."""

    moved: int
    ended: int


async def advance(way: timedelta, *, journey: str | None, contact: str | None, console: Console) -> Advanced:
    """Move every running journey forward, or those of one journey or one contact; the console shows how it goes."""
    try:
        client = await connect()
    except RuntimeError as error:
        raise ServerAwayError(f"Temporal does not answer: {error}") from error
    handles = [handle async for handle in _sleeping(client, journey, contact)]
    going_on = await _move(TimeSkipper(client), handles, way, console)
    # The SDK's own threads may crash the interpreter when it ends at once (sdk-python issue 300).
    await asyncio.sleep(_LET_GO_S)
    return Advanced(len(handles), len(handles) - going_on)


def told(advanced: Advanced) -> str:
    """What was done, as a line for people."""
    moved, ended = advanced.moved, advanced.ended
    if not ended:
        return f"{moved} moved."
    return f"{moved} moved; {ended} of them came to {'its' if ended == 1 else 'their'} end."


def query(journey: str | None) -> str:
    """The question to Temporal's list of workflows."""
    running = 'WorkflowType = "Journey" AND ExecutionStatus = "Running"'
    return f'{running} AND JourneyId = "{journey}"' if journey else running


async def _sleeping(client: Client, journey: str | None, contact: str | None) -> AsyncIterator[_Handle]:
    async for found in client.list_workflows(query(journey)):
        # Ids are journey/<journey>/<contact>[/<key>]; a contact is no search attribute.
        if contact is None or found.id.split("/")[2:3] == [contact]:
            yield client.get_workflow_handle(found.id)


async def _move(skipper: TimeSkipper, handles: list[_Handle], way: timedelta, console: Console) -> int:
    columns = (SpinnerColumn(), TextColumn("Moving journeys"), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task, turns = progress.add_task("", total=len(handles)), asyncio.Semaphore(_AT_ONCE)

        async def move(handle: _Handle) -> bool:
            async with turns:
                moved = await _forward(skipper, handle, way)
                progress.advance(task)
                return moved

        return sum(await asyncio.gather(*map(move, handles)))


async def _forward(skipper: TimeSkipper, handle: _Handle, way: timedelta) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await skipper.fast_forward(handle, way)
    except TimeoutError:
        raise StackError(f"{handle.id} did not move within {_PATIENCE_S:.0f} s. Is the worker running?") from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:  # it ended between the list and the move
            return False
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            raise StackError("This Temporal server does not skip time; only the embedded one does.") from error
        raise
