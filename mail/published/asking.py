"""Questions to the DNS. What is not there is an empty answer; only a DNS that does not answer is an error."""

import ipaddress
from collections.abc import Iterable
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

_SECONDS = 10.0


class DnsAway(Exception):
    """The DNS does not answer; the text says which question."""


class Dns:
    """Asks the resolver of this machine, or one at `address` (an IP address)."""

    def __init__(self, address: str | None = None, port: int = 53) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=address is None)
        self._resolver.lifetime = _SECONDS
        if address is not None:
            self._resolver.nameservers = [str(ipaddress.ip_address(address))]
            self._resolver.port = port

    async def texts(self, name: str) -> list[str]:
        """Every TXT record, the strings of each joined. Raises DnsAway, as all of these do."""
        found: Iterable[TXT] = await self._ask(name, "TXT")
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found]

    async def mail_hosts(self, name: str) -> list[str]:
        """The hosts of MX, the preferred one first; "" is the null MX (RFC 7505): the domain takes no mail."""
        found: Iterable[MX] = await self._ask(name, "MX")
        return [_plain(record.exchange) for record in sorted(found, key=lambda record: record.preference)]

    async def addresses(self, name: str) -> list[str]:
        """The IP addresses of a host."""
        return [str(record) for kind in ("A", "AAAA") for record in await self._ask(name, kind)]

    async def names(self, address: str) -> list[str]:
        """The names that PTR gives an IP address."""
        return [_plain(record) for record in await self._ask(dns.reversename.from_address(address).to_text(), "PTR")]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(await self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise DnsAway(f"no answer to the question for {kind} of {name} ({type(error).__name__})") from error


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()
