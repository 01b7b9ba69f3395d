"""The load generator: keeps so many connections busy with events for a while, and prints how many requests were taken.

Run as a program of its own: `python -m bench.load PORT PATH WRITE_KEY EVENTS_A_REQUEST CONNECTIONS SECONDS`.
"""

import asyncio
import base64
import sys
import time
from collections.abc import Iterator
from itertools import count
from random import Random
from uuid import uuid4

import orjson
import uvloop

from local.ports import HOST

_CONTACTS = 2000


def requests(path: str, key: str, size: int) -> Iterator[bytes]:
    """Requests without end; each event has a `messageId` of its own, and belongs to one of many contacts."""
    authorization = base64.b64encode(f"{key}:".encode()).decode()
    chance, run, numbers = Random(size), uuid4().hex, count()
    while True:
        events = [_event(f"{run}-{next(numbers)}", chance.randrange(_CONTACTS)) for _ in range(size)]
        body = orjson.dumps(events[0] if size == 1 else {"batch": events})
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Basic {authorization}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def _event(message_id: str, contact: int) -> dict[str, object]:
    product = {"product_id": f"p-{contact % 97}", "name": "Wool throw", "price": 129.0, "currency": "EUR"}
    return {
        "type": "track",
        "messageId": message_id,
        "event": "Product Viewed",
        "userId": f"user-{contact}",
        "properties": {**product, "url": "https://shop.example/throws/wool-throw"},
    }


async def _keep_busy(port: int, source: Iterator[bytes], until: float) -> int:
    """Send one request after the other over one connection; how many were answered with success."""
    reader, writer = await asyncio.open_connection(HOST, port)
    taken = 0
    while time.perf_counter() < until:
        writer.write(next(source))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        if head[9:10] != b"2" or b"rejected" in body:
            raise RuntimeError(f"refused: {head.decode()}{body.decode()}")
        taken += 1
    writer.close()
    return taken


async def main(port: int, path: str, key: str, size: int, connections: int, seconds: float) -> None:
    """Send, and print requests a second."""
    source, began = requests(path, key, size), time.perf_counter()
    busy = (_keep_busy(port, source, began + seconds) for _ in range(connections))
    taken = sum(await asyncio.gather(*busy))
    print(taken / (time.perf_counter() - began))


if __name__ == "__main__":
    to, where, write_key, events, connections, duration = sys.argv[1:]
    uvloop.run(main(int(to), where, write_key, int(events), int(connections), float(duration)))
