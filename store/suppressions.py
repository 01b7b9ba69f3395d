"""Addresses that take no mail, or no marketing. Statements are only ever added; the latest one in a scope stands.

`hard`: nobody reads there, no letter of any class is sent. `complaint` and `manual`: no marketing is sent; what the
contact itself has caused (an order's papers) still is.

Of a contact that is erased the address is replaced by a keyed hash of it, so that the address is known again when it
comes back, and by nobody who lacks the key.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store.session import SEALED_WITH

Scope = Literal["hard", "complaint", "manual"]
HARD: Scope = "hard"
COMPLAINT: Scope = "complaint"
MANUAL: Scope = "manual"

_BLOCK = hashlib.sha256().block_size


def _hashed(address: str) -> str:
    """SQL for the keyed hash (HMAC-SHA256, RFC 2104) of an address; the key comes with `sealing`."""
    inner = f"sha256(cast(:inner AS bytea) || convert_to(lower({address}), 'UTF8'))"
    return f"'erased:' || encode(sha256(cast(:outer AS bytea) || {inner}), 'hex')"


def known_as(address: str) -> str:
    """SQL for the forms under which an address may stand in the table, for `IN`; it needs the values of `sealing`."""
    return f"(lower({address}), {_hashed(address)})"


STANDS = """
NOT s.lifted AND NOT EXISTS (
    SELECT FROM suppressions later WHERE later.address = s.address AND later.scope = s.scope AND later.id > s.id)
"""
"""SQL: the row `s` of suppressions is the latest word on its address and scope, and says no."""


def sealing(session: AsyncSession) -> Mapping[str, bytes]:
    """The values that statements with `known_as` need: the two pads of the key."""
    key = (
        hashlib.sha256(b"kundresa suppressions v1\0" + session.info[SEALED_WITH].encode()).digest().ljust(_BLOCK, b"\0")
    )
    return {"inner": bytes(byte ^ 0x36 for byte in key), "outer": bytes(byte ^ 0x5C for byte in key)}


@dataclass(frozen=True)
class Suppression:
    """What stands for an address: why, resting on what, by whom. `at` is filled in by the database."""

    address: str
    scope: Scope
    reason: str
    evidence: str | None = None
    actor: str = "relay"
    at: datetime | None = None


_ADD = text(
    f"""
    INSERT INTO suppressions (address, scope, reason, evidence, actor)
    SELECT DISTINCT ON (lower(said.address), said.scope)
        lower(said.address), said.scope, said.reason, said.evidence, said.actor
    FROM jsonb_to_recordset(cast(:rows AS jsonb)) AS said (
        address text, scope text, reason text, evidence text, actor text)
    WHERE NOT EXISTS (
        SELECT FROM suppressions s
        WHERE s.address IN {known_as("said.address")} AND s.scope = said.scope AND {STANDS})
    RETURNING id
    """  # noqa: S608  (constants of ours)
)


async def add(session: AsyncSession, *suppressed: Suppression) -> int:
    """Suppress addresses; how many of these were not suppressed in that scope before."""
    rows = [{name: value for name, value in each.__dict__.items() if name != "at"} for each in suppressed]
    written = await session.execute(_ADD, {"rows": orjson.dumps(rows).decode(), **sealing(session)})
    return len(written.all())


_LIFT = text(
    f"""
    INSERT INTO suppressions (address, scope, lifted, reason, actor)
    SELECT s.address, s.scope, true, :reason, :actor FROM suppressions s
    WHERE s.address IN {known_as(":address")} AND (cast(:scope AS text) IS NULL OR s.scope = :scope) AND {STANDS}
    RETURNING id
    """  # noqa: S608  (constants of ours)
)


async def lift(session: AsyncSession, address: str, reason: str, actor: str, scope: Scope | None = None) -> int:
    """Let an address have mail again, in one scope or in all; how many scopes were lifted.

    Only people do this: no delivery and no lapse of time brings an address back.
    """
    values: dict[str, Any] = {"address": address, "scope": scope, "reason": reason, "actor": actor}
    return len((await session.execute(_LIFT, {**values, **sealing(session)})).all())


_LISTED = f"SELECT s.address, s.scope, s.reason, s.evidence, s.actor, s.at FROM suppressions s WHERE {STANDS}"  # noqa: S608  (a constant of ours)
_EVERY = text(f"{_LISTED} AND s.address NOT LIKE 'erased:%' ORDER BY s.id")
_OF = text(f"{_LISTED} AND s.address IN {known_as(':address')} ORDER BY s.id")


async def every(session: AsyncSession) -> list[Suppression]:
    """All that stands, for an export. What became a hash is left out: it is good for this database alone."""
    return [Suppression(**row) for row in (await session.execute(_EVERY)).mappings()]


async def of(session: AsyncSession, address: str) -> list[Suppression]:
    """What stands for an address, also if it was erased since."""
    rows = await session.execute(_OF, {"address": address, **sealing(session)})
    return [Suppression(**row) for row in rows.mappings()]


_FORGET = text(
    f"UPDATE suppressions SET address = {_hashed(':address')} WHERE address = lower(:address) RETURNING id"  # noqa: S608  (constants of ours)
)


async def forget(session: AsyncSession, address: str) -> int:
    """Replace an address by its keyed hash: it stays suppressed, and can no longer be read here. How many rows."""
    return len((await session.execute(_FORGET, {"address": address, **sealing(session)})).all())
