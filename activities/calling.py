"""Call addresses that authors write: only public ones, and only the very address that was looked at."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx2

# CallProblem
# ├── AddressRefused   the address is private, or cannot be called at all: final
# └── NotReached       nobody answers there now: to be tried again


class CallProblem(Exception):
    """A call came to nothing. The words tell the kind of the problem, never the address or what was sent."""


class AddressRefused(CallProblem):
    """The address is private, or cannot be called at all."""


class NotReached(CallProblem):
    """Nobody answers there now."""


@dataclass(frozen=True)
class Answered:
    """What the receiver said: a status, and how long it asks to be left alone."""

    status: int
    retry_after: timedelta | None = None


Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_RETRY_AFTER_MAX = timedelta(days=1)


class Caller:
    """Posts to addresses. With `private` also to those of the own network, for trials and tests."""

    def __init__(self, *, private: bool = False, timeout: float = 15.0, tls: ssl.SSLContext | None = None) -> None:
        self._private = private
        self._timeout = timeout
        # Whom to trust may be told by the environment; by which proxy to go may not, since it would look up the name.
        self._tls = tls or httpx2.create_ssl_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Post once; redirects are not followed. Raises AddressRefused, NotReached."""
        target = httpx2.URL(url)
        if target.scheme not in ("http", "https") or not target.host:
            raise AddressRefused("no http or https address")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._first_that_answers(target, body, headers)
        except (httpx2.HTTPError, TimeoutError, OSError, UnicodeError) as error:
            raise NotReached(type(error).__name__) from None

    async def _first_that_answers(self, target: httpx2.URL, body: bytes, headers: Mapping[str, str]) -> Answered:
        *others, last = await self._addresses(target)
        for address in others:
            try:
                return await self._post(target, address, body, headers)
            except httpx2.ConnectError:
                continue  # nothing was sent: the name has other addresses
        return await self._post(target, last, body, headers)

    async def _post(self, target: httpx2.URL, address: Address, body: bytes, headers: Mapping[str, str]) -> Answered:
        # The connection goes to the address that was checked: a name that changes its mind meanwhile changes nothing.
        pinned = target.copy_with(host=str(address))
        named = {**headers, "host": target.netloc.decode("ascii")}
        async with (
            httpx2.AsyncClient(verify=self._tls, timeout=self._timeout, trust_env=False) as client,
            client.stream(
                "POST",
                pinned,
                content=body,
                headers=named,
                extensions={"sni_hostname": target.raw_host.decode("ascii")},
            ) as answer,
        ):
            return Answered(answer.status_code, _retry_after(answer.headers.get("retry-after")))

    async def _addresses(self, target: httpx2.URL) -> list[Address]:
        """Every address of the name, each of them checked."""
        port = target.port or (443 if target.scheme == "https" else 80)
        host = target.raw_host.decode("ascii")
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(socket_address[0]).partition("%")[0]) for *_, socket_address in found]
        if not self._private and not all(map(is_public, addresses)):
            raise AddressRefused("a private address")
        return addresses


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public Internet, also when it is an IPv4 address in the dress of IPv6."""
    inner = _embedded(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo is not None else None
    return address.ipv4_mapped or address.sixtofour or teredo


def _retry_after(told: str | None) -> timedelta | None:
    """The seconds that the receiver asks for; a date there is rare, and passed over."""
    if told is None or not told.isascii() or not told.isdigit():
        return None
    return min(timedelta(seconds=int(told[:9])), _RETRY_AFTER_MAX)
