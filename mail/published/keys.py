"""Public DKIM keys (RFC 6376, 3.6.1): whether those that are published are those that we sign with."""

from collections.abc import Iterator

from mail.dkim import Key
from mail.published.asking import Dns
from mail.published.findings import Finding, Grade, Record
from mail.published.tags import joined, tags


async def examine(dns: Dns, key: Key) -> list[Finding]:
    """What is to be said about the record of one key. Raises DnsAway."""
    where = f"{key.selector}._domainkey.{key.domain}"
    return list(_examine(key, where, await dns.texts(where)))


def _examine(key: Key, where: str, texts: list[str]) -> Iterator[Finding]:
    wanted = Record(where, "TXT", key.record())
    if not texts:
        yield Finding("dkim", where, Grade.WRONG, "the key is not published", wanted)
        return
    if len(texts) > 1:
        yield Finding("dkim", where, Grade.WRONG, f"there are {len(texts)} records; keep this one alone", wanted)
        return
    published, ours = tags(texts[0]), tags(key.record())
    if not (public := joined(published.get("p", ""))):
        yield Finding("dkim", where, Grade.WRONG, "the record has no key: it is revoked", wanted)
    elif public != ours["p"] or published.get("k", "rsa") != ours["k"]:
        yield Finding("dkim", where, Grade.WRONG, "another key is published than the one that signs", wanted)
    elif published.get("v", "DKIM1") != "DKIM1":
        yield Finding("dkim", where, Grade.WRONG, "the record is not of the version DKIM1", wanted)
    else:
        yield Finding("dkim", where, Grade.OK, f"the {key.algorithm} key that signs is published")
    if "y" in published.get("t", "").split(":"):
        yield Finding("dkim", where, Grade.ADVICE, "t=y says that this is a trial; drop it")
