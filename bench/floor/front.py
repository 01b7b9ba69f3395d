"""A bare front door: FastAPI, one committed insert for each request, or one for each batch; it looks at nothing.

Run as a program: `python -m bench.floor.front DATABASE_URL PORT`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request
from pydantic import BaseModel

from api.serving import server
from local.ports import HOST

_TABLE = "CREATE TABLE IF NOT EXISTS floor_events (message_id text, name text, user_id text, properties jsonb)"
_INSERT = "INSERT INTO floor_events VALUES ($1, $2, $3, $4::jsonb)"
_INSERT_MANY = "INSERT INTO floor_events SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])"


class Event(BaseModel):
    """What is sent."""

    messageId: str  # noqa: N815  (as the field is called in the body)
    event: str
    userId: str  # noqa: N815  (same)
    properties: dict[str, Any]

    def row(self) -> tuple[str, str, str, str]:
        """The row to insert."""
        return self.messageId, self.event, self.userId, orjson.dumps(self.properties).decode()


class Batch(BaseModel):
    """Many of them."""

    batch: list[Event]


def create_app(database_url: str) -> FastAPI:
    """The application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database_url) as app.state.pool:
            await app.state.pool.execute(_TABLE)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/event")
    async def event(event: Event, request: Request) -> dict[str, bool]:
        await request.app.state.pool.execute(_INSERT, *event.row())
        return {"success": True}

    @app.post("/batch")
    async def batch(batch: Batch, request: Request) -> dict[str, bool]:
        columns = zip(*(event.row() for event in batch.batch), strict=True)
        await request.app.state.pool.execute(_INSERT_MANY, *map(list, columns))
        return {"success": True}

    return app


if __name__ == "__main__":
    server(create_app(sys.argv[1]), HOST, int(sys.argv[2])).run()
