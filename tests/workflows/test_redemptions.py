"""The router counts the codes that orders name, also of orders that no journey listens to."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from store.incoming import Incoming
from store.recording import record
from store.session import Database, Line
from tests.api.test_coupons import published
from workflows.router import Router


@pytest.mark.parametrize("told", ["SUMMER", "summer", ["SUMMER", "FRIENDS"]])
async def test_an_order_with_a_known_code_is_counted_while_temporal_is_away(
    database: Database, told: str | list[str]
) -> None:
    await published(database, "fixed", codes={"code": "SUMMER"})
    now, order, line = datetime.now(UTC), str(uuid4()), Line(database.url)
    ordered = Incoming(order, "Order Completed", now, now, user_id="u1", properties={"coupon": told})
    await record(line, [ordered, Incoming(str(uuid4()), "Product Viewed", now, now, user_id="u1")])
    await line.close()
    away = await Client.connect("127.0.0.1:1", lazy=True, data_converter=pydantic_data_converter)
    router = Router(database, away)
    while await router.turn():
        pass
    async with database.transaction() as session:
        counted = (await session.execute(text("SELECT source, coupon, code FROM redemptions"))).all()
    assert [tuple(row) for row in counted] == [(order, "fixed", "SUMMER")]
