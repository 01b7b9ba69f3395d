"""All that receivers look at, of one sender: SPF, DKIM, DMARC and alignment, where its mail comes back, its relay."""

import asyncio
import ssl
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass

from mail.connection import RelayAddress
from mail.published import dmarc, keys, relays, spf
from mail.published.asking import Dns, DnsAway
from mail.published.findings import Finding, Grade, Record
from mail.senders import Sender


@dataclass(frozen=True)
class Examination:
    """One sender, looked at from outside. `trust` replaces the system's, for a relay with a private authority."""

    dns: Dns
    sender: Sender
    trust: ssl.SSLContext | None = None

    async def findings(self) -> list[Finding]:
        """Everything, in the order in which a person goes about it."""
        return [
            *await self.published(),
            *await relays.examine_tls(RelayAddress.parse(self.sender.smtp_url), self.trust),
        ]

    async def published(self) -> list[Finding]:
        """What the DNS says."""
        relay = RelayAddress.parse(self.sender.smtp_url)
        parts: list[tuple[str, str, Awaitable[list[Finding]]]] = [
            ("spf", self.envelope_domain, self._spf(relay)),
            *(("dkim", key.domain, keys.examine(self.dns, key)) for key in self.sender.keys),
            ("dmarc", self.sender.domain, self._dmarc()),
            ("mx", self.envelope_domain, self._mail_hosts()),
            ("ptr", relay.host, self._names(relay)),
        ]
        found = await asyncio.gather(*(_told(*part) for part in parts))
        return [*self._unsigned(), *(finding for part in found for finding in part)]

    @property
    def envelope_domain(self) -> str:
        """The domain of MAIL FROM, which is what SPF is about."""
        return self.sender.bounce_domain or self.sender.domain

    def _unsigned(self) -> Iterator[Finding]:
        if not self.sender.keys:
            told = "the settings have no key: mails are signed only if the relay does it"
            yield Finding("dkim", self.sender.domain, Grade.ADVICE, told)

    async def _spf(self, relay: RelayAddress) -> list[Finding]:
        known = relays.seen(await relays.addresses(self.dns, relay))
        return await spf.examine(self.dns, self.envelope_domain, known, relay.host)

    async def _names(self, relay: RelayAddress) -> list[Finding]:
        return await relays.examine_names(self.dns, relay, await relays.addresses(self.dns, relay))

    async def _dmarc(self) -> list[Finding]:
        holds = await dmarc.look_up(self.dns, self.sender.domain)
        return [*dmarc.examine(holds), *await self._alignment(holds)]

    async def _alignment(self, holds: dmarc.Dmarc) -> list[Finding]:
        """One aligned name is enough for DMARC; large providers advise both."""
        signing = sorted({key.domain for key in self.sender.keys})
        signed = [name for name in signing if await self._aligned(holds, name, "adkim")]
        returned = await self._aligned(holds, self.envelope_domain, "aspf")
        strays = [name for name in signing if name not in signed] + ([] if returned else [self.envelope_domain])
        if not signed and not returned:
            told = f"DMARC fails: not aligned with From: {', '.join(strays)}"
            return [Finding("alignment", self.sender.domain, Grade.WRONG, told)]
        if strays:
            told = f"not aligned with From, so of no use to DMARC: {', '.join(strays)}"
            return [Finding("alignment", self.sender.domain, Grade.ADVICE, told)]
        how = " and ".join([*(["DKIM"] if signed else []), "SPF"])
        return [Finding("alignment", self.sender.domain, Grade.OK, f"From is aligned with {how}")]

    async def _aligned(self, holds: dmarc.Dmarc, name: str, mode: str) -> bool:
        ours = self.sender.domain
        if name == ours:
            return True
        if holds.at is None:  # nothing tells where the organisation begins: what lies in one line is taken for one
            return name.endswith(f".{ours}") or ours.endswith(f".{name}")
        return holds.aligned(name, (await dmarc.look_up(self.dns, name)).organisation, mode)

    async def _mail_hosts(self) -> list[Finding]:
        """Bounces must come back; and whoever answers to From should reach somebody."""
        findings = [await self._mail_host(self.sender.domain, Grade.ADVICE, "answers to From are lost")]
        if self.sender.bounce_domain is not None:
            told = "bounces, complaints and mails to unsubscribe are lost"
            findings.append(await self._mail_host(self.sender.bounce_domain, Grade.WRONG, told))
        return findings

    async def _mail_host(self, domain: str, grade: Grade, lost: str) -> Finding:
        hosts = await self.dns.mail_hosts(domain)
        wanted = Record(domain, "MX", f"10 mail.{self.sender.domain}.")
        if not hosts or hosts == [""]:
            return Finding("mx", domain, grade, f"it takes no mail (no MX): {lost}", wanted)
        if gone := [host for host in hosts if not await self.dns.addresses(host)]:
            return Finding("mx", domain, grade, f"{', '.join(gone)} has no address: {lost}")
        return Finding("mx", domain, Grade.OK, f"mail to it goes to {hosts[0]}")


async def _told(subject: str, where: str, work: Awaitable[list[Finding]]) -> list[Finding]:
    """What a part finds. A DNS that does not answer is a finding, too: the other parts still tell theirs."""
    try:
        return await work
    except DnsAway as error:
        return [Finding(subject, where, Grade.UNKNOWN, str(error))]
