"""Watches the parts: one that dies unexpectedly is started again, and given up when it dies too often."""

import asyncio
from collections import deque
from collections.abc import Callable

from local.errors import PartFailedError
from local.part import Part

_DEATHS = 5
_WITHIN_S = 60.0
_FIRST_PAUSE_S = 0.5


async def watch(part: Part, tell: Callable[[str], None]) -> None:
    """Keep a part running until it is stopped on purpose. Raises PartFailedError after five deaths within a minute."""
    deaths: deque[float] = deque(maxlen=_DEATHS)
    clock = asyncio.get_running_loop().time
    while True:
        await part.ended()
        if part.stopping:
            return
        deaths.append(clock())
        recent = [death for death in deaths if clock() - death < _WITHIN_S]
        if len(recent) >= _DEATHS:
            raise part.failed(f"died {_DEATHS} times within {_WITHIN_S:.0f} s ({part.ending()})")
        tell(f"{part.title} stopped unexpectedly ({part.ending()}); starting it again. Its log: {part.log}")
        await asyncio.sleep(_FIRST_PAUSE_S * 2 ** (len(recent) - 1))
        await _start_again(part, tell)


async def _start_again(part: Part, tell: Callable[[str], None]) -> None:
    try:
        await part.start()
        await part.ready()
    except PartFailedError:
        if part.pid is not None:  # it runs and does not answer: that counts as a death
            await part.kill()
            part.stopping = False
        return
    tell(f"{part.title} is back.")
