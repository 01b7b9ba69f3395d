"""A line to the relay on which every answer takes a while, so that there always are letters under way."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from local.ports import HOST

_PIECE = 65_536


@asynccontextmanager
async def slow_line(relay_port: int, slowest: float) -> AsyncIterator[int]:
    """The port of a line whose answers take up to `slowest` seconds each; what is said to the relay passes at once."""
    lines: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        try:
            with suppress(OSError):
                await _carry(reader, writer, relay_port, slowest)
        finally:
            lines.discard(task)
            writer.close()

    server = await asyncio.start_server(carry, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for line in list(lines):
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, relay_port: int, slowest: float) -> None:
    from_relay, to_relay = await asyncio.open_connection(HOST, relay_port)
    answers = asyncio.create_task(_pump(from_relay, writer, slowest))
    try:
        await _pump(reader, to_relay, 0)
        # The client has left, or was killed: the relay still reads what was said before that.
        with suppress(OSError):
            to_relay.write_eof()
            await asyncio.wait_for(answers, 2)
    finally:
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)
        to_relay.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, slowest: float) -> None:
    with suppress(ConnectionError):
        while piece := await source.read(_PIECE):
            if slowest:
                await asyncio.sleep(random.uniform(0, slowest))
            target.write(piece)
            await target.drain()
