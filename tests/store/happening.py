"""Events, and looks into the database, for the tests of the store."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from store.incoming import Incoming
from store.session import Database

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def happened(name: str = "Product Viewed", **fields: Any) -> Incoming:
    """An event; its `message_id` is new unless given."""
    told: dict[str, Any] = {"message_id": str(uuid4()), "occurred_at": AT, "received_at": AT} | fields
    return Incoming(name=name, **told)


async def rows(database: Database, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(sql), values)]


async def value(database: Database, sql: str, **values: Any) -> Any:
    ((found,),) = await rows(database, sql, **values)
    return found


async def owner(database: Database, message_id: str) -> Any:
    """The contact of an event."""
    return await value(database, "SELECT contact_id FROM events WHERE message_id = :message_id", message_id=message_id)
