"""A stack of a test's own: its parts are started, stopped and killed one by one, and looked into."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx2
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from local.folder import DataFolder
from local.part import Part
from local.ports import HOST, Ports
from local.stack import Stack

SERVERS = ("postgres", "temporal", "mailbox")


class _Silence:
    """Tests watch results, not progress."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        yield

    def tell(self, text: str) -> None:
        assert "left as it was" not in text, text  # a journey file with mistakes


class Running:
    """All parts over one folder. `settings` are variables for every part, beside those of the embedded stack."""

    def __init__(self, folder: DataFolder, settings: dict[str, str]) -> None:
        ours = ("KUNDRESA_", "TEMPORAL_")
        given = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.stack = Stack(folder, Ports.free(), given)
        self.ports = self.stack.ports
        # Not given: the stack would take a relay that is named from outside as a reason to start no mailbox.
        self.environment = self.stack.environment
        self.environment.update({"KUNDRESA_HOUSEKEEPING_EVERY": "PT2S"} | settings)
        self.api = httpx2.AsyncClient(base_url=f"http://{HOST}:{self.ports.api}", timeout=10)
        self.mailbox = httpx2.AsyncClient(base_url=f"http://{HOST}:{self.ports.mailbox}", timeout=10)
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._client: Client | None = None

    def part(self, name: str) -> Part:
        return self.stack.parts[name]

    async def start(self, *names: str) -> None:
        for name in names:
            await self.part(name).start()
        for name in names:
            await self.part(name).ready()

    async def kill(self, name: str) -> None:
        await self.part(name).kill()

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the database has; the connection is made anew after its server was killed."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self.environment["KUNDRESA_DATABASE_URL"])
        return [dict(row) for row in await self._connection.fetch(query, *values)]

    async def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """What the mailbox has taken, the oldest first."""
        query: dict[str, str | int] = {"limit": 100_000} | ({"to": to} if to else {})
        answer = await self.mailbox.get("/messages", params=query)
        listed: list[dict[str, Any]] = answer.raise_for_status().json()["messages"]
        return listed[::-1]

    async def admin(self, method: str, path: str) -> Any:
        """Ask something of the admin endpoints."""
        key = {"Authorization": f"Bearer {self.environment['KUNDRESA_ADMIN_KEY']}"}
        answer = await self.api.request(method, path, headers=key)
        return answer.raise_for_status().json()

    async def client(self) -> Client:
        """A client of Temporal, that outlives the server's restarts."""
        if self._client is None:
            address = self.environment["TEMPORAL_ADDRESS"]
            self._client = await Client.connect(address, data_converter=pydantic_data_converter)
        return self._client

    async def close(self) -> None:
        await self.api.aclose()
        await self.mailbox.aclose()
        if self._connection is not None:
            await self._connection.close(timeout=5)


@asynccontextmanager
async def running(settings: dict[str, str], *, product: tuple[str, ...] = ("api", "worker")) -> AsyncIterator[Running]:
    """A stack that answers while the block runs, with these parts beside the servers."""
    # pytest's own folders let nobody else pass, and PostgreSQL may run as somebody else.
    with TemporaryDirectory(prefix="kundresa-") as path:
        stack = Running(DataFolder.at(Path(path)), settings)
        try:
            await stack.start(*SERVERS)
            await stack.stack.migrate()
            await stack.stack.apply_journeys()
            await stack.start(*product)
            yield stack
        finally:
            await stack.close()
            await stack.stack.stop()


async def until(true: Callable[[], Awaitable[bool]], what: str, *, seconds: float = 30, every: float = 0.05) -> None:
    """Return as soon as it is true; fail when it does not become so."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await true():
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(every)
