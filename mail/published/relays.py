"""The relay, as this machine meets it: TLS, certificate and login; and the name behind its address (FCrDNS)."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

from aiosmtplib import SMTPAuthenticationError

from mail.connection import RelayAddress, connect
from mail.published.asking import Dns
from mail.published.findings import Finding, Grade
from mail.smtp import LOST, Timeouts

_TIMEOUTS = Timeouts(connect=10, greeting=10, envelope=10, probe=5)
_SOON = timedelta(days=14)


async def addresses(dns: Dns, relay: RelayAddress) -> list[str]:
    """Where the relay is. Raises DnsAway."""
    try:
        return [str(ipaddress.ip_address(relay.host))]
    except ValueError:
        return await dns.addresses(relay.host)


def seen(found: list[str]) -> list[str]:
    """Those of the addresses by which the Internet may know the relay."""
    return [address for address in found if ipaddress.ip_address(address).is_global]


async def examine_names(dns: Dns, relay: RelayAddress, found: list[str]) -> list[Finding]:
    """Whether each address has a name that leads back to it, as large providers want of whoever delivers to them.

    Raises DnsAway.
    """
    if not (known := seen(found)):
        told = "the address from which it sends cannot be seen from here; look that it has a PTR that leads back to it"
        return [Finding("ptr", relay.host, Grade.UNKNOWN, told)]
    return [await _named(dns, address) for address in known]


async def _named(dns: Dns, address: str) -> Finding:
    names = await dns.names(address)
    back = [name for name in names if address in await dns.addresses(name)]
    if back:
        return Finding("ptr", address, Grade.OK, f"its name {back[0]} leads back to it")
    why = f"its name {names[0]} does not lead back to it" if names else "it has no name (PTR)"
    told = f"{why}; have its provider put that right if this is the address that delivers to mailboxes"
    return Finding("ptr", address, Grade.ADVICE, told)


async def examine_tls(relay: RelayAddress, trust: ssl.SSLContext | None = None) -> list[Finding]:
    """Whether a session begins as our workers begin theirs: encrypted (off this machine), trusted, logged in."""
    where = f"{relay.host}:{relay.port}"
    try:
        client = await connect(relay, _TIMEOUTS, trust, None)
    except SMTPAuthenticationError as error:
        return [Finding("tls", where, Grade.WRONG, f"it does not let us in: {error.code}")]
    except LOST as error:
        # The words of libraries, not of the relay: they name what failed, such as the certificate.
        return [Finding("tls", where, Grade.WRONG, f"no session: {_why(error)}")]
    transport = client.transport
    encrypted: ssl.SSLObject | None = transport.get_extra_info("ssl_object") if transport is not None else None
    findings = _encryption(where, encrypted)
    client.close()
    return findings


def _encryption(where: str, encrypted: ssl.SSLObject | None) -> list[Finding]:
    if encrypted is None:
        return [Finding("tls", where, Grade.OK, "it is on this machine, and is spoken to in clear")]
    findings = [Finding("tls", where, Grade.OK, f"{encrypted.version()}, with a certificate that we trust")]
    told = (encrypted.getpeercert() or {}).get("notAfter")
    if isinstance(told, str):
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC)
        if ends - datetime.now(UTC) < _SOON:
            findings.append(Finding("tls", where, Grade.ADVICE, f"its certificate ends on {ends:%Y-%m-%d}"))
    return findings


def _why(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
