from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import pytest_asyncio

from rules.journey import Journey
from store.journeys import publish
from store.session import Database
from tests.api.inside import Shop
from tests.api.serving import ADMIN_KEY, WRITE_KEY, Running, running
from tests.conftest import NewDatabase


@pytest_asyncio.fixture(scope="session")
async def api_database_url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest.fixture(scope="session")
def api(api_database_url: str) -> Iterator[Running]:
    """An API whose Temporal is away: taking in events must not need it."""
    with running(api_database_url) as served:
        yield served


@pytest_asyncio.fixture(scope="session")
async def client(api: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with a write key."""
    async with httpx2.AsyncClient(base_url=api.url, auth=(WRITE_KEY, ""), timeout=30) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session")
async def stored(api: Running) -> AsyncIterator[Database]:
    """The database behind the API."""
    database = Database(api.database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def api_url(api: Running) -> str:
    return api.url


@pytest_asyncio.fixture(scope="module")
async def shop(new_database: NewDatabase, temporal_address: str) -> AsyncIterator[Shop]:
    """An API with Temporal, a client with the admin key, and the database behind."""
    database = Database(await new_database())
    async with database.transaction() as session:
        for name, trigger in (("welcome", {"event": "Signed Up"}), ("review", {"api": True})):
            definition = {"journey": name, "title": name, "class": "transactional", "trigger": trigger}
            await publish(session, Journey.model_validate(definition | {"steps": [{"send": "letter"}]}))
    with running(database.url, temporal_address) as served:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx2.AsyncClient(base_url=served.url, headers=headers, timeout=30) as client:
            yield client, database
    await database.close()
