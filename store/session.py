"""The way to the database: one engine a process, one transaction a request or activity. Only this module commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine


def async_url(database_url: str) -> str:
    """The address for SQLAlchemy's asynchronous engine, out of a plain `postgresql://` one."""
    url = make_url(database_url)
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def driver_url(database_url: str) -> str:
    """The plain address, as asyncpg itself wants it."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


SEALED_WITH = "sealed with"
"""Where a session keeps the installation's secret, in its `info`."""


class Database:
    """A pool of connections to one database. By `secret` the addresses of erased contacts are known again."""

    def __init__(self, database_url: str, *, connections: int = 10, secret: str = "") -> None:
        self.url = database_url
        # hide_parameters: what a statement was about may be personal, and errors travel into logs and histories.
        self.engine: AsyncEngine = create_async_engine(
            async_url(database_url), pool_size=connections, max_overflow=0, pool_recycle=1800, hide_parameters=True
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info={SEALED_WITH: secret})

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends well, and undone when it raises."""
        async with self._sessions() as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


@asynccontextmanager
async def undone_on_error(session: AsyncSession) -> AsyncIterator[None]:
    """Undo what the block has written, and nothing else of the transaction, when it raises."""
    async with session.begin_nested():
        yield


_CONNECT_SECONDS, _COMMAND_SECONDS = 10.0, 30.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
"""The driver's own connection."""


class Line:
    """One connection of its own, without SQLAlchemy between: for intake, where each request waits for the commit."""

    def __init__(self, database_url: str) -> None:
        self._url = driver_url(database_url)
        self._connection: Connection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The connection, opened (again) when need be; its work is committed when the block ends well."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._url, timeout=_CONNECT_SECONDS, command_timeout=_COMMAND_SECONDS
            )
        async with self._connection.transaction():
            yield self._connection

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
