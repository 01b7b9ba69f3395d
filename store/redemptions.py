"""Codes that were used: as orders tell, or as the shop reports. Each report counts once.

Orders are looked at by the router, in the transaction in which it takes them out of the outbox: intake, where each
request waits for its commit, does not pay for it, and no order is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.facts import Happening

ORDERED = "Order Completed"
_LONGEST = 64
_PROPERTIES = ("coupon", "coupon_code", "discount_code", "coupons", "coupon_codes", "discount_codes")

_KNOWN = """
    SELECT k.coupon, k.code FROM coupon_codes k WHERE k.pooled AND upper(k.code) = upper({said})
    UNION
    SELECT c.name, c.definition #>> '{{codes,code}}' FROM coupons c
    WHERE upper(c.definition #>> '{{codes,code}}') = upper({said})
"""

_ORDERS = text(
    f"""
    INSERT INTO redemptions (source, coupon, code, contact_id, at)
    SELECT DISTINCT v.message_id, known.coupon, known.code, v.contact_id, v.occurred_at
    FROM jsonb_to_recordset(cast(:told AS jsonb)) AS told (seq bigint, code text)
    JOIN events v ON v.seq = told.seq
    CROSS JOIN LATERAL ({_KNOWN.format(said="told.code")}) AS known
    ON CONFLICT DO NOTHING
    RETURNING 1
    """  # noqa: S608  (constants of ours)
)

_REPORT = text(
    f"""
    INSERT INTO redemptions (source, coupon, code, at)
    SELECT :source, known.coupon, known.code, :at FROM ({_KNOWN.format(said=":code")}) AS known
    ON CONFLICT DO NOTHING
    RETURNING coupon
    """  # noqa: S608  (constants of ours)
)


def codes_of(event: Happening) -> list[str]:
    """The codes that an order names: under `coupon`, `coupon_code` or `discount_code`, one or a list of them."""
    if event.name != ORDERED:
        return []
    said = [event.properties.get(name) for name in _PROPERTIES]
    listed = [one for each in said for one in (each if isinstance(each, list) else [each])]
    told = [one.get("code") if isinstance(one, dict) else one for one in listed]
    codes = (one.strip() for one in told if isinstance(one, str))
    return [code for code in dict.fromkeys(codes) if 0 < len(code) <= _LONGEST]


async def of_orders(session: AsyncSession, events: Sequence[Happening]) -> int:
    """Count the known codes that these events name; how many were new."""
    told = [{"seq": event.seq, "code": code} for event in events for code in codes_of(event)]
    if not told:
        return 0
    rows = await session.execute(_ORDERS, {"told": orjson.dumps(told).decode()})
    return len(rows.all())


@dataclass(frozen=True)
class Known:
    """A code of a coupon. Of a pool's code also whether it was given, and until when it is then valid."""

    coupon: str
    code: str
    pooled: bool
    given_at: datetime | None
    valid_until: datetime | None
    redeemed: int


_LOOK_UP = text(
    f"""
    SELECT known.coupon, known.code, k.id IS NOT NULL AS pooled, k.given_at, k.valid_until,
           (SELECT count(*) FROM redemptions r WHERE r.coupon = known.coupon AND r.code = known.code) AS redeemed
    FROM ({_KNOWN.format(said=":code")}) AS known
    LEFT JOIN coupon_codes k ON k.pooled AND k.coupon = known.coupon AND k.code = known.code
    ORDER BY known.coupon LIMIT 1
    """  # noqa: S608  (constants of ours)
)


async def look_up(session: AsyncSession, code: str) -> Known | None:
    """What is known of a code, whatever its case."""
    row = (await session.execute(_LOOK_UP, {"code": code.strip()})).mappings().one_or_none()
    return Known(**row) if row is not None else None


class CodeUnknown(LookupError):
    """No coupon has this code."""


async def report(session: AsyncSession, code: str, source: str, at: datetime) -> bool:
    """Count a code that the shop reports; False: this report was counted before. Raises CodeUnknown."""
    asked = {"code": code.strip(), "source": source, "at": at}
    if (await session.execute(_REPORT, asked)).first() is not None:
        return True
    if await look_up(session, code) is None:
        raise CodeUnknown("no coupon has this code")
    return False
