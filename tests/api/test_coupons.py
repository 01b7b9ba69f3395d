"""Coupons over the API: stock, uploading, looking up, and reporting what was used."""

import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from store.session import Database
from tests.api.inside import Shop

UPLOADED = {"pool": "uploaded", "warn_below": 2}


@pytest_asyncio.fixture
async def coupons(shop: Shop) -> httpx2.AsyncClient:
    client, database = shop
    await published(database, "own", codes=UPLOADED)
    await published(database, "made", codes={"pool": "generated"})
    await published(database, "fixed", codes={"code": "SUMMER"})
    return client


async def published(database: Database, name: str, **changes: Any) -> None:
    definition = {"coupon": name, "title": name.title(), "value": {"percent": 10}} | changes
    statement = text(
        "INSERT INTO coupons (name, hash, definition) VALUES (:name, 'h', cast(:definition AS jsonb))"
        " ON CONFLICT DO NOTHING"
    )
    async with database.transaction() as session:
        await session.execute(statement, {"name": name, "definition": json.dumps(definition)})


async def test_codes_are_uploaded_once_in_whatever_case(coupons: httpx2.AsyncClient) -> None:
    code = f"Own-{uuid4().hex[:8]}"
    assert (await coupons.post("/v1/coupons/own/codes", json={"codes": [code]})).json() == {"added": 1, "known": 0}
    again = await coupons.post("/v1/coupons/own/codes", json={"codes": [code.upper()]})
    assert again.json() == {"added": 0, "known": 1}


async def test_the_list_tells_stock_and_warns(coupons: httpx2.AsyncClient) -> None:
    listed = {each["coupon"]: each for each in (await coupons.get("/v1/coupons")).json()}
    assert (listed["fixed"]["kind"], listed["fixed"]["left"], listed["fixed"]["warning"]) == ("fixed", None, None)
    assert listed["made"]["warning"] == "only 0 left"
    assert listed["own"]["kind"] == "uploaded"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("none/codes", {"codes": ["ABC"]}, 404),
        ("made/codes", {"codes": ["ABC"]}, 409),
        ("fixed/codes", {"codes": ["ABC"]}, 409),
        ("own/codes", {"codes": []}, 422),
        ("own/codes", {"codes": ["no code"]}, 422),
        ("Own!/codes", {"codes": ["ABC"]}, 422),
        ("redemptions", {"code": "NOBODYS", "source": "o-1"}, 404),
        ("redemptions", {"code": "SUMMER"}, 422),
    ],
)
async def test_what_cannot_be_is_refused(
    coupons: httpx2.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    assert (await coupons.post(f"/v1/coupons/{path}", json=body)).status_code == status


async def test_a_report_counts_once(coupons: httpx2.AsyncClient) -> None:
    source = f"order-{uuid4()}"
    use = {"code": "summer", "source": source}
    assert [(await coupons.post("/v1/coupons/redemptions", json=use)).json() for _ in range(2)] == [
        {"counted": True},
        {"counted": False},
    ]


async def test_a_checkout_asks_about_a_code(coupons: httpx2.AsyncClient) -> None:
    code = f"ASK-{uuid4().hex[:8]}"
    await coupons.post("/v1/coupons/own/codes", json={"codes": [code]})
    told = (await coupons.get(f"/v1/coupons/codes/{code.lower()}")).json()
    assert told == {
        "coupon": "own", "code": code, "pooled": True, "given_at": None, "valid_until": None, "redeemed": 0,
    }  # fmt: skip
    assert (await coupons.get("/v1/coupons/codes/nobodys")).status_code == 404


async def test_only_the_admin_key_opens_them(coupons: httpx2.AsyncClient) -> None:
    for key in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        assert (await coupons.get("/v1/coupons", headers=key)).status_code == 401


async def test_the_figures_tell_what_is_left(coupons: httpx2.AsyncClient) -> None:
    figures = (await coupons.get("/metrics")).text.splitlines()
    assert any(line.startswith('kundresa_coupon_codes_left{coupon="own"}') for line in figures)
    assert 'kundresa_coupon_codes_wanted{coupon="made"} 0.0' in figures
    assert not any('coupon="fixed"' in line for line in figures)
