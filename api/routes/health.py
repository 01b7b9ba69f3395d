"""Whether the API lives, whether it can do its work, and its figures."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client
from temporalio.service import RPCError

from api.dependencies import Door
from api.errors import documented, problem
from api.figures import CONTENT_TYPE, exposed
from store import reports
from store.migrations import run as migrations
from store.session import Database

router = APIRouter(tags=["Health"])
_SECONDS = 3.0
Answer = TypeVar("Answer")


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Ready(BaseModel):
    """Everything that the API needs answers."""

    ready: bool = True
    checks: dict[str, str] = Field(examples=[{"database": "ok", "migrations": "ok", "temporal": "ok"}])


class NotReadyError(Exception):
    """Something that the API needs is missing."""


@router.get("/healthz", summary="Alive")
async def alive() -> Alive:
    """The process answers; restart it when it does not."""
    return Alive()


@router.get("/readyz", summary="Ready", response_model=Ready, responses=documented(HTTPStatus.SERVICE_UNAVAILABLE))
async def ready(door: Door) -> Ready | Response:
    """Database, migrations and Temporal. Events are taken in as long as the database is there."""
    checks = await asyncio.gather(
        _check(_database(door.database)), _check(_migrations(door.database)), _check(_temporal(door.temporal))
    )
    told = dict(zip(("database", "migrations", "temporal"), checks, strict=True))
    missing = tuple((name, said) for name, said in told.items() if said != "ok")
    if missing:
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", "something is missing", missing, {"Retry-After": "5"}
        )
    return Ready(checks=told)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(door: Door) -> Response:
    """Intake, the router's backlog, letters by state and coupons (right to a minute), in Prometheus' text format.

    Intake alone while the database is away.
    """
    backlog = await _told(door.database, reports.backlog)
    messages = await _told(door.database, door.message_count.read)
    coupons = await _told(door.database, door.coupon_stock.read)
    return Response(exposed(door.intake, backlog, messages, coupons, door.feedback_count), media_type=CONTENT_TYPE)


async def _told(database: Database, ask: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer | None:
    """What the database says; None when it does not answer in time."""
    try:
        async with asyncio.timeout(_SECONDS), database.transaction() as session:
            return await ask(session)
    except (SQLAlchemyError, OSError):
        return None


async def _check(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            await check
    except NotReadyError as missing:
        return str(missing)
    except (SQLAlchemyError, OSError, RPCError, RuntimeError) as error:  # RuntimeError: the SDK could not connect
        return f"no answer ({type(error).__name__})"
    return "ok"


async def _database(database: Database) -> None:
    async with database.transaction() as session:
        await reports.backlog(session)


async def _migrations(database: Database) -> None:
    async with database.transaction() as session:
        current = await migrations.current(await session.connection())
    if current != migrations.head():
        raise NotReadyError(f"the database is at {current or 'nothing'}, this program needs {migrations.head()}")


async def _temporal(client: Client) -> None:
    if not await client.service_client.check_health():
        raise NotReadyError("the server says that it does not serve")
