"""DMARC (RFC 9989): the record that holds for a domain, its organisational domain, and whether names are aligned."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mail.published.asking import Dns
from mail.published.findings import Finding, Grade, Record
from mail.published.tags import tags

_LABELS_MAX = 8
_POLICIES = ("none", "quarantine", "reject")
_GONE = ("pct", "rf", "ri")


@dataclass(frozen=True)
class Dmarc:
    """What stands for a domain: `record` at `at` (None: nothing), and the organisational domain."""

    domain: str
    organisation: str
    at: str | None = None
    record: str = ""

    @cached_property
    def tags(self) -> dict[str, str]:
        """The record, by tag."""
        return tags(self.record)

    def aligned(self, domain: str, organisation: str, mode: str) -> bool:
        """Whether a domain that was authenticated is aligned with ours; `mode` is the tag: `adkim` or `aspf`."""
        return domain == self.domain if self.tags.get(mode, "r") == "s" else organisation == self.organisation


async def look_up(dns: Dns, domain: str) -> Dmarc:
    """Walk up the tree from the domain (RFC 9989, 4.10): its record or the organisation's. Raises DnsAway."""
    found: dict[str, str] = {}
    organisation = None
    for name in _walk(domain):
        records = [text for text in await dns.texts(f"_dmarc.{name}") if _is_dmarc(text)]
        if len(records) != 1:  # several are as good as none
            continue
        found[name] = records[0]
        boundary = tags(records[0]).get("psd", "u").lower()
        if boundary == "n":
            organisation = name
        elif boundary == "y" and name != domain:
            organisation = _below(name, domain)
        if organisation is not None:
            break
    # Without a boundary it is the highest domain that has a record; without records, the domain itself.
    organisation = organisation or min(found, key=lambda name: name.count("."), default=domain)
    at = next((name for name in (domain, organisation, *found) if name in found), None)
    return Dmarc(domain, organisation, at, found[at] if at is not None else "")


def _walk(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    yield domain
    labels = labels[-(_LABELS_MAX - 1) :] if len(labels) >= _LABELS_MAX else labels[1:]
    while labels:
        yield ".".join(labels)
        labels = labels[1:]


def _below(name: str, domain: str) -> str:
    """The domain one label below `name`, on the way to `domain`."""
    return ".".join(domain.split(".")[-(name.count(".") + 2) :])


def _is_dmarc(text: str) -> bool:
    version, _, _ = text.partition(";")
    return version.replace(" ", "") == "v=DMARC1"


def examine(dmarc: Dmarc) -> Iterator[Finding]:
    """What is to be said about the record."""
    here = f"_dmarc.{dmarc.domain}"
    if dmarc.at is None:
        wanted = Record(here, "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{dmarc.domain}")
        yield Finding("dmarc", here, Grade.WRONG, "there is no record, neither here nor at a domain above", wanted)
        return
    where = f"_dmarc.{dmarc.at}"
    # With an address for reports a record without a usable policy counts as p=none (RFC 9989, 4.7).
    policy = dmarc.tags.get("p", "").lower()
    if policy not in _POLICIES and "rua" not in dmarc.tags:
        told = "p is none of none, quarantine, reject; such a record counts for nothing"
        yield Finding("dmarc", where, Grade.WRONG, told, Record(where, "TXT", "v=DMARC1; p=none"))
        return
    holds = policy if dmarc.at == dmarc.domain else dmarc.tags.get("sp", policy)
    yield Finding("dmarc", where, Grade.OK, f"holds with the policy {holds or 'none'}")
    yield from _advice(dmarc, where, policy)


def _advice(dmarc: Dmarc, where: str, policy: str) -> Iterator[Finding]:
    if "rua" not in dmarc.tags:
        told = f"nobody gets reports; add rua=mailto:dmarc@{dmarc.organisation}"
        yield Finding("dmarc", where, Grade.ADVICE, told)
    if policy in ("", "none"):
        yield Finding(
            "dmarc", where, Grade.ADVICE, "p=none protects nobody; go on to quarantine once reports are clean"
        )
    if dmarc.tags.get("t", "n").lower() == "y":
        yield Finding("dmarc", where, Grade.ADVICE, "t=y asks receivers not to apply the policy")
    if gone := [name for name in _GONE if name in dmarc.tags]:
        yield Finding("dmarc", where, Grade.ADVICE, f"{', '.join(gone)} mean nothing any more (RFC 9989)")
