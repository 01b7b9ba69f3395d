"""A shop whose events come into a database, and routers that work on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from store.incoming import Incoming
from store.recording import record
from store.session import Database, Line
from workflows.payloads import Heard
from workflows.router import Router


class Shop:
    """Events that come in, and what has become of them."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database, self.client = database, client
        self.line = Line(database.url)

    async def happens(self, events: Sequence[tuple[str, str]]) -> None:
        """These users' events, in one commit."""
        now = datetime.now(UTC)
        incoming = [Incoming(str(uuid4()), name, now, now, user_id=user) for user, name in events]
        await record(self.line, incoming)

    async def rows(self, sql: str) -> list[Any]:
        async with self.database.transaction() as session:
            return list((await session.execute(text(sql))).all())

    async def drained(self, seconds: float = 30) -> None:
        for _ in range(int(seconds / 0.05)):
            if await self.rows("SELECT 1 FROM outbox LIMIT 1") == []:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"events are left: {await self.rows('SELECT seq, attempts, error FROM outbox LIMIT 5')}")

    async def heard(self, workflow: str) -> list[int]:
        """The numbers of the events that a run was told, in the order in which Temporal took them."""
        history = await self.client.get_workflow_handle(workflow).fetch_history()
        signals = [
            event.workflow_execution_signaled_event_attributes
            for event in history.events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        ]
        told: list[int] = []
        for signal in signals:
            (heard,) = await self.client.data_converter.decode(signal.input.payloads, [Heard])
            told.append(heard.seq)
        return told


@asynccontextmanager
async def routing(shop: Shop, *clients: Client) -> AsyncIterator[list[Router]]:
    """A router for each client, each with connections of its own, as if each were a process."""
    databases = [Database(shop.database.url) for _ in clients]
    routers = [Router(database, client) for database, client in zip(databases, clients, strict=True)]
    tasks = [asyncio.create_task(router.run()) for router in routers]
    try:
        yield routers
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for database in databases:
            await database.close()
