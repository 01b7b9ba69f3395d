"""Addresses of e-mail as they travel: checked against injection, domains as A-labels."""

import re
from dataclasses import dataclass
from functools import lru_cache

import idna

# RFC 5321 4.5.3.1: 64 octets before the @, 254 for what fits a path.
_LONGEST = 254
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f-\x9f]+")


class AddressUnusable(ValueError):
    """The text is no address that a mail could go to; the message does not quote it."""


@dataclass(frozen=True)
class Mailbox:
    """A display name (may be empty) with an address in travelling form."""

    name: str
    address: str

    @classmethod
    def parse(cls, text: str) -> "Mailbox":
        """Read `Name <local@domain>` or a bare address; raise `AddressUnusable`."""
        if (found := re.fullmatch(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]+)>\s*", text)) is None:
            return cls("", travelling(text.strip()))
        name = found["name"]
        if len(name) > 1 and name.startswith('"') and name.endswith('"'):
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        return cls(name, travelling(found["address"]))


def travelling(address: str) -> str:
    """Return `address` with its domain as A-labels; the part before the @ stays as it is, ASCII or not."""
    local, at, domain = address.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if not at or dots or not _LOCAL.fullmatch(local) or len(local.encode()) > _LONGEST_LOCAL:
        raise AddressUnusable("no usable e-mail address")
    whole = f"{local}@{ascii_domain(domain)}"
    if len(whole.encode()) > _LONGEST:
        raise AddressUnusable("an e-mail address of more than 254 octets")
    return whole


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """Return a domain name as A-labels, in lower case: `blåbär.example` becomes `xn--blbr-noae.example`."""
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        raise AddressUnusable("no usable domain in an e-mail address") from None
