"""The way to the relay: its address, and a connection that is encrypted wherever it leaves this machine."""

import asyncio
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP

from mail.smtp import Timeouts

_PORTS = {"smtp": 587, "smtps": 465}


class RelayAddressInvalid(ValueError):
    """The text names no relay; the message quotes no password."""


@dataclass(frozen=True)
class RelayAddress:
    """Where the relay is. `implicit_tls` is TLS from the first byte (`smtps://`)."""

    host: str
    port: int
    implicit_tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "RelayAddress":
        """Read `smtp://user:password@host:port` or `smtps://...`; raise `RelayAddressInvalid`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RelayAddressInvalid("the relay's address has no readable host and port") from None
        if parts.scheme not in _PORTS:
            raise RelayAddressInvalid("the relay's address begins with smtp:// or smtps://")
        if not re.fullmatch(r"[A-Za-z0-9._:-]+", parts.hostname or "") or parts.path.strip("/") or parts.query:
            raise RelayAddressInvalid("the relay's address is smtp://user:password@host:port and nothing more")
        if (parts.username is None) != (parts.password is None):
            raise RelayAddressInvalid("the relay's address has a user without a password, or the other way round")
        user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        return cls(parts.hostname or "", port or _PORTS[parts.scheme], parts.scheme == "smtps", user, password)


async def connect(address: RelayAddress, timeouts: Timeouts, tls: ssl.SSLContext | None, hostname: str | None) -> SMTP:
    """Return a client that is greeted, encrypted where it must be, and logged in where it can be.

    Raises one of `mail.smtp.LOST`. A relay off loopback that offers no TLS is an error: nothing is ever said in clear.
    """
    sock = await _dial(address, timeouts.connect)
    try:
        in_clear = not address.implicit_tls and is_loopback(sock.getpeername()[0])
        if tls is None and not in_clear:
            tls = await asyncio.to_thread(_system_trust)
    except BaseException:
        sock.close()
        raise
    client = SMTP(
        hostname=address.host,
        sock=sock,
        username=address.username,
        password=address.password,
        local_hostname=hostname,
        timeout=timeouts.greeting,
        use_tls=address.implicit_tls,
        start_tls=not address.implicit_tls and not in_clear,
        tls_context=tls,
    )
    await client.connect()
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except BaseException:
            client.close()
            raise
    return client


def is_loopback(peer: str) -> bool:
    """Return whether `peer`, an IP address, is this machine; only there may a session stay in clear."""
    return ipaddress.ip_address(peer.partition("%")[0]).is_loopback


@cache
def _system_trust() -> ssl.SSLContext:
    """Return the trust of this machine; reading its certificates takes tens of milliseconds, so only once."""
    return ssl.create_default_context()


async def _dial(address: RelayAddress, seconds: float) -> socket.socket:
    """Return a connected socket. The peer's real address, not its name, then decides about TLS."""
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("the relay's name has no address")
    async with asyncio.timeout(seconds):
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, place in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(0)
            # Each address gets its share, so that one that swallows packets does not hide the next.
            async with asyncio.timeout(seconds / len(found)):
                await loop.sock_connect(sock, place)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure
