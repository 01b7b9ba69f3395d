"""Operators look at suppressions, add some, and let addresses have mail again."""

import httpx2
import pytest

from store.session import Database
from tests.api.inside import Shop
from tests.store.happening import rows

PATH = "/v1/admin/suppressions"


async def standing(client: httpx2.AsyncClient, address: str) -> list[tuple[str, str, str]]:
    answer = await client.post(f"{PATH}/look-up", json={"address": address})
    assert answer.status_code == 200
    return [(each["scope"], each["reason"], each["actor"]) for each in answer.json()]


async def test_an_address_is_suppressed_looked_up_and_let_go_again(shop: Shop) -> None:
    client, database = shop
    wanted = [{"address": "Maja@Example.org", "reason": "asked on the telephone"}]
    assert (await client.post(PATH, json=wanted)).json() == {"added": 1, "known": 0}
    assert (await client.post(PATH, json=wanted)).json() == {"added": 0, "known": 1}
    assert await standing(client, "maja@example.ORG") == [("manual", "asked on the telephone", "admin API")]
    exported = (await client.get(PATH)).json()
    assert [each["address"] for each in exported] == ["maja@example.org"]
    lifting = {"address": "maja@example.org", "reason": "asked for it again"}
    assert (await client.post(f"{PATH}/lift", json=lifting)).json() == {"lifted": 1}
    assert (await client.post(f"{PATH}/lift", json=lifting)).json() == {"lifted": 0}
    assert await standing(client, "maja@example.org") == []
    assert await kept(database) == [(False, "asked on the telephone"), (True, "asked for it again")]


async def kept(database: Database) -> list[tuple[bool, str]]:
    return [
        (lifted, reason)
        for lifted, reason in await rows(database, "SELECT lifted, reason FROM suppressions ORDER BY id")
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        [{"address": "no address", "reason": "x"}],
        [{"address": "maja@example.org", "reason": ""}],
        [{"address": "maja@example.org", "reason": "x", "scope": "everything"}],
        [{"address": "nils@example.org", "reason": "x"}, {"address": "@", "reason": "x"}],
    ],
)
async def test_what_cannot_be_taken_changes_nothing(shop: Shop, wanted: object) -> None:
    client, database = shop
    before = await kept(database)
    answer = await client.post(PATH, json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert await kept(database) == before


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("POST", "/look-up"), ("POST", "/lift")])
async def test_without_the_admin_key_nothing_is_told_or_done(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    body = {"address": "maja@example.org", "reason": "x"}
    answer = await client.request(method, PATH + path, json=body)
    assert answer.status_code == 401
