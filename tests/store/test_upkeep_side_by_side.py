"""Routers and sweeps keep the same contacts at the same time: nobody waits for ever, no change is lost or doubled."""

import asyncio
from collections import Counter
from datetime import timedelta

from sqlalchemy import text

from rules.upkeep import Change
from store import backfill, due, upkeep
from store.knowledge import Watch
from store.outcome import Tally
from tests.store.happening import rows, value
from tests.store.keeping import BOUGHT, ZONE, Keeping, ago

USERS = [f"user-{number:03}" for number in range(120)]
COLD = {"all": [BOUGHT, {"not": {**BOUGHT, "within": "30d"}}]}


async def crowd(keeping: Keeping) -> None:
    """Everybody bought something 31 days ago, and nobody has noticed yet that this was long ago."""
    await keeping.publish(cold=COLD)
    await keeping.fill()
    for user in USERS:
        await keeping.happens(user, "Order Completed", occurred_at=ago(days=29, hours=23))
    await keeping.route()
    async with keeping.database.transaction() as session:
        await session.execute(text("UPDATE events SET occurred_at = occurred_at - interval '2 hours'"))
        await session.execute(text("UPDATE due SET at = at - interval '2 hours'"))


async def sweep(keeping: Keeping, limit: int) -> tuple[int, Tally]:
    """One sweep of several, with a memory of its own."""
    watch, number, whole = Watch(ZONE), 0, Tally()
    while True:
        async with keeping.database.transaction() as session:
            done, tally = await upkeep.work_off(session, watch, limit)
        number, whole = number + done, whole + tally
        if not done:
            return number, whole


async def test_two_sweeps_share_what_is_due(keeping: Keeping) -> None:
    await crowd(keeping)
    first, second = await asyncio.gather(sweep(keeping, 10), sweep(keeping, 10))
    assert min(first[0], second[0]) > 0
    assert (first[1] + second[1]).entered == len(USERS)
    assert Counter(await keeping.told()) == {(user, "entered", "cold"): 1 for user in USERS}


async def test_routers_sweeps_and_back_fills_keep_the_same_contacts_without_deadlock(keeping: Keeping) -> None:
    await crowd(keeping)
    contacts = [contact for (contact,) in await rows(keeping.database, "SELECT id FROM contacts")]

    async def router(step: int) -> None:
        watch = Watch(ZONE)
        for start in range(0, len(contacts), 20):
            some = (contacts[start : start + 40])[::step]
            async with keeping.database.transaction() as session:
                changes = [Change(contact, frozenset({"Order Completed"})) for contact in some]
                await upkeep.keep(session, watch, changes)

    await keeping.publish(cold=COLD, buyers=BOUGHT)
    work = [
        router(1),
        router(-1),
        router(-1),
        sweep(keeping, 7),
        sweep(keeping, 7),
        fill_all(keeping),
        fill_all(keeping),
    ]
    await asyncio.wait_for(asyncio.gather(*work), timeout=60)
    assert await keeping.members("cold") == set(USERS) == await keeping.members("buyers")
    assert Counter(each for each in await keeping.told() if each[2] == "cold") == {
        (user, "entered", "cold"): 1 for user in USERS
    }


async def fill_all(keeping: Keeping) -> None:
    watch = Watch(ZONE)
    for _ in range(40):
        async with keeping.database.transaction() as session:
            await backfill.fill(session, watch, 9)


async def test_publishing_waits_for_those_who_keep_by_the_old_definition(keeping: Keeping) -> None:
    await keeping.publish(chosen=BOUGHT)
    await keeping.fill()
    await keeping.happens("anna", "Order Completed")
    anna = await value(keeping.database, "SELECT id FROM contacts")
    async with keeping.database.transaction() as session:
        await upkeep.keep(session, keeping.watch, [Change(anna, frozenset({"Order Completed"}))])
        publishing = asyncio.create_task(keeping.publish(chosen={"not": BOUGHT}))
        await asyncio.sleep(0.3)
        assert not publishing.done()
    await publishing
    await keeping.fill()
    assert await keeping.members("chosen") == set()


async def test_what_happens_while_somebody_looks_is_looked_at_afterwards(keeping: Keeping) -> None:
    await keeping.publish(inside={"in_journey": "tried"})
    await keeping.fill()
    await keeping.happens("anna")
    anna = await value(keeping.database, "SELECT id FROM contacts")
    async with keeping.database.transaction() as session:
        await due.look_at_all(session, [anna])
    async with keeping.database.transaction() as looking:
        now = await upkeep.clock(looking)
        await asyncio.sleep(0.01)
        async with keeping.database.transaction() as session:
            await due.look_at_all(session, [anna])
        await due.looked(looking, [anna], now)
    assert await keeping.due() == [("anna", "look", "all")]
    assert await value(keeping.database, "SELECT at FROM due") - now < timedelta(minutes=1)
