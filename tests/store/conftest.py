from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import text

from store.intake import Intake
from store.session import Database, Line
from tests.conftest import NewDatabase

_EMPTY = text("TRUNCATE contacts, journeys, outbox, suppressions, segments, policies, fills, due RESTART IDENTITY CASCADE")


@pytest_asyncio.fixture(scope="session")
async def store_database_url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest_asyncio.fixture
async def database(store_database_url: str) -> AsyncIterator[Database]:
    """A database that is empty: to make a new one for each of these many tests would take longer than the tests."""
    database = Database(store_database_url)
    async with database.transaction() as session:
        await session.execute(_EMPTY)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    line = Line(database.url)
    intake = Intake(line)
    await intake.start()
    yield intake
    await intake.stop()
    await line.close()
