"""Contacts and events to measure with."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from store.incoming import Incoming, Statement
from store.intake import Intake
from store.session import Line


def events(name: str, numbers: Iterable[int], prefix: str) -> list[Incoming]:
    """One event, received now, of each of these contacts."""
    return [event(name, prefix, number) for number in numbers]


def event(name: str, prefix: str, number: int) -> Incoming:
    """An event of a contact who has an address, and consents to `offers`."""
    now = datetime.now(UTC)
    return Incoming(
        message_id=str(uuid4()),
        name=name,
        occurred_at=now,
        received_at=now,
        user_id=user(prefix, number),
        email=address(prefix, number),
        traits={"email": address(prefix, number), "first_name": "Anna", "plan": "basic"},
        properties={"topic": "offers"},
        consents=(Statement(topic="offers", granted=True),),
    )


def user(prefix: str, number: int) -> str:
    """The user id of a contact of a run."""
    return f"{prefix}-{number}"


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
