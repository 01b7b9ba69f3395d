"""Segments, stages and dates are kept current by events, by traits and by time, and every change is told."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from store import outbox, upkeep
from store.incoming import Statement
from store.outbox import LANES
from tests.store.happening import rows, value
from tests.store.keeping import BOUGHT, GONE_QUIET, Keeping, ago


async def test_an_event_lets_a_contact_enter_and_that_is_told(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    await keeping.fill()
    await keeping.happens("anna", "Order Completed")
    await keeping.happens("bert", "Product Viewed")
    await keeping.route()
    assert await keeping.members("buyers") == {"anna"}
    assert await keeping.told() == [("anna", "entered", "buyers")]


async def test_a_trait_lets_a_contact_enter_leave_and_enter_anew(keeping: Keeping) -> None:
    await keeping.publish(gold={"trait": "plan", "is": "gold"})
    await keeping.fill()
    for plan in ("gold", "basic", "gold"):
        await keeping.happens("anna", "Plan Told", traits={"plan": plan})
        await keeping.route()
    assert [word for _, word, _ in await keeping.told()] == ["entered", "left", "entered"]
    assert await keeping.members("gold") == {"anna"}


async def test_what_does_not_concern_a_segment_is_not_looked_at(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    await keeping.happens("anna", "Order Completed")
    await keeping.fill()
    # Nobody would write this; it shows that the next event looks at nobody's membership.
    async with keeping.database.transaction() as session:
        await session.execute(text("DELETE FROM memberships"))
    await keeping.happens("anna", "Product Viewed", traits={"city": "Turku"})
    async with keeping.database.transaction() as session:
        await session.execute(text("DELETE FROM outbox WHERE seq = (SELECT min(seq) FROM outbox)"))
    await keeping.route()
    assert await keeping.members("buyers") == set()


async def test_a_topic_counts_from_the_word_that_was_said_about_it(keeping: Keeping) -> None:
    await keeping.publish(readers={"topic": "news"})
    await keeping.fill()
    for name, yes in (("Subscribed", True), ("Unsubscribed", False)):
        await keeping.happens("anna", name, consents=(Statement("news", yes),))
        await keeping.route()
    assert [word for _, word, _ in await keeping.told()] == ["entered", "left"]


async def test_time_alone_lets_contacts_enter_and_leave(keeping: Keeping) -> None:
    await keeping.publish(warm={**BOUGHT, "within": "2s"}, cold={"all": [BOUGHT, {"not": {**BOUGHT, "within": "2s"}}]})
    await keeping.fill()
    await keeping.happens("anna", "Order Completed")
    await keeping.route()
    assert await keeping.due() == [("anna", "segment", "cold"), ("anna", "segment", "warm")]
    assert (await keeping.sweep()).entered == 0
    await asyncio.sleep(2.1)
    await keeping.sweep()
    assert await keeping.told() == [
        ("anna", "entered", "warm"),
        ("anna", "left", "warm"),
        ("anna", "entered", "cold"),
    ]
    assert await keeping.due() == []


async def test_a_new_order_puts_off_what_was_due(keeping: Keeping) -> None:
    await keeping.publish(cold=GONE_QUIET)
    await keeping.fill()
    await keeping.happens("anna", "Order Completed", occurred_at=ago(days=29))
    await keeping.route()
    first = await value(keeping.database, "SELECT at FROM due")
    await keeping.happens("anna", "Order Completed")
    await keeping.route()
    assert await value(keeping.database, "SELECT at FROM due") - first > timedelta(days=28)


async def test_the_same_events_again_tell_nothing_again(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    await keeping.fill()
    await keeping.happens("anna", "Order Completed")
    kept = await rows(keeping.database, "TABLE outbox")
    assert len(kept) == 1
    for _ in range(2):
        async with keeping.database.transaction() as session:
            waiting = [each for lane in range(LANES) for each in await outbox.take(session, lane, 9)]
            await upkeep.keep(session, keeping.watch, upkeep.told_by(waiting))
    assert len(await keeping.told()) == 1


async def test_whoever_is_new_is_looked_at_for_what_holds_of_everybody(keeping: Keeping) -> None:
    await keeping.publish(not_bought={"not": BOUGHT}, buyers=BOUGHT)
    await keeping.fill()
    await keeping.happens("anna")
    await keeping.route()
    assert await keeping.told() == [("anna", "entered", "not-bought")]


async def test_a_segment_in_a_segment_follows_what_the_inner_one_needs(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT, rich={"all": [{"segment": "buyers"}, {"trait": "rich", "is": True}]})
    await keeping.fill()
    await keeping.happens("anna", "Plan Told", traits={"rich": True})
    await keeping.route()
    await keeping.happens("anna", "Order Completed")
    await keeping.route()
    assert set(await keeping.told()) == {("anna", "entered", "buyers"), ("anna", "entered", "rich")}


async def test_imported_events_move_people_without_telling_anybody(keeping: Keeping) -> None:
    await keeping.publish(buyers=BOUGHT)
    await keeping.fill()
    await keeping.happens("anna", "Order Completed", backfill=True, occurred_at=ago(days=90))
    await keeping.route()
    assert await keeping.members("buyers") == {"anna"}
    assert await keeping.told() == []


LIFECYCLE: dict[str, Any] = {
    "lapsed": {"all": [BOUGHT, {"not": {**BOUGHT, "within": "2s"}}]},
    "repeat": {**BOUGHT, "times": {"at_least": 2}},
    "customer": BOUGHT,
    "lead": None,
}


async def test_stages_change_by_events_and_by_time_and_come_round(keeping: Keeping) -> None:
    await keeping.stages(**LIFECYCLE)
    await keeping.fill()
    await keeping.happens("anna")
    await keeping.route()
    await keeping.happens("anna", "Order Completed")
    await keeping.route()
    await asyncio.sleep(2.1)
    await keeping.sweep()
    await keeping.happens("anna", "Order Completed")
    await keeping.route()
    assert [stage for _, _, stage in await keeping.told()] == ["lead", "customer", "lapsed", "repeat"]
    assert await value(keeping.database, "SELECT stage FROM contacts") == "repeat"
    changes = "SELECT properties ->> 'from' FROM events WHERE name = 'Stage Changed' ORDER BY seq"
    went = await rows(keeping.database, changes)
    assert went == [(None,), ("lead",), ("customer",), ("lapsed",)]
