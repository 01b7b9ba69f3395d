"""Codes that were used: found in orders, counted once."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text

from rules.facts import Happening
from store import redemptions
from store.redemptions import CodeUnknown, codes_of
from store.session import Database
from tests.store.happening import rows

NOW = datetime(2026, 11, 21, tzinfo=UTC)

_COUPON = text("INSERT INTO coupons (name, hash, definition) VALUES (:name, 'h', cast(:definition AS jsonb))")
_CODE = text("INSERT INTO coupon_codes (coupon, code, pooled) VALUES (:name, :code, true)")
_EVENT = text("""
    WITH contact AS (INSERT INTO contacts (id, traits) VALUES (:contact, '{}'))
    INSERT INTO events (message_id, contact_id, name, properties, occurred_at)
    VALUES (:message_id, :contact, :name, cast(:properties AS jsonb), :at) RETURNING seq
""")


@pytest.fixture
async def shop(database: Database) -> Database:
    async with database.transaction() as session:
        for name, codes in (("own", {"pool": "uploaded"}), ("fixed", {"code": "Summer"})):
            definition = {"coupon": name, "title": name, "codes": codes, "value": {"percent": 10}}
            await session.execute(_COUPON, {"name": name, "definition": orjson.dumps(definition).decode()})
        for code in ("OWN-1", "OWN-2"):
            await session.execute(_CODE, {"name": "own", "code": code})
    return database


async def ordered(database: Database, name: str = "Order Completed", **properties: Any) -> Happening:
    values = {"contact": uuid4(), "message_id": str(uuid4()), "name": name, "at": NOW}
    async with database.transaction() as session:
        seq = await session.scalar(_EVENT, {**values, "properties": orjson.dumps(properties).decode()})
    return Happening(name, NOW, properties, seq)


async def redeem(database: Database, *events: Happening) -> int:
    async with database.transaction() as session:
        return await redemptions.of_orders(session, events)


@pytest.mark.parametrize(
    ("properties", "codes"),
    [
        ({"coupon": "OWN-1"}, ["OWN-1"]),
        ({"coupon_code": " OWN-1 "}, ["OWN-1"]),
        ({"discount_code": ["OWN-1", "OWN-2", "OWN-1"]}, ["OWN-1", "OWN-2"]),
        ({"discount_codes": [{"code": "OWN-1", "amount": 5}]}, ["OWN-1"]),
        ({"coupon": "OWN-1", "coupon_code": "OWN-1"}, ["OWN-1"]),
        ({"coupon": None, "coupon_code": 7, "discount_code": "", "coupons": [None, {"amount": 5}]}, []),
        ({"coupon": "X" * 65}, []),
        ({}, []),
    ],
)
def test_an_order_names_its_codes_in_many_ways(properties: dict[str, Any], codes: list[str]) -> None:
    assert codes_of(Happening("Order Completed", NOW, properties, 1)) == codes


def test_only_orders_name_codes() -> None:
    assert codes_of(Happening("Product Viewed", NOW, {"coupon": "OWN-1"}, 1)) == []


async def test_a_known_code_is_counted_once_however_often_its_order_is_looked_at(shop: Database) -> None:
    order = await ordered(shop, coupon="own-1")
    assert [await redeem(shop, order) for _ in range(3)] == [1, 0, 0]
    assert await rows(shop, "SELECT coupon, code, at FROM redemptions") == [("own", "OWN-1", NOW)]


async def test_codes_that_nobody_knows_are_not_counted(shop: Database) -> None:
    assert await redeem(shop, await ordered(shop, coupon="FRIENDS"), await ordered(shop)) == 0


async def test_two_codes_of_one_order_both_count_and_a_fixed_one_for_each_order(shop: Database) -> None:
    orders = [await ordered(shop, coupons=["OWN-1", "own-2"]), await ordered(shop, coupon="SUMMER")]
    assert await redeem(shop, *orders, await ordered(shop, coupon="summer")) == 4
    counted = await rows(shop, "SELECT code, count(*) FROM redemptions GROUP BY code ORDER BY code")
    assert counted == [("OWN-1", 1), ("OWN-2", 1), ("Summer", 2)]


async def test_what_the_shop_reports_counts_once_for_each_source(shop: Database) -> None:
    async with shop.transaction() as session:
        told = [await redemptions.report(session, "own-1", source, NOW) for source in ("a", "a", "b")]
    assert told == [True, False, True]


async def test_a_report_of_a_code_that_nobody_knows_is_refused(shop: Database) -> None:
    async with shop.transaction() as session:
        with pytest.raises(CodeUnknown):
            await redemptions.report(session, "FRIENDS", "a", NOW)


async def test_a_code_is_looked_up_in_whatever_case(shop: Database) -> None:
    async with shop.transaction() as session:
        own, fixed = await redemptions.look_up(session, "own-2"), await redemptions.look_up(session, "SUMMER")
    assert own is not None
    assert (own.coupon, own.code, own.pooled, own.redeemed) == ("own", "OWN-2", True, 0)
    assert fixed is not None
    assert (fixed.coupon, fixed.code, fixed.pooled) == ("fixed", "Summer", False)
