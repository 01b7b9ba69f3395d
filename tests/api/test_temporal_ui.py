"""Links into the Temporal UI: they lead to the right runs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from playwright.async_api import Browser, expect
from temporalio.client import Client as Temporal
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from local.ports import Ports
from store.models import Enrolment
from tests.api.inside import TEMPORAL_UI, WRITER, Shop, enrol, known_contact
from workflows.starting import JOURNEY_ID

_PATIENCE_MS = 30_000
_RUNNING = " AND ExecutionStatus = 'Running'"


async def test_an_event_links_to_the_runs_that_it_started(shop: Shop, temporal_client: Temporal) -> None:
    client, database = shop
    contact = await known_contact(client, "began")
    listed = [{"event": "Cart Viewed", "userId": "began"}, {"event": "Order Completed", "userId": "began"}]
    await client.post("/v1/events", json=listed, auth=WRITER)

    async def told() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await client.get(f"/v1/admin/contacts/{contact}/events")).json()["items"]
        return found[::-1]

    signed_up, viewed, _ = await told()
    await enrol(database, contact, trigger_seq=signed_up["seq"])
    several = [await enrol(database, contact, key=key, trigger_seq=viewed["seq"]) for key in ("o'1", "o 2")]
    links = [event["temporal_ui"] for event in await told()]
    assert links[0] == f"{TEMPORAL_UI}/journey%2Fwelcome%2F{contact}"
    assert links[2] is None
    async with begun(temporal_client, *several):
        await listed_by(links[1], temporal_client, several)


async def test_a_journey_links_to_the_list_of_its_runs(
    shop: Shop, temporal_client: Temporal, browser: Browser, server_ports: Ports
) -> None:
    client, database = shop
    enrolment = await enrol(database, await known_contact(client, "listed"))
    (welcome,) = [each for each in (await client.get("/v1/admin/journeys")).json() if each["name"] == "welcome"]
    assert welcome["temporal_ui"] == f"{TEMPORAL_UI}?query=JourneyId%3D%22welcome%22"
    async with begun(temporal_client, enrolment):
        await listed_by(welcome["temporal_ui"], temporal_client, [enrolment])
        page = await browser.new_page()
        await page.goto(welcome["temporal_ui"].replace(":8233", f":{server_ports.ui}"))
        await expect(page.get_by_text(enrolment.workflow_id).first).to_be_visible(timeout=_PATIENCE_MS)
        await expect(page.get_by_text("JourneyId").first).to_be_visible()
        await page.close()


@asynccontextmanager
async def begun(temporal: Temporal, *enrolments: Enrolment) -> AsyncIterator[None]:
    """Runs of these enrolments, which nobody works on."""
    journey = TypedSearchAttributes([SearchAttributePair(JOURNEY_ID, "welcome")])
    handles = [
        await temporal.start_workflow(
            "Journey", id=each.workflow_id, task_queue="nobody-works-here", search_attributes=journey
        )
        for each in enrolments
    ]
    yield
    for handle in handles:
        await handle.terminate()


async def listed_by(link: str, temporal: Temporal, enrolments: Sequence[Enrolment]) -> None:
    """Return when the list behind the link, which is made a moment after runs start, shows these runs and no others."""
    path, query = link.split("?")
    assert path == TEMPORAL_UI
    wanted, seen = {each.workflow_id for each in enrolments}, set[str]()
    for _ in range(100):
        seen = {run.id async for run in temporal.list_workflows(parse_qs(query)["query"][0] + _RUNNING)}
        if seen == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{link} shows {seen}")
