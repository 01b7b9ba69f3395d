"""The dates that start journeys: each contact's next one is known, and told when it has come."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from tests.store.happening import rows, value
from tests.store.keeping import Keeping

TODAY = datetime.now(UTC).date()


def birthday(in_days: int) -> str:
    """A birthday that comes round in so many days."""
    day = TODAY + timedelta(days=in_days)
    return f"1980-{day:%m-%d}"


async def come(keeping: Keeping) -> None:
    """What stands on the due-list has come a moment ago, as it would have if nobody had looked for a while."""
    async with keeping.database.transaction() as session:
        await session.execute(text("UPDATE due SET at = now() - interval '1 second'"))


async def day(keeping: Keeping) -> Any:
    return await value(keeping.database, "SELECT day FROM due")


async def test_the_next_birthday_stands_on_the_list_once_the_trait_is_told(keeping: Keeping) -> None:
    await keeping.journey(date="birthday", yearly=True)
    await keeping.fill()
    await keeping.happens("anna", traits={"birthday": birthday(3)})
    await keeping.route()
    assert await keeping.due() == [("anna", "date", "tried#0")]
    assert await day(keeping) == (TODAY + timedelta(days=3)).isoformat()


async def test_a_corrected_birthday_moves_what_is_due_and_a_removed_one_takes_it_off(keeping: Keeping) -> None:
    await keeping.journey(date="birthday", yearly=True)
    await keeping.fill()
    for traits, left in (({"birthday": birthday(3)}, 1), ({"birthday": birthday(9)}, 1), ({"birthday": None}, 0)):
        await keeping.happens("anna", traits=traits)
        await keeping.route()
        assert len(await keeping.due()) == left
    assert await keeping.told() == []


async def test_a_date_that_has_come_is_told_once_and_the_next_one_is_a_year_away(keeping: Keeping) -> None:
    await keeping.journey(date="renewal", time="00:00")
    await keeping.fill()
    await keeping.happens("anna", traits={"renewal": (TODAY + timedelta(days=2)).isoformat()})
    await keeping.route()
    expected = await value(keeping.database, "SELECT at FROM due")
    # The date comes nearer, as if days had passed: in the trait, and in what was noted of it.
    yesterday = str(TODAY - timedelta(days=1))
    async with keeping.database.transaction() as session:
        told = "UPDATE contacts SET traits = jsonb_build_object('renewal', cast(:day AS text))"
        await session.execute(text(told), {"day": yesterday})
        await session.execute(text("UPDATE due SET at = at - interval '3 days', day = :day"), {"day": yesterday})
    await keeping.sweep()
    await keeping.sweep()
    assert await keeping.told() == [("anna", "date", yesterday)]
    ((properties, at),) = await rows(
        keeping.database, "SELECT properties, occurred_at FROM events WHERE name = 'Date Reached'"
    )
    assert properties == {"journey": "tried", "trait": "renewal", "date": yesterday}
    assert abs(expected - timedelta(days=3) - at) <= timedelta(hours=1)  # a clock change may lie between
    assert await keeping.due() == []


async def test_what_was_due_by_a_date_that_is_no_longer_true_is_not_told(keeping: Keeping) -> None:
    await keeping.journey(date="birthday", yearly=True)
    await keeping.fill()
    await keeping.happens("anna", traits={"birthday": birthday(3)})
    await keeping.route()
    await come(keeping)
    await keeping.sweep()
    assert await keeping.told() == []
    assert await day(keeping) == (TODAY + timedelta(days=3)).isoformat()


async def test_a_journey_with_two_dates_has_two_of_them_on_the_list_and_none_when_it_is_withdrawn(
    keeping: Keeping,
) -> None:
    await keeping.happens("anna", traits={"birthday": birthday(40), "children": [{"birthday": birthday(50)}]})
    await keeping.route()
    await keeping.journeys([{"date": "birthday", "yearly": True}, {"date": "children.birthday", "yearly": True}])
    await keeping.fill()
    assert await keeping.due() == [("anna", "date", "tried#0"), ("anna", "date", "tried#1")]
    await keeping.journeys([{"date": "birthday", "yearly": True}])
    await keeping.fill()
    assert await keeping.due() == [("anna", "date", "tried#0")]
    async with keeping.database.transaction() as session:
        await session.execute(text("UPDATE journeys SET live_version = NULL"))
    await keeping.follow()
    await keeping.fill()
    assert await keeping.due() == []
