"""Contacts and events to measure with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from store.incoming import Incoming, Statement
from store.intake import Intake
from store.session import Line


def events(name: str, count: int, prefix: str) -> list[Incoming]:
    """One event of so many new contacts, each with an address and consent to `offers`."""
    now = datetime.now(UTC)
    return [
        Incoming(
            message_id=str(uuid4()),
            name=name,
            occurred_at=now,
            received_at=now,
            user_id=f"{prefix}-{number}",
            email=address(prefix, number),
            traits={"email": address(prefix, number), "first_name": "Anna", "plan": "basic"},
            properties={"topic": "offers"},
            consents=(Statement("offers", True),),  # noqa: FBT003  (a yes is a yes)
        )
        for number in range(count)
    ]


def address(prefix: str, number: int) -> str:
    """The address of a contact of a run."""
    return f"{prefix}-{number}@example.com"


@asynccontextmanager
async def intake_of(database_url: str) -> AsyncIterator[Intake]:
    """The product's intake, without HTTP before it."""
    line = Line(database_url)
    intake = Intake(line)
    await intake.start()
    try:
        yield intake
    finally:
        await intake.stop()
        await line.close()
