"""SPF (RFC 7208): whether a domain's record can be evaluated, and whether it lets an address send."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.published.asking import Dns
from mail.published.findings import Finding, Grade, Record

_LOOKUPS_MAX = 10
_TERM = re.compile(r"(?P<qualifier>[-+~?]?)(?P<name>[a-z0-9]+)(?::(?P<value>[^/\s]\S*?))?(?P<length>(/\d+)?(//\d+)?)")
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)")
_LOOKING_UP = ("include", "a", "mx", "ptr", "exists")
_OTHERS = ("all", "ip4", "ip6")


class SpfBroken(Exception):
    """The record is a permanent error to receivers; the text says why."""


@dataclass
class _Walk:
    """A way through a record and those that it includes: questions asked so far, networks that may send, its end."""

    dns: Dns
    lookups: int = 0
    networks: list[str] = field(default_factory=list)
    last: str | None = None
    uncertain: bool = False

    async def record(self, domain: str) -> str | None:
        found = [text for text in await self.dns.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
        if len(found) > 1:
            raise SpfBroken(f"{domain} has {len(found)} SPF records; one is allowed")
        return found[0] if found else None

    async def through(self, domain: str, text: str, *, outermost: bool) -> None:
        """Walk through one record. Raises SpfBroken, DnsAway."""
        redirect = None
        ends = False
        for term in text.split()[1:]:
            if found := _MODIFIER.fullmatch(term.lower()):
                redirect = found["value"] if found["name"] == "redirect" else redirect
                continue
            if (found := _TERM.fullmatch(term.lower())) is None or found["name"] not in (*_LOOKING_UP, *_OTHERS):
                raise SpfBroken(f"{domain} has a term that nobody knows: {term}")
            ends = ends or found["name"] == "all"
            if found["name"] == "all" and outermost:
                self.last = found["qualifier"] or "+"
            await self._mechanism(domain, found)
        if redirect is not None and not ends:
            await self._into(redirect, outermost=outermost)

    async def _mechanism(self, domain: str, term: re.Match[str]) -> None:
        name, value = term["name"], term["value"] or domain
        if name in _LOOKING_UP:
            self._count()
        if "%" in value or name in ("ptr", "exists"):
            self.uncertain = True
        elif name in ("ip4", "ip6"):
            self.networks.append(f"{value}{term['length']}")
        elif name == "include":
            await self._into(value, outermost=False, counted=True)
        elif name in ("a", "mx"):
            hosts = [value] if name == "a" else await self.dns.mail_hosts(value)
            for host in filter(None, hosts):
                self.networks += [_widened(address, term["length"]) for address in await self.dns.addresses(host)]

    async def _into(self, domain: str, *, outermost: bool, counted: bool = False) -> None:
        if not counted:
            self._count()
        if (text := await self.record(domain)) is None:
            raise SpfBroken(f"{domain}, which it includes, has no SPF record")
        await self.through(domain, text, outermost=outermost)

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > _LOOKUPS_MAX:
            raise SpfBroken(f"it needs more than {_LOOKUPS_MAX} questions to the DNS; receivers then give up")

    def lets(self, address: str) -> bool:
        """Whether one of the networks holds the address."""
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(each, strict=False) for each in self.networks)


def _widened(address: str, length: str) -> str:
    four, _, six = length.removeprefix("/").partition("//") if not length.startswith("//") else ("", "", length[2:])
    width = six if ":" in address else four
    return f"{address}/{width}" if width else address


async def examine(dns: Dns, domain: str, senders: list[str], relay: str) -> list[Finding]:
    """What is to be said about the record of a MAIL FROM domain, for mail from these addresses. Raises DnsAway."""
    wanted = Record(domain, "TXT", f"v=spf1 a:{relay} ~all")
    walk = _Walk(dns)
    try:
        if (text := await walk.record(domain)) is None:
            told = "there is no record; name the hosts that send, or include your provider's record"
            return [Finding("spf", domain, Grade.WRONG, told, wanted)]
        await walk.through(domain, text, outermost=True)
        allowed = [address for address in senders if walk.lets(address)]
    except SpfBroken as error:
        return [Finding("spf", domain, Grade.WRONG, str(error))]
    except ValueError:
        return [Finding("spf", domain, Grade.WRONG, "it names a network that is none")]
    return list(_judged(domain, walk, senders, allowed))


def _judged(domain: str, walk: _Walk, senders: list[str], allowed: list[str]) -> Iterator[Finding]:
    if walk.last == "+":
        yield Finding("spf", domain, Grade.WRONG, "it ends with +all: everybody may send in your name")
        return
    yield Finding("spf", domain, Grade.OK, f"can be evaluated with {walk.lookups} questions of {_LOOKUPS_MAX}")
    if walk.last in (None, "?"):
        yield Finding("spf", domain, Grade.ADVICE, "it leaves open who may not send; end it with ~all or -all")
    if not walk.uncertain and (missing := sorted(set(senders) - set(allowed))):
        told = f"it does not let {', '.join(missing)} send; that is right only if your relay sends from elsewhere"
        yield Finding("spf", domain, Grade.ADVICE, told)
