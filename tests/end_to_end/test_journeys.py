"""The shipped journeys, end to end: events over HTTP, runs on a real Temporal server, mails over SMTP."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from tests.end_to_end.person import MUG, THROW, Person, text_of

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


async def test_a_newcomer_gets_three_letters_the_last_at_half_past_nine_on_a_working_day(person: Person) -> None:
    await person.comes(timezone="America/Los_Angeles")
    await person.gets("welcome-thanks")
    await person.forward("welcome", 2 * DAY + MINUTE)
    await person.gets("welcome-story")
    await person.forward("welcome", 4 * DAY + HOUR)
    mail = await person.gets("welcome-favourites")
    await person.stands("welcome", "ended", "completed")
    assert await person.letters() == ["welcome-thanks", "welcome-story", "welcome-favourites"]
    date = parsedate_to_datetime(str(mail["Date"])).astimezone(ZoneInfo("America/Los_Angeles"))
    assert (date.hour, date.minute) == (9, 30)
    assert date.weekday() < 5


async def test_a_newcomer_who_orders_needs_no_introduction(person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    await person.orders("o-1")
    await person.stands("welcome", "ended", "Order Completed")
    await person.gets("order-thanks")
    assert await person.letters() == ["welcome-thanks", "order-thanks"]
    (enrolment,) = await person.enrolments("welcome")
    assert enrolment["goal_at"] is not None


async def test_an_abandoned_cart_is_reminded_of_twice_with_what_is_in_it(person: Person) -> None:
    await person.comes()
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.does("Product Added", cart_id="c-1", **THROW)
    await person.forward("cart-abandonment", HOUR + MINUTE)
    text = text_of(await person.gets("cart-reminder"))
    assert "Birch mug" in text
    assert "Wool throw" in text
    assert "€126.00" in text
    await person.forward("cart-abandonment", 23 * HOUR + MINUTE)
    await person.gets("cart-last-call")
    await person.stands("cart-abandonment", "ended", "completed")
    assert [letter for letter in await person.letters() if letter.startswith("cart")] == [
        "cart-reminder",
        "cart-last-call",
    ]


async def test_who_buys_gets_no_reminder(person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.forward("cart-abandonment", 59 * MINUTE)
    await person.orders("o-1")
    await person.stands("cart-abandonment", "ended", "Order Completed")
    await person.gets("order-thanks")
    assert await person.letters() == ["welcome-thanks", "order-thanks"]
    assert {row["letter"] for row in await person.messages()} == {"welcome-thanks", "order-thanks"}


async def test_the_quiet_hour_begins_anew_with_every_change_of_the_cart(person: Person) -> None:
    await person.comes()
    await person.does("Product Added", cart_id="c-1", **MUG)
    first = await person.waits_until("cart-abandonment")
    await person.forward("cart-abandonment", 50 * MINUTE)
    await person.does("Product Added", cart_id="c-1", **THROW)
    second = await person.waits_until("cart-abandonment")
    assert second - first > 49 * MINUTE
    await person.forward("cart-abandonment", 50 * MINUTE)
    assert "cart-reminder" not in {row["letter"] for row in await person.messages()}
    await person.forward("cart-abandonment", 11 * MINUTE)
    assert "Wool throw" in text_of(await person.gets("cart-reminder"))


async def test_who_clicks_gets_no_second_reminder(person: Person) -> None:
    await person.comes()
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.forward("cart-abandonment", HOUR + MINUTE)
    await person.gets("cart-reminder")
    await person.does("Email Link Clicked", url="https://shop.example/cart")
    await person.stands("cart-abandonment", "ended", "completed")
    assert "cart-last-call" not in await person.letters()


async def test_each_order_has_a_run_of_its_own_and_a_refund_ends_only_that_one(person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    await person.orders("o-1")
    await person.orders("o-2")
    await person.stands("order-thanks", "active", key="o-1")
    await person.stands("order-thanks", "active", key="o-2")
    await person.does("Order Refunded", order_id="o-1")
    await person.stands("order-thanks", "ended", "Order Refunded", key="o-1")
    await person.forward("order-thanks", 14 * DAY + MINUTE, key="o-2")
    await person.gets("order-review")
    await person.stands("order-thanks", "ended", "completed", key="o-2")
    assert sorted(await person.letters()) == ["order-review", "order-thanks", "order-thanks", "welcome-thanks"]


async def test_without_a_subscription_no_marketing_leaves_and_a_row_says_why(person: Person) -> None:
    await person.comes(subscribes=False)
    await person.orders("o-1")
    await person.gets("order-thanks")  # transactional: needs no subscription
    await person.forward("order-thanks", 14 * DAY + MINUTE, key="o-1")
    row = await person.settled("order-review")
    assert (row["state"], row["reason"], row["attempts"]) == ("unsubscribed", "never subscribed to offers", [])
    await person.stands("order-thanks", "ended", "completed", key="o-1")
    assert await person.letters() == ["order-thanks"]


async def test_the_same_event_again_changes_nothing(person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    order = await person.orders("o-1")
    await person.gets("order-thanks")
    await person.shop.say(order)
    await person.shop.say({**order, "properties": {**order["properties"], "order_id": "another"}})
    await person.does("Product Viewed", product_id="mug-birch")
    assert len(await person.enrolments("order-thanks", "o-1")) == 1
    assert await person.enrolments("order-thanks", "another") == []
    assert sorted(await person.letters()) == ["order-thanks", "welcome-thanks"]
