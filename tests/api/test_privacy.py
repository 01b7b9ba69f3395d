"""Export and erasure over HTTP, with and without Temporal."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from temporalio.client import Client

from store.intake import Intake
from store.session import Database, Line
from tests.activities.test_merged_runs import exits
from tests.api.inside import Shop, enrol, known_contact
from tests.api.serving import ADMIN_KEY, Running, running
from tests.store.happening import value
from tests.store.living import NAME, lives
from tests.store.test_erasure import dump, known_in

HEADERS = {"Authorization": f"Bearer {ADMIN_KEY}"}


@pytest_asyncio.fixture
async def lived(database: Database) -> str:
    """The id of a contact of whom everything is known."""
    line = Line(database.url)
    intake = Intake(line)
    await intake.start()
    try:
        return str(await lives(database, intake))
    finally:
        await intake.stop()
        await line.close()


@pytest_asyncio.fixture
async def operator(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """With the admin key, at an API whose Temporal is away."""
    with running(database.url) as served:
        async with httpx2.AsyncClient(base_url=served.url, headers=HEADERS, timeout=30) as opened:
            yield opened


async def test_a_contact_is_exported_and_then_erased_though_temporal_is_away(
    operator: httpx2.AsyncClient, database: Database, lived: str
) -> None:
    path = f"/v1/admin/contacts/{lived}"
    exported = await operator.get(f"{path}/export")
    assert exported.status_code == 200
    assert exported.headers["content-disposition"] == f'attachment; filename="contact-{lived}.json"'
    assert exported.headers["cache-control"] == "no-store"
    assert exported.json()["contacts"][0]["traits"]["name"] == NAME
    erased = await operator.delete(path)
    assert erased.status_code == 200, erased.text
    told = erased.json()
    assert (told["contact"], told["runs"], told["letters"], told["on_their_way"]) == (lived, 1, 1, 1)
    assert known_in(await dump(database)).keys() == {"enrolments"}
    again = await operator.delete(path)
    assert again.json() == {**told, "runs": 0, "letters": 0}
    for gone in (path, f"{path}/export", f"{path}/events", f"{path}/messages"):
        assert (await operator.get(gone)).status_code == 404


async def test_the_runs_of_an_erased_contact_are_told_to_end(shop: Shop, temporal_client: Client) -> None:
    client, database = shop
    contact = await known_contact(client, "erased")
    enrolment = await enrol(database, contact)
    await temporal_client.start_workflow(
        "Journey", {"enrolment": str(enrolment.id)}, id=enrolment.workflow_id, task_queue="nobody-works-here"
    )
    assert (await client.delete(f"/v1/admin/contacts/{contact}")).json()["runs"] == 1
    assert await exits(temporal_client, enrolment.workflow_id) == ["erased"]
    status = "SELECT status || ' ' || reason FROM enrolments WHERE id = :id"
    assert await value(database, status, id=enrolment.id) == "ended erased"
    await temporal_client.get_workflow_handle(enrolment.workflow_id).terminate()


@pytest.mark.parametrize(("method", "path"), [("GET", "/export"), ("DELETE", "")])
async def test_only_the_admin_key_opens_and_nobody_unknown_is_found(api: Running, method: str, path: str) -> None:
    async with httpx2.AsyncClient(base_url=api.url) as client:
        address = f"/v1/admin/contacts/{uuid4()}{path}"
        assert (await client.request(method, address)).status_code == 401
        assert (await client.request(method, address, headers=HEADERS)).status_code == 404
        wrong = await client.request(method, f"/v1/admin/contacts/maja{path}", headers=HEADERS)
        assert wrong.status_code == 422
