"""`kundresa up`: the whole stack as one process, from the first start to the last stop."""

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

from rich.console import Console

from local.errors import StackError
from local.folder import DataFolder
from local.notes import publish, withdraw
from local.ports import Ports
from local.screen import Screen
from local.stack import Stack
from local.supervision import watch

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def up(folder: DataFolder, ports: Ports, given: Mapping[str, str], console: Console) -> None:
    """Start the stack, keep it running, and stop it on Ctrl-C or SIGTERM. Raises StackError when it cannot go on."""
    screen = Screen(console)
    with folder.held():
        stack = Stack(folder, ports, given)
        for title in stack.stop_leftovers():
            screen.warn(f"Stopped {title}, left running by a stack that was killed.")
        stack.check_ports()
        stopped = _stop_signals(stack)
        try:
            if await _unless(stopped, _start(stack, screen)):
                await _unless(stopped, _watch(stack, screen))
        finally:
            screen.tell("Stopping; the journeys sleep on until the next start.")
            withdraw(folder)
            await stack.stop()
            _no_stop_signals()


async def _start(stack: Stack, screen: Screen) -> None:
    with screen.steps():
        await stack.start(screen)
    publish(stack.folder, stack.environment)
    screen.addresses(stack)


async def _watch(stack: Stack, screen: Screen) -> None:
    async with asyncio.TaskGroup() as group:
        for part in stack.parts.values():
            group.create_task(watch(part, screen.warn))


async def _unless(stopped: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work unless somebody stops us first; says whether it was done."""
    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait((working,))
        return False
    try:
        working.result()
    except BaseExceptionGroup as several:
        # Parts start side by side; the first trouble is the one to tell.
        raise _first(several) from None
    return True


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    expected, unexpected = group.split(StackError)
    if expected is None or unexpected is not None:
        return group
    first = expected.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _stop_signals(stack: Stack) -> asyncio.Event:
    """The event that the first signal sets; the second one hurries."""
    stopped = asyncio.Event()

    def handle() -> None:
        if stopped.is_set():
            stack.kill()
        stopped.set()

    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, handle)
    return stopped


def _no_stop_signals() -> None:
    for number in _SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(number)
