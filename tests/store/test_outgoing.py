"""What the outbox says of an event beside its name: the traits that came with it, and whether it was imported."""

from typing import Any

from rules.names import EVERY_TRAIT
from store import outbox
from store.intake import Intake
from store.outbox import lane_of
from store.session import Database
from tests.store.happening import happened, owner, rows


async def outgoing(database: Database, message_id: str) -> tuple[Any, ...]:
    (row,) = await rows(
        database,
        "SELECT o.traits, o.backfill FROM outbox o JOIN events USING (seq) WHERE message_id = :id",
        id=message_id,
    )
    return row


async def test_the_outbox_names_the_traits_that_came_with_an_event(intake: Intake, database: Database) -> None:
    first = happened("Identified", user_id="u1", traits={"city": "Visby", "plan": None}, hints={"locale": "sv"})
    again = happened(user_id="u1", hints={"locale": "en", "timezone": "Europe/Stockholm"})
    odd = happened(user_id="u1", traits={'a "quoted", {odd} \\ name': 1})
    for event in (first, again, odd):
        await intake.accept([event])
    assert sorted((await outgoing(database, first.message_id))[0]) == ["city", "locale", "plan"]
    assert await outgoing(database, again.message_id) == (["timezone"], False)
    assert await outgoing(database, odd.message_id) == (['a "quoted", {odd} \\ name'], False)


async def test_after_two_contacts_became_one_any_trait_may_have_changed(intake: Intake, database: Database) -> None:
    await intake.accept([happened(anonymous_id="x1", traits={"city": "Visby"}), happened(user_id="u1")])
    link = happened("Identified", user_id="u1", anonymous_id="x1")
    await intake.accept([link])
    assert await outgoing(database, link.message_id) == ([EVERY_TRAIT], False)


async def test_events_of_one_group_keep_their_own_traits_and_origin(intake: Intake, database: Database) -> None:
    past, now = happened(user_id="u1", traits={"city": "Visby"}, backfill=True), happened(user_id="u1")
    await intake.accept([past, now])
    assert await outgoing(database, past.message_id) == (["city"], True)
    assert await outgoing(database, now.message_id) == ([], False)
    async with database.transaction() as session:
        waiting, _ = await outbox.take(session, lane_of(await owner(database, past.message_id)), 10)
    assert (waiting.traits, waiting.backfill, waiting.occurred_at) == (("city",), True, past.occurred_at)
