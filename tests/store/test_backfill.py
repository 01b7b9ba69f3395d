"""Back-fill: what is new is filled in for everybody in batches, goes on after a crash, and causes no events."""

from uuid import UUID

import pytest
from sqlalchemy import text

from store import backfill, fills
from tests.store.happening import rows, value
from tests.store.keeping import BOUGHT, GONE_QUIET, Keeping, ago

_LEFT = "SELECT 1 FROM memberships UNION ALL SELECT 2 FROM due UNION ALL SELECT 3 FROM fills"
USERS = [f"user-{number:02}" for number in range(23)]
BUYERS = set(USERS[::3])


async def crowd(keeping: Keeping) -> None:
    """Contacts, of whom every third has bought something 29 days ago."""
    for user in USERS:
        name = "Order Completed" if user in BUYERS else "Product Viewed"
        await keeping.happens(user, name, occurred_at=ago(days=29), properties={"total": 10})
    await keeping.route()


async def crash(keeping: Keeping) -> None:
    """Fail after the work of a batch, before its commit."""
    async with keeping.database.transaction() as session:
        await backfill.fill(session, keeping.watch, 10)
        raise ZeroDivisionError


async def test_a_new_segment_is_filled_in_and_nobody_is_said_to_have_entered(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.publish(buyers=BOUGHT, quiet=GONE_QUIET)
    assert await keeping.members("buyers") == set()
    await keeping.fill(limit=5)
    assert await keeping.members("buyers") == BUYERS
    assert await keeping.members("quiet") == set()
    assert {user for user, _, name in await keeping.due() if name == "quiet"} == BUYERS
    assert await keeping.told() == []
    assert await rows(keeping.database, "SELECT DISTINCT seen FROM fills") == [(len(USERS),)]


async def test_a_crash_in_the_middle_loses_one_batch_and_nothing_else(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.publish(buyers=BOUGHT)
    async with keeping.database.transaction() as session:
        await backfill.fill(session, keeping.watch, 10)
    with pytest.raises(ZeroDivisionError):
        await crash(keeping)
    cursor: UUID = await value(keeping.database, "SELECT cursor FROM fills")
    assert await value(keeping.database, "SELECT seen FROM fills") == 10
    assert await value(keeping.database, "SELECT count(*) FROM memberships WHERE contact_id > :id", id=cursor) == 0
    assert await keeping.fill(limit=10) == 2
    assert await keeping.members("buyers") == BUYERS


async def test_a_changed_segment_lets_in_and_puts_out_without_a_word(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.publish(chosen=BOUGHT)
    await keeping.fill()
    await keeping.publish(chosen={"not": BOUGHT})
    await keeping.fill(limit=7)
    assert await keeping.members("chosen") == set(USERS) - BUYERS
    assert await keeping.told() == []


async def test_a_segment_is_filled_in_again_when_one_that_it_refers_to_changes(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.publish(inner=BOUGHT, outer={"not": {"segment": "inner"}}, other={"event": "Product Viewed"})
    await keeping.fill()
    await keeping.publish(inner={"not": BOUGHT})
    waiting = await rows(keeping.database, "SELECT name FROM fills WHERE filled_at IS NULL ORDER BY name")
    assert waiting == [("inner",), ("outer",)]
    await keeping.fill()
    assert await keeping.members("outer") == BUYERS


async def test_the_same_definition_again_is_not_filled_in_again(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    assert await keeping.fill() == 1
    await keeping.publish(buyers=BOUGHT)
    assert await keeping.fill() == 0


async def test_what_is_withdrawn_leaves_nothing_behind_and_no_event(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.publish(quiet=GONE_QUIET, buyers=BOUGHT)
    await keeping.fill()
    await keeping.withdraw("quiet")
    await keeping.withdraw("buyers")
    await keeping.fill(limit=3)
    assert await rows(keeping.database, _LEFT) == []
    assert await keeping.told() == []


async def test_stages_are_filled_in_and_cleared(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.stages(customer=BOUGHT, lead=None)
    await keeping.fill(limit=6)
    assert await rows(keeping.database, "SELECT stage, count(*) FROM contacts GROUP BY 1 ORDER BY 1") == [
        ("customer", len(BUYERS)),
        ("lead", len(USERS) - len(BUYERS)),
    ]
    async with keeping.database.transaction() as session:
        await session.execute(text("DELETE FROM policies"))
        await fills.follow(session)
    await keeping.fill(limit=6)
    assert await rows(keeping.database, "SELECT DISTINCT stage FROM contacts") == [(None,)]
    assert await rows(keeping.database, "TABLE fills") == []
    assert await keeping.told() == []


async def test_while_it_is_filled_in_only_news_of_known_contacts_are_told(keeping: Keeping) -> None:
    await crowd(keeping)
    await keeping.publish(shoppers={"event": "Product Added"})
    async with keeping.database.transaction() as session:
        await backfill.fill(session, keeping.watch, 10)
    known = {
        user
        for (user,) in await rows(
            keeping.database,
            "SELECT value FROM identities i, fills f WHERE i.kind = 'user' AND i.contact_id <= f.cursor",
        )
    }
    for user in [*USERS, "newcomer"]:
        await keeping.happens(user, "Product Added")
    await keeping.route()
    assert await keeping.members("shoppers") == {*USERS, "newcomer"}
    assert {user for user, _, _ in await keeping.told()} == known | {"newcomer"}
    await keeping.fill(limit=10)
    assert len(await keeping.told()) == len(known) + 1
