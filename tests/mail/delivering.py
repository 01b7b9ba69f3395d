"""What the tests of deliveries share: a message, and the way to hand it over."""

import asyncio
import ssl

from mail.connection import RelayAddress
from mail.relay import Relay
from mail.smtp import BeforeDot, Envelope, Reply, Timeouts
from tests.mail.fault_smtp import FaultServer

SHORT = Timeouts(connect=2, greeting=0.3, envelope=0.3, data=0.3, body=0.5, dot=0.3, probe=0.3)
ENVELOPE = Envelope("b-1@bounce.shop.example", "anna@example.org")
RAW = b"Subject: hi\r\n\r\n.a line with a dot\r\n..two\r\nbye\r\n"


async def commit() -> bool:
    await asyncio.sleep(0.002)
    return True


def relay_to(server: FaultServer, connections: int = 10, tls: ssl.SSLContext | None = None, url: str = "") -> Relay:
    address = RelayAddress.parse(url or f"smtp://127.0.0.1:{server.port}")
    return Relay(address, connections, SHORT, hostname="worker.shop.example", tls=tls)


async def delivered(server: FaultServer, raw: bytes = RAW, before_dot: BeforeDot = commit) -> Reply:
    relay = relay_to(server)
    try:
        return await asyncio.wait_for(relay.deliver(ENVELOPE, raw, before_dot), 10)
    finally:
        await relay.close()
