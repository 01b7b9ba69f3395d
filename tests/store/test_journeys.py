"""Published journeys: versions by content, withdrawn, paused."""

import asyncio
from typing import Any

import pytest

from rules.journey import Journey
from store import journeys
from store.journeys import Published, VersionMissing, VersionUnreadable
from store.session import Database
from tests.store.happening import rows


def journey(name: str = "tried", **changes: Any) -> Journey:
    says: dict[str, Any] = {
        "journey": name,
        "title": "Tried",
        "class": "transactional",
        "trigger": {"event": "Signed Up"},
        "steps": [{"send": "hello"}],
    }
    return Journey.model_validate(says | changes)


async def publish(database: Database, definition: Journey) -> Published:
    async with database.transaction() as session:
        return await journeys.publish(session, definition)


async def live(database: Database) -> dict[str, int]:
    async with database.transaction() as session:
        return await journeys.live_versions(session)


async def test_the_same_content_keeps_its_version(database: Database) -> None:
    assert await publish(database, journey()) == Published("tried", 1, new=True)
    assert await publish(database, journey()) == Published("tried", 1, new=False)
    spelled_out = journey(re_entry="never", trigger=[{"event": ["Signed Up"]}])
    assert await publish(database, spelled_out) == Published("tried", 1, new=False)
    assert len(await rows(database, "SELECT * FROM journey_versions")) == 1


async def test_changed_content_is_the_next_version_and_old_content_has_its_old_number(database: Database) -> None:
    await publish(database, journey())
    assert await publish(database, journey(title="Changed")) == Published("tried", 2, new=True)
    assert await live(database) == {"tried": 2}
    assert await publish(database, journey()) == Published("tried", 1, new=False)
    assert await live(database) == {"tried": 1}
    assert await publish(database, journey(title="Third")) == Published("tried", 3, new=True)


async def test_processes_that_apply_at_once_make_one_version(database: Database) -> None:
    made = await asyncio.gather(*(publish(database, journey()) for _ in range(5)))
    assert {each.version for each in made} == {1}
    assert sum(each.new for each in made) == 1


async def test_what_was_published_is_read_back_as_it_was(database: Database) -> None:
    told = journey(
        steps=[
            {"wait": "90m", "restart_on": ["Product Added"]},
            {"wait_until": {"time": "09:30", "weekday": ["mon", "fri"]}},
            {"branch": [{"when": {"trait": "plan", "is": "gold"}, "then": [{"send": "hello"}]}]},
        ],
        goal={"event": "Order Completed", "within": "5d"},
    )
    await publish(database, told)
    async with database.transaction() as session:
        read = await journeys.definition(session, "tried", 1)
    assert read == told
    assert journeys.digest(read) == journeys.digest(told)


async def test_a_version_that_was_never_published_is_missing(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(VersionMissing):
            await journeys.definition(session, "tried", 1)


async def test_a_version_of_newer_code_is_unreadable(database: Database) -> None:
    await publish(database, journey())
    await rows(
        database, 'UPDATE journey_versions SET definition = definition || \'{"steps": [{"fly": 1}]}\' RETURNING 1'
    )
    async with database.transaction() as session:
        with pytest.raises(VersionUnreadable):
            await journeys.definition(session, "tried", 1)


async def test_a_withdrawn_journey_takes_nobody_and_comes_back_as_it_was(database: Database) -> None:
    await publish(database, journey())
    await publish(database, journey("kept"))
    async with database.transaction() as session:
        assert await journeys.withdraw(session, ["kept"]) == ["tried"]
        assert await journeys.withdraw(session, ["kept"]) == []
    assert await live(database) == {"kept": 1}
    async with database.transaction() as session:
        assert (await journeys.definition(session, "tried", 1)).journey == "tried"
    assert await publish(database, journey()) == Published("tried", 1, new=False)
    assert await live(database) == {"kept": 1, "tried": 1}


async def test_pausing_again_keeps_the_first_moment_and_outlives_a_new_version(database: Database) -> None:
    await publish(database, journey())
    async with database.transaction() as session:
        assert await journeys.pause(session, "tried")
        since = await journeys.paused_at(session, "tried")
    async with database.transaction() as session:
        await journeys.pause(session, "tried")
    await publish(database, journey(title="Changed"))
    async with database.transaction() as session:
        assert await journeys.paused_at(session, "tried") == since is not None
        assert await journeys.resume(session, "tried")
        assert await journeys.paused_at(session, "tried") is None
        assert not await journeys.pause(session, "unheard of")
        assert not await journeys.resume(session, "unheard of")
