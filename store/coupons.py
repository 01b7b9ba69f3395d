"""Coupons, and the code that a contact gets: one for each coupon and enrolment, given in the claim of its letter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.coupon import Coupon, FixedCode, Pool, as_context, valid_until
from store import codes

# The first half of the keys of advisory locks: any fixed number that nobody else uses.
_ENROLMENT_LOCKS = 710_556

# What a letter that cannot wait for the next sweep has made at once.
_AT_ONCE = 100


@dataclass(frozen=True)
class Given:
    """The code that a contact got in an enrolment, and until when it is valid."""

    coupon: Coupon
    code: str
    valid_until: datetime | None

    def as_context(self) -> dict[str, Any]:
        """What a letter may read of it."""
        return as_context(self.coupon, self.code, self.valid_until)

    def __str__(self) -> str:
        until = f", valid until {self.valid_until:%Y-%m-%d %H:%M} UTC" if self.valid_until else ""
        return f"{self.coupon.coupon}: {self.code}{until}"


@dataclass(frozen=True)
class Lacking:
    """There is no code to give, for this reason. `over`: nor will there ever be one for this enrolment."""

    why: str
    over: bool = False


class Coupons:
    """The coupons that this process has met. Each look asks the database whether they have changed."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[str, Coupon]] = {}

    async def published(self, session: AsyncSession, name: str) -> Coupon | None:
        """The coupon of this name, as it is published now."""
        known = self._read.get(name, (None, None))[0]
        asked = text(
            """
            SELECT hash, CASE WHEN hash IS DISTINCT FROM :known THEN definition END AS definition
            FROM coupons WHERE name = :name
            """
        )
        row = (await session.execute(asked, {"name": name, "known": known})).one_or_none()
        if row is None:
            return None
        if row.definition is not None:
            self._read[name] = row.hash, Coupon.model_validate(row.definition)
        return self._read[name][1]

    async def give(self, session: AsyncSession, name: str, enrolment: UUID, now: datetime) -> Given | Lacking:
        """The enrolment's code of this coupon: the one it has, or a new one. It is given with the transaction."""
        coupon = await self.published(session, name)
        if coupon is None:
            return Lacking(f"no coupon {name} is published")
        await session.execute(
            text("SELECT pg_advisory_xact_lock(:locks, hashtext(:enrolment))"),
            {"locks": _ENROLMENT_LOCKS, "enrolment": str(enrolment)},
        )
        given = await _given(session, coupon, enrolment)
        if given is None and await _take(session, coupon, enrolment, now):
            given = await _given(session, coupon, enrolment)
        if given is None:
            return Lacking(_none_left(name))
        if given.valid_until is not None and given.valid_until <= now:
            return Lacking(f"coupon {name} was valid until {given.valid_until:%Y-%m-%d %H:%M} UTC", over=True)
        return given

    async def lacking(self, session: AsyncSession, name: str, enrolment: UUID) -> str | None:
        """Why there is no code of this coupon for the enrolment; None: it has one, or there is one."""
        coupon = await self.published(session, name)
        if coupon is None:
            return f"no coupon {name} is published"
        if isinstance(coupon.codes, FixedCode) or await _given(session, coupon, enrolment):
            return None
        free = text("SELECT EXISTS (SELECT FROM coupon_codes WHERE coupon = :coupon AND given_at IS NULL)")
        return None if await session.scalar(free, {"coupon": name}) else _none_left(name)


def _none_left(name: str) -> str:
    return f"no code of coupon {name} is left"


async def _given(session: AsyncSession, coupon: Coupon, enrolment: UUID) -> Given | None:
    asked = text("SELECT code, valid_until FROM coupon_codes WHERE coupon = :coupon AND enrolment_id = :enrolment")
    row = (await session.execute(asked, {"coupon": coupon.coupon, "enrolment": enrolment})).one_or_none()
    return Given(coupon, row.code, row.valid_until) if row is not None else None


_TAKE = text(
    """
    UPDATE coupon_codes SET enrolment_id = :enrolment, given_at = :now, valid_until = :until
    WHERE id = (
        SELECT id FROM coupon_codes WHERE coupon = :coupon AND given_at IS NULL
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING 1
    """
)
_WRITE = text(
    """
    INSERT INTO coupon_codes (coupon, code, pooled, enrolment_id, given_at, valid_until)
    VALUES (:coupon, :code, false, :enrolment, :now, :until)
    RETURNING 1
    """
)


async def _take(session: AsyncSession, coupon: Coupon, enrolment: UUID, now: datetime) -> bool:
    values: dict[str, Any] = {"coupon": coupon.coupon, "enrolment": enrolment, "now": now}
    values["until"] = valid_until(coupon, now)
    match coupon.codes:
        case FixedCode(code=code):
            return (await session.execute(_WRITE, {**values, "code": code})).one_or_none() is not None
        case Pool() as pool:
            if (await session.execute(_TAKE, values)).one_or_none() is not None:
                return True
            # The sweep refills a generated pool before it is empty; if a rush was faster, nobody waits for the sweep.
            made = await codes.generate(session, coupon.coupon, pool, min(pool.generate, _AT_ONCE))
            return made > 0 and (await session.execute(_TAKE, values)).one_or_none() is not None
