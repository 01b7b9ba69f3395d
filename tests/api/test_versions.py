"""Publishing over the API: all or nothing, and the same request again has the same answer."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest_asyncio

from store.session import Database
from tests.api.serving import ADMIN_KEY, WRITE_KEY, running
from tests.conftest import NewDatabase
from tests.store.enrolling import enrolled
from tests.store.happening import rows

TRIED = """journey: tried
title: Tried
class: transactional
trigger: {event: Signed Up}
steps:
  - wait: 1h
  - send: order-thanks
"""
BUYERS = """segment: buyers
title: Buyers
when: {event: Order Completed, times: {at_least: 3}}
"""
FILES = {"journeys/tried.yaml": TRIED, "segments/buyers.yaml": BUYERS}
LONGER = FILES | {"journeys/tried.yaml": TRIED.replace("1h", "2h")}


class Deployment:
    """Whoever deploys: an API whose Temporal is away, and the database behind it."""

    def __init__(self, client: httpx2.AsyncClient, database: Database) -> None:
        self.client, self.database = client, database

    async def post(self, what: str, files: dict[str, str], **choices: Any) -> httpx2.Response:
        return await self.client.post(f"/v1/{what}", json={"files": files, "choices": choices})

    async def enters(self) -> None:
        """Somebody is inside version 1."""
        async with self.database.transaction() as session:
            await enrolled(session)


@pytest_asyncio.fixture
async def deployment(new_database: NewDatabase) -> AsyncIterator[Deployment]:
    database = Database(await new_database())
    with running(database.url) as served:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx2.AsyncClient(base_url=served.url, headers=headers, timeout=60) as client:
            yield Deployment(client, database)
    await database.close()


async def test_the_same_files_again_are_answered_the_same_and_nothing_is_new(deployment: Deployment) -> None:
    first = await deployment.post("apply", FILES)
    assert first.status_code == 200
    assert first.json() == {
        "live": [
            {"kind": "journeys", "name": "tried", "version": 1},
            {"kind": "segments", "name": "buyers", "version": None},
        ],
        "choices": {},
    }
    assert (await deployment.post("apply", FILES)).json() == first.json()
    assert len(await rows(deployment.database, "SELECT 1 FROM journey_versions")) == 1


async def test_one_mistake_keeps_everything_from_being_published_and_all_are_told(deployment: Deployment) -> None:
    broken = FILES | {
        "segments/buyers.yaml": BUYERS.replace("at_least: 3", "at_least: many"),
        "journeys/other.yaml": TRIED.replace("tried", "other").replace("1h", "soon"),
        "elsewhere/thing.yaml": "thing: 1\n",
    }
    for what in ("plan", "apply"):
        answer = await deployment.post(what, broken)
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error["code"] == "mistakes"
        assert {mistake["file"]: mistake["line"] for mistake in error["mistakes"]} == {
            "segments/buyers.yaml": 3,
            "journeys/other.yaml": 6,
            "elsewhere/thing.yaml": 1,
        }
        (wait,) = [each for each in error["mistakes"] if each["file"] == "journeys/other.yaml"]
        assert wait["place"].endswith("wait")
        assert "such as '3d'" in wait["advice"]
    assert await rows(deployment.database, "SELECT name FROM journeys UNION SELECT name FROM segments") == []


async def test_a_plan_tells_what_changes_and_who_is_inside_and_changes_nothing(deployment: Deployment) -> None:
    await deployment.post("apply", FILES)
    await deployment.enters()
    answer = await deployment.post("plan", LONGER)
    assert answer.status_code == 200
    journey, segment = answer.json()["files"]
    assert (journey["name"], journey["change"], journey["version"]) == ("tried", "changed", 1)
    assert [(step["step"], step["kind"]) for step in journey["steps"]] == [("wait-2h", "added"), ("wait-1h", "removed")]
    assert journey["inside"][0] == {"version": 1, "step": None, "people": 1, "gone": False, "successor": None}
    assert (segment["name"], segment["change"]) == ("buyers", "unchanged")
    assert answer.json()["counted"] is False, "Temporal is away"
    assert len(await rows(deployment.database, "SELECT 1 FROM journey_versions")) == 1


async def test_a_step_that_is_gone_needs_a_mapping_before_anything_is_done(deployment: Deployment) -> None:
    await deployment.post("apply", FILES)
    await deployment.enters()
    refused = await deployment.post("apply", LONGER, tried={"manner": "migrate"})
    assert refused.status_code == 409
    (detail,) = refused.json()["error"]["details"]
    assert "step wait-1h of version 1 is gone" in detail["message"]
    assert "tried:wait-1h=wait-2h" in detail["message"]
    assert len(await rows(deployment.database, "SELECT 1 FROM journey_versions")) == 1
    choice = {"manner": "migrate", "mapping": {"wait-1h": "wait-2h"}}
    accepted = await deployment.post("apply", LONGER, tried=choice)
    assert accepted.status_code == 200
    assert accepted.json()["choices"] == {"tried": choice}
    asked = "SELECT journey, version, manner, mapping FROM changeovers WHERE done_at IS NULL"
    assert await rows(deployment.database, asked) == [("tried", 2, "migrate", {"wait-1h": "wait-2h"})]
    assert (await deployment.post("apply", LONGER, tried=choice)).json() == accepted.json()


async def test_a_choice_for_a_journey_that_is_not_there_is_refused(deployment: Deployment) -> None:
    refused = await deployment.post("apply", FILES, welcome={"manner": "end"})
    assert refused.status_code == 409
    assert "There is no journey welcome" in refused.json()["error"]["details"][0]["message"]
    assert await rows(deployment.database, "SELECT name FROM journeys") == []


async def test_versions_are_listed_and_shown_and_an_old_one_is_live_again_when_sent_again(
    deployment: Deployment,
) -> None:
    for files in (FILES, LONGER, FILES):
        assert (await deployment.post("apply", files)).status_code == 200
    versions = (await deployment.client.get("/v1/admin/journeys/tried/versions")).json()
    assert [(each["number"], each["state"], each["people"]) for each in versions] == [(2, "", 0), (1, "live", 0)]
    shown = (await deployment.client.get("/v1/admin/journeys/tried/versions/2")).json()
    assert shown["steps"][0] == {"wait": "2h"}
    assert (await deployment.client.get("/v1/admin/journeys/tried/versions/3")).status_code == 404
    assert (await deployment.client.get("/v1/admin/journeys/none/versions")).status_code == 404


UNKNOWN_FORMS: list[dict[str, Any]] = [
    {},
    {"files": {}},
    {"files": FILES, "force": True},
    {"files": FILES, "choices": {"tried": {"manner": "move"}}},
]


async def test_only_the_admin_key_opens_and_only_the_known_form_is_read(deployment: Deployment) -> None:
    client, writer = deployment.client, {"Authorization": f"Bearer {WRITE_KEY}"}
    for address in ("/v1/plan", "/v1/apply"):
        assert (await client.post(address, json={"files": FILES}, headers=writer)).status_code == 401
        for body in UNKNOWN_FORMS:
            answer = await client.post(address, json=body)
            assert answer.status_code == 422, body
            assert answer.json()["error"]["details"]
        assert (await client.post(address, json={"files": {"journeys/big.yaml": "x" * 5_000_000}})).status_code == 413
