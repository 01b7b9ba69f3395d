"""What contacts and operators do to runs under way: unsubscribe, pause, resume, end."""

from datetime import timedelta
from email.message import Message

from tests.end_to_end.person import MUG, NewPerson, Person
from tests.end_to_end.running import Running

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ONE_CLICK = "List-Unsubscribe=One-Click"


async def one_click(stack: Running, mail: Message) -> None:
    """Unsubscribe as a mail program does (RFC 8058): a POST of one field to the address in the header."""
    assert str(mail["List-Unsubscribe-Post"]) == ONE_CLICK
    url = "".join(str(mail["List-Unsubscribe"]).split()).strip("<>")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await stack.api.post(url, content=ONE_CLICK, headers=form)
    assert answer.status_code == 200, answer.text


async def test_one_click_ends_every_marketing_journey_and_the_letter_in_the_queue_is_not_sent(
    shop_stack: Running, person: Person
) -> None:
    await person.comes()
    welcome = await person.gets("welcome-thanks")
    await person.orders("o-1")  # a transactional journey, which an unsubscription leaves alone
    await person.does("Product Added", cart_id="c-1", **MUG)
    await shop_stack.part("mailbox").stop()
    try:
        await person.forward("cart-abandonment", HOUR + MINUTE)
        await person.tried("cart-reminder")
        await one_click(shop_stack, welcome)
        await person.stands("cart-abandonment", "ended", "Unsubscribed")
        row = await person.settled("cart-reminder")
        assert (row["state"], row["reason"]) == ("cancelled", "Unsubscribed")
    finally:
        await shop_stack.start("mailbox")
    await person.stands("order-thanks", "active", key="o-1")
    await person.gets("order-thanks")
    assert "cart-reminder" not in await person.letters()


async def test_who_unsubscribes_and_subscribes_again_is_not_welcomed_twice(shop_stack: Running, person: Person) -> None:
    await person.comes()
    await one_click(shop_stack, await person.gets("welcome-thanks"))
    await person.stands("welcome", "ended", "Unsubscribed")
    await person.does("Subscribed", topic="offers")
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.forward("cart-abandonment", HOUR + MINUTE)
    await person.gets("cart-reminder")  # the new subscription counts
    assert len(await person.enrolments("welcome")) == 1
    assert (await person.letters()).count("welcome-thanks") == 1


async def test_a_paused_journey_holds_everybody_and_lets_them_go_on(shop_stack: Running, new_person: NewPerson) -> None:
    people = [new_person() for _ in range(3)]
    for each in people:
        await each.comes()
        await each.does("Product Added", cart_id="c-1", **MUG)
    paused = await shop_stack.admin("POST", "/v1/admin/journeys/cart-abandonment/pause")
    assert paused["paused_at"] is not None
    try:
        for each in people:
            await each.forward("cart-abandonment", HOUR + MINUTE)
            await each.stands("cart-abandonment", "held")
            assert "cart-reminder" not in {row["letter"] for row in await each.messages()}
        # Whoever buys while everybody is held, leaves.
        await people[0].orders("o-1")
        await people[0].stands("cart-abandonment", "ended", "Order Completed")
    finally:
        resumed = await shop_stack.admin("POST", "/v1/admin/journeys/cart-abandonment/resume")
    assert resumed["paused_at"] is None
    for each in people[1:]:
        await each.gets("cart-reminder")
        await each.stands("cart-abandonment", "active")
    assert "cart-reminder" not in await people[0].letters()


async def test_one_run_is_paused_and_what_was_due_comes_after_it_is_resumed(person: Person) -> None:
    await person.comes()
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.steer("cart-abandonment", "pause")
    await person.stands("cart-abandonment", "paused")
    await person.forward("cart-abandonment", HOUR + MINUTE)
    assert "cart-reminder" not in {row["letter"] for row in await person.messages()}
    await person.steer("cart-abandonment", "resume")
    await person.gets("cart-reminder")
    await person.stands("cart-abandonment", "active")


async def test_an_operator_ends_one_run_with_a_reason(person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    await person.steer("welcome", "end")
    await person.stands("welcome", "ended", "by an operator")
    assert await person.letters() == ["welcome-thanks"]
