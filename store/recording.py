"""One transaction of intake: begun again when another one came between, and its failures told apart."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence

import asyncpg

from store import events as event_log
from store.contacts import OvertakenError
from store.incoming import Accepted, Incoming, Outcome
from store.session import Line

_ATTEMPTS = 10
# Classes and codes of PostgreSQL's errors (appendix A of its manual): what lies in the data, and what passes by itself.
_REFUSALS = ("22", "23", "54")
_CLASHES = ("40001", "40P01", "55P03")


class IntakeError(Exception):
    """Events were not recorded."""


class IntakeOverloadedError(IntakeError):
    """More events wait than intake can hold. They may be sent again."""


class IntakeUnavailableError(IntakeError):
    """The database is away, or somebody else was faster too many times. The events may be sent again."""


class EventRefusedError(IntakeError):
    """The database will never take these events, because of what they hold."""


async def record(line: Line, events: Sequence[Incoming]) -> list[Outcome]:
    """Record events in one transaction, and tell what became of each, in their order.

    Raises IntakeUnavailableError, or EventRefusedError when one of them is at fault.
    """
    known: frozenset[str] = frozenset()
    for attempt in range(_ATTEMPTS):
        fresh = _distinct(events, known)
        try:
            await _attempt(line, list(fresh.values()))
        except OvertakenError as overtaken:
            known |= overtaken.known
        except _ClashError:
            await asyncio.sleep(random.uniform(0, 0.02) * attempt)  # noqa: S311  (spreads retries, guards nothing)
        else:
            # Popping makes the first event of a message the new one, and every other a known one.
            return [Accepted(event.message_id, new=fresh.pop(event.message_id, None) is not None) for event in events]
    raise IntakeUnavailableError(f"overtaken {_ATTEMPTS} times")


class _ClashError(Exception):
    """Two transactions waited for each other. Another try is worth it."""


async def _attempt(line: Line, events: Sequence[Incoming]) -> None:
    if not events:
        return
    async with _told_apart(), line.transaction() as connection:
        await event_log.record(connection, events)


@contextlib.asynccontextmanager
async def _told_apart() -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        code = error.sqlstate or ""
        if code in _CLASHES:
            raise _ClashError(code) from error
        if code.startswith(_REFUSALS):
            raise EventRefusedError(code) from error
        raise IntakeUnavailableError(code) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:  # TimeoutError is an OSError
        raise IntakeUnavailableError(type(error).__name__) from error


def _distinct(events: Sequence[Incoming], known: frozenset[str]) -> dict[str, Incoming]:
    """The first event of each `message_id` that is not known yet."""
    fresh: dict[str, Incoming] = {}
    for event in events:
        if event.message_id not in known:
            fresh.setdefault(event.message_id, event)
    return fresh
