"""A coupon as its author writes it: one fixed code, or a pool of codes that are each given once. `coupons/`."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from rules.definition import Definition, Slug, told_by
from rules.durations import Duration
from rules.instants import When, settled

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$")]
"""A code that a customer can type."""

_CODE: TypeAdapter[str] = TypeAdapter(Code)


def is_code(text: str) -> bool:
    """Whether a customer can type it as a code."""
    try:
        _CODE.validate_python(text)
    except ValidationError:
        return False
    return True


class FixedCode(Definition):
    """The same code for everybody."""

    code: Code


class Pool(Definition):
    """Codes that are each given once: made here (`generate` so many ahead), or uploaded by the shop.

    `warn_below`: so few left are told to operators.
    """

    pool: Literal["generated", "uploaded"]
    prefix: str = Field(default="", pattern=r"^[A-Z0-9-]{0,20}$")
    length: int = Field(default=8, ge=6, le=20)
    generate: int = Field(default=1000, ge=1, le=100_000)
    warn_below: int = Field(default=100, ge=0)


class Percent(Definition):
    """So much per cent off."""

    percent: float = Field(gt=0, le=100)


class Amount(Definition):
    """So much money off."""

    amount: float = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class Benefit(Definition):
    """Something else, in words."""

    benefit: str = Field(min_length=1, max_length=120)


Value = Annotated[
    Annotated[Percent, Tag("percent")] | Annotated[Amount, Tag("amount")] | Annotated[Benefit, Tag("benefit")],
    Discriminator(told_by(("percent", "amount", "benefit"))),
]


class Validity(Definition):
    """Until a date, or so long from the letter that first shows the code."""

    until: When | None = None
    lasts: Duration | None = Field(default=None, alias="for")

    @model_validator(mode="after")
    def _is_told_once(self) -> Self:
        if (self.until is None) == (self.lasts is None):
            raise ValueError("write either 'until' and a date, or 'for' and a duration")
        return self


class Coupon(Definition):
    """A coupon: one file of `coupons/`."""

    coupon: Slug
    title: str = Field(min_length=1, max_length=120)
    codes: Annotated[
        Annotated[FixedCode, Tag("code")] | Annotated[Pool, Tag("pool")], Discriminator(told_by(("code", "pool")))
    ]
    value: Value
    conditions: str = Field(default="", max_length=500)
    valid: Validity | None = None


# No vowels, so that no code is a word, and nothing that is mistaken for another sign: no 0 and O, 1, I and L, 2 and Z,
# 5 and S, 8 and B, U and V.
_SIGNS = "CDFGHJKMNPQRTWXY34679"


def new_code(pool: Pool, choice: Callable[[str], str]) -> str:
    """A code of the pool. `choice` picks a sign so that nobody can guess which."""
    return pool.prefix + "".join(choice(_SIGNS) for _ in range(pool.length))


def valid_until(coupon: Coupon, now: datetime) -> datetime | None:
    """Until when a code is valid that a letter first shows now; None: without an end."""
    match coupon.valid:
        case None:
            return None
        case Validity(until=None, lasts=timedelta() as lasts):
            return now + lasts
        case Validity(until=until):
            assert until is not None
            return settled(until, now)


def as_context(coupon: Coupon, code: str, until: datetime | None) -> dict[str, Any]:
    """What a letter may read of a coupon: `code`, `conditions`, `until` (a moment, or None), its name and title.

    Of `percent`, `amount` (with `currency`) and `benefit` one is not None.
    """
    match coupon.value:
        case Percent(percent=percent):
            value: dict[str, Any] = {"percent": int(percent) if percent == int(percent) else percent}
        case Amount(amount=amount, currency=currency):
            value = {"amount": Decimal(str(amount)), "currency": currency}
        case Benefit(benefit=benefit):
            value = {"benefit": benefit}
    nothing = {"percent": None, "amount": None, "currency": None, "benefit": None}
    said = {"name": coupon.coupon, "title": coupon.title, "conditions": coupon.conditions}
    return {**nothing, **value, **said, "code": code, "until": until}
