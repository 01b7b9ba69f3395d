"""Published journeys: a file becomes an immutable version, numbered, known by the hash of its content."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from rules.journey import Journey
from store.models import JourneyVersion, PublishedJourney

# VersionProblem
# ├── VersionMissing      it was never published
# └── VersionUnreadable   newer code has published it, with what this code does not know


class VersionProblem(Exception):
    """A version of a journey cannot be had."""


class VersionMissing(VersionProblem):
    """It was never published."""


class VersionUnreadable(VersionProblem):
    """It says what this code does not know."""


@dataclass(frozen=True)
class Published:
    """What `publish` did with one journey: its version, whether that is new, and whether it waits to go live."""

    journey: str
    version: int
    new: bool
    waits: bool = False


def digest(journey: Journey) -> str:
    """The hash of what a journey says; layout and comments of its file do not count."""
    return hashlib.sha256(orjson.dumps(_definition(journey), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _definition(journey: Journey) -> dict[str, object]:
    return journey.model_dump(mode="json", by_alias=True, exclude_defaults=True)


async def publish(session: AsyncSession, journey: Journey, *, drain: bool | None = None) -> Published:
    """Make this content the live version: a new number, or the number that the same content has already.

    `drain`: while anybody is inside, nobody enters; then it goes live (see `promote`). None: if that was asked for
    before with this content, it stays so.
    """
    name, content = journey.journey, digest(journey)
    # Two processes that apply at once take turns here.
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"publish {name}"})
    row = await session.get(PublishedJourney, name) or PublishedJourney(name=name)
    session.add(row)
    await session.flush()
    rows = select(JourneyVersion.hash, JourneyVersion.number).where(JourneyVersion.journey == name)
    numbers = {row.hash: row.number for row in await session.execute(rows)}
    known = numbers.get(content)
    number = known or max(numbers.values(), default=0) + 1
    if known is None:
        now, definition = datetime.now(UTC), _definition(journey)
        session.add(JourneyVersion(journey=name, number=number, hash=content, definition=definition, published_at=now))
    if row.next_version != number or drain is False:
        waits = drain and row.live_version != number and await _is_anybody_inside(session, name)
        row.live_version, row.next_version = (None, number) if waits else (number, None)
    return Published(name, number, known is None, waits=row.live_version != number)


async def _is_anybody_inside(session: AsyncSession, name: str) -> bool:
    inside = text("SELECT EXISTS (SELECT FROM enrolments WHERE journey = :name AND status <> 'ended')")
    return bool(await session.scalar(inside, {"name": name}))


async def promote(session: AsyncSession) -> list[str]:
    """Let the next version of every journey take new contacts that nobody is inside any more. Names them."""
    rows = await session.execute(
        text(
            """
            UPDATE journeys j SET live_version = next_version, next_version = NULL
            WHERE next_version IS NOT NULL
              AND NOT EXISTS (SELECT FROM enrolments e WHERE e.journey = j.name AND e.status <> 'ended')
            RETURNING name
            """
        )
    )
    return list(rows.scalars())


async def withdraw(session: AsyncSession, keep: Sequence[str]) -> list[str]:
    """Journeys that are not among `keep` take no new contacts; who is inside goes on. Names who stopped."""
    result = await session.execute(
        text(
            "UPDATE journeys SET live_version = NULL, next_version = NULL"
            " WHERE coalesce(live_version, next_version) IS NOT NULL AND name <> ALL(:keep) RETURNING name"
        ),
        {"keep": list(keep)},
    )
    return list(result.scalars())


async def definition(session: AsyncSession, name: str, number: int) -> Journey:
    """One version of a journey. Raises VersionMissing, VersionUnreadable."""
    row = await session.get(JourneyVersion, (name, number))
    if row is None:
        raise VersionMissing(f"journey {name} has no version {number}")
    try:
        return Journey.model_validate(row.definition)
    except ValidationError as error:
        raise VersionUnreadable(f"version {number} of journey {name} is beyond this code; is it older?") from error


async def live_versions(session: AsyncSession) -> dict[str, int]:
    """The version of each journey that takes new contacts."""
    rows = await session.execute(text("SELECT name, live_version FROM journeys WHERE live_version IS NOT NULL"))
    return {row.name: row.live_version for row in rows}


async def pause(session: AsyncSession, name: str) -> bool:
    """Hold everybody in the journey where they are, at their next move. False: there is no such journey."""
    row = await session.get(PublishedJourney, name)
    if row is not None and row.paused_at is None:
        row.paused_at = (await session.execute(select(func.now()))).scalar_one()
    return row is not None


async def resume(session: AsyncSession, name: str) -> bool:
    """Let the journey go on. Those who were held must be told (see `enrolments.held`)."""
    row = await session.get(PublishedJourney, name)
    if row is not None:
        row.paused_at = None
    return row is not None


async def paused_at(session: AsyncSession, name: str) -> datetime | None:
    """Since when the journey is paused."""
    row = await session.get(PublishedJourney, name)
    return row.paused_at if row is not None else None
