"""What an operator reads in the Temporal UI, in a real browser."""

import asyncio
from urllib.parse import quote

import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from temporalio.client import Client

from local.ports import HOST, Ports
from tests.workflows.watching import at, until
from tests.workflows.world import Run, World, enter, happen, journey
from workflows.starting import tell

_PATIENCE_MS = 30_000

STEPS = journey(
    {"send": "cart-reminder"},
    {"wait_for": {"event": "Email Link Clicked"}, "timeout": "23h", "otherwise": [{"send": "cart-last-call"}]},
    exit_on=["Order Completed"],
)


@pytest_asyncio.fixture
async def page(browser: Browser) -> Page:
    return await browser.new_page(viewport={"width": 1400, "height": 1000})


async def visit(page: Page, ports: Ports, run: Run, tab: str) -> None:
    described = await run.describe()
    path = f"namespaces/default/workflows/{quote(run.id, safe='')}/{described.run_id}/{tab}"
    await page.goto(f"http://{HOST}:{ports.ui}/{path}")


async def test_the_details_tell_what_the_contact_waits_for_until_when_and_why(
    world: World, temporal_client: Client, server_ports: Ports, page: Page
) -> None:
    run = await enter(temporal_client, STEPS)
    snapshot = await until(run, at("for-email-link-clicked"))
    await visit(page, server_ports, run, "user-metadata")
    # The UI shows Markdown in frames: first the title of the journey, then the current details.
    title, details = page.frame_locator("iframe").first, page.frame_locator("iframe").nth(1)
    await expect(title.get_by_text("A journey that is tried")).to_be_visible(timeout=_PATIENCE_MS)
    for words in (
        "Wait 23 hours for Email Link Clicked, then end, else send cart-last-call",
        f"{snapshot.until:%Y-%m-%d %H:%M:%S} UTC",
        "Ends at once on: Order Completed",
        "Send cart-reminder — sent",
    ):
        await expect(details.get_by_text(words)).to_be_visible(timeout=_PATIENCE_MS)
    await tell(temporal_client, run.id, "exit", "looked at")


async def test_the_timeline_names_letters_waits_and_events(
    world: World, temporal_client: Client, server_ports: Ports, page: Page
) -> None:
    run = await enter(temporal_client, STEPS)
    await until(run, at("for-email-link-clicked"))
    await happen(temporal_client, run, "Email Link Clicked", 1)
    await run.result()
    await visit(page, server_ports, run, "timeline")
    for words in ("Letter 1/3 cart-reminder", "Wait 23 hours for Email Link Clicked", "email_link_clicked"):
        await expect(page.get_by_text(words).first).to_be_visible(timeout=_PATIENCE_MS)


async def test_the_list_of_runs_can_be_searched_by_journey_and_stage(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, STEPS)
    await until(run, at("for-email-link-clicked"))
    stage = "2/3 Wait for Email Link Clicked, at most 23 hours"
    query = f"WorkflowId = '{run.id}' AND JourneyId = 'tried' AND JourneyStage = '{stage}'"
    found: list[str] = []
    for _ in range(100):  # the list is made a moment after the run has moved
        found = [each.id async for each in temporal_client.list_workflows(query)]
        if found:
            break
        await asyncio.sleep(0.05)
    assert found == [run.id]
    await tell(temporal_client, run.id, "exit", "looked at")
