"""The pools of coupons: codes that are made ahead or uploaded, how many are left, and how many will be asked for."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.coupon import Coupon, Pool, new_code

_ADD = text(
    """
    INSERT INTO coupon_codes (coupon, code, pooled) SELECT :coupon, code, true FROM unnest(cast(:codes AS text[])) code
    ON CONFLICT DO NOTHING RETURNING 1
    """
)
_PAGE = 5_000


class CouponUnfit(ValueError):
    """The coupon does not take codes: it is not published (`missing`), or its codes are not of that kind."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


async def add(session: AsyncSession, coupon: str, codes: Iterable[str]) -> int:
    """Put codes into a pool; how many were new. A code that any pool has already is left out."""
    every, new = list(dict.fromkeys(codes)), 0
    for begin in range(0, len(every), _PAGE):
        rows = await session.execute(_ADD, {"coupon": coupon, "codes": every[begin : begin + _PAGE]})
        new += len(rows.all())
    return new


async def upload(session: AsyncSession, coupon: str, codes: Iterable[str]) -> int:
    """Put a shop's own codes into the pool that is made for them; how many were new. Raises CouponUnfit."""
    pool = await pool_of(session, coupon)
    if pool.pool != "uploaded":
        raise CouponUnfit(f"the codes of {coupon} are generated; write 'pool: uploaded' to bring your own")
    return await add(session, coupon, codes)


async def pool_of(session: AsyncSession, coupon: str) -> Pool:
    """The pool of this coupon. Raises CouponUnfit."""
    definition = await session.scalar(text("SELECT definition FROM coupons WHERE name = :name"), {"name": coupon})
    if definition is None:
        raise CouponUnfit(f"there is no coupon {coupon}", missing=True)
    codes = Coupon.model_validate(definition).codes
    if not isinstance(codes, Pool):
        raise CouponUnfit(f"{coupon} has one fixed code and no pool")
    return codes


async def generate(session: AsyncSession, coupon: str, pool: Pool, number: int) -> int:
    """Make so many new codes that nobody can guess; how many there are of them. None for a pool that is uploaded."""
    if pool.pool != "generated":
        return 0
    return await add(session, coupon, (new_code(pool, secrets.choice) for _ in range(number)))


async def free(session: AsyncSession, coupon: str) -> list[str]:
    """The codes of the pool that nobody has yet, the oldest first."""
    asked = text("SELECT code FROM coupon_codes WHERE coupon = :coupon AND pooled AND given_at IS NULL ORDER BY id")
    return list((await session.execute(asked, {"coupon": coupon})).scalars())


_STOCK = text(
    r"""
    WITH uses AS (
        SELECT DISTINCT v.journey, v.number, said #>> '{}' AS coupon
        FROM journey_versions v, jsonb_path_query(v.definition, 'strict $.**.coupon') AS said
        WHERE jsonb_typeof(said) = 'string'
    ), ahead AS (
        SELECT u.coupon, count(*) AS number
        FROM uses u JOIN enrolments e ON e.journey = u.journey AND e.version = u.number AND e.status <> 'ended'
        WHERE NOT EXISTS (SELECT FROM coupon_codes k WHERE k.coupon = u.coupon AND k.enrolment_id = e.id)
        GROUP BY u.coupon
    )
    SELECT c.name, c.definition, coalesce(a.number, 0) AS ahead,
           (SELECT count(*) FROM coupon_codes k WHERE k.coupon = c.name AND k.given_at IS NULL) AS left,
           (SELECT count(*) FROM coupon_codes k WHERE k.coupon = c.name AND k.given_at IS NOT NULL) AS given,
           (SELECT count(*) FROM redemptions r WHERE r.coupon = c.name) AS redeemed
    FROM coupons c LEFT JOIN ahead a ON a.coupon = c.name
    WHERE c.withdrawn_at IS NULL OR a.number > 0
    ORDER BY c.name
    """
)


@dataclass(frozen=True)
class Stock:
    """A coupon in figures. `left` is None for a fixed code; `ahead`: people inside journeys on their way to a code."""

    coupon: str
    title: str
    kind: str
    left: int | None
    ahead: int
    given: int
    redeemed: int
    warn_below: int

    @property
    def warning(self) -> str | None:
        """What operators should know of the pool before it is empty."""
        if self.left is None:
            return None
        if self.left < self.ahead:
            return f"{self.left} left for {self.ahead} people on their way to a code"
        return f"only {self.left} left" if self.left < self.warn_below else None


async def stock(session: AsyncSession) -> list[Stock]:
    """Every coupon in figures."""
    return [_stock(row.definition, row) for row in await session.execute(_STOCK)]


def _stock(definition: dict[str, Any], row: Any) -> Stock:
    coupon = Coupon.model_validate(definition)
    pool = coupon.codes if isinstance(coupon.codes, Pool) else None
    return Stock(
        coupon=row.name,
        title=coupon.title,
        kind=pool.pool if pool else "fixed",
        left=row.left if pool else None,
        ahead=row.ahead,
        given=row.given,
        redeemed=row.redeemed,
        warn_below=pool.warn_below if pool else 0,
    )


async def refill(session: AsyncSession) -> int:
    """Fill every generated pool up to what it is to hold, and to what is asked of it soon; how many codes were made."""
    made = 0
    rows = (await session.execute(_STOCK)).all()
    for row in rows:
        pool = Coupon.model_validate(row.definition).codes
        if isinstance(pool, Pool) and pool.pool == "generated":
            wanted = pool.generate + row.ahead
            # Half a pool is enough: small refills at every round would only scatter the shop's own imports.
            if row.left < max(wanted / 2, row.ahead):
                made += await generate(session, row.name, pool, wanted - row.left)
    return made
