from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from store.intake import Intake
from store.session import Database, Line, async_url
from tests.conftest import NewDatabase
from tests.store.keeping import Keeping

_EMPTY = text(
    "TRUNCATE contacts, journeys, outbox, suppressions, segments, policies, coupons, letters, fills, due"
    " RESTART IDENTITY CASCADE"
)


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


@pytest_asyncio.fixture
async def keeping(database: Database, intake: Intake) -> Keeping:
    """A shop whose segments are kept current."""
    return Keeping(database, intake)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection for many questions, for a test that takes back all that it writes."""
    engine = create_async_engine(async_url(database_url))
    async with engine.connect() as connection:
        # No session may depend on the zone that a server or a user has set.
        await connection.exec_driver_sql("SET TimeZone = 'Asia/Kathmandu'")
        await connection.commit()
        yield connection
    await engine.dispose()
