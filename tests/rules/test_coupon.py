"""Coupons: what is valid until when, what letters may read of them, and codes that nobody guesses or misreads."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rules.coupon import Coupon, Pool, as_context, new_code, valid_until

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def coupon(**changes: Any) -> Coupon:
    written = {"coupon": "ten", "title": "Ten", "codes": {"code": "TEN"}, "value": {"percent": 10}}
    return Coupon.model_validate(written | changes)


@pytest.mark.parametrize(
    ("valid", "until"),
    [
        (None, None),
        ({"for": "14d"}, NOW + timedelta(days=14)),
        ({"until": "2026-12-24"}, datetime(2026, 12, 24, tzinfo=UTC)),
        ({"until": "in 7d"}, NOW + timedelta(days=7)),
    ],
)
def test_a_code_is_valid_from_the_letter_that_first_shows_it(
    valid: dict[str, str] | None, until: datetime | None
) -> None:
    assert valid_until(coupon(valid=valid), NOW) == until


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"percent": 10}, {"percent": 10}),
        ({"percent": 12.5}, {"percent": 12.5}),
        ({"amount": 5, "currency": "EUR"}, {"amount": Decimal("5.0"), "currency": "EUR"}),
        ({"benefit": "a mug"}, {"benefit": "a mug"}),
    ],
)
def test_a_letter_reads_one_kind_of_value(value: dict[str, Any], told: dict[str, Any]) -> None:
    context = as_context(coupon(value=value), "TEN", NOW)
    worth = {key: context[key] for key in ("percent", "amount", "currency", "benefit")}
    assert worth == {"percent": None, "amount": None, "currency": None, "benefit": None} | told
    assert (context["code"], context["until"], context["conditions"]) == ("TEN", NOW, "")


def test_codes_hold_no_signs_that_are_mistaken_for_others_and_make_no_words() -> None:
    pool, chance = Pool(pool="generated", prefix="HEJ-", length=12), random.Random(7)
    codes = [new_code(pool, chance.choice) for _ in range(2000)]
    assert {len(code) for code in codes} == {len("HEJ-") + 12}
    signs = set("".join(code.removeprefix("HEJ-") for code in codes))
    assert not signs & set("0O1IL2Z5S8BUVAE")
    assert len(signs) > 15
