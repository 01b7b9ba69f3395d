"""Parts are away for a while, or are stopped in the middle of their work, and nothing is lost."""

from datetime import timedelta

from tests.end_to_end.person import MUG, NewPerson, Person
from tests.end_to_end.running import SERVERS, Running, until
from tests.end_to_end.slow_line import slow_line

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PRODUCT = ("api", "worker")


async def test_events_are_taken_while_temporal_is_away_and_routed_in_their_order_afterwards(
    shop_stack: Running, new_person: NewPerson
) -> None:
    subscribes_first, orders_first = new_person(), new_person()
    await shop_stack.kill("temporal")
    try:
        await subscribes_first.comes()
        await subscribes_first.orders("o-1")
        await orders_first.comes(subscribes=False)
        await orders_first.orders("o-2")
        await orders_first.does("Subscribed", topic="offers")
        plain = {"event": "Product Viewed", "userId": orders_first.user}
        key = (shop_stack.environment["KUNDRESA_WRITE_KEYS"], "")
        assert (await shop_stack.api.post("/v1/events", json=plain, auth=key)).status_code == 202
        assert not await orders_first.routed()
    finally:
        await shop_stack.start("temporal")
    # The order came after the subscription, and ended the welcome before a letter could leave.
    await subscribes_first.gets("order-thanks")
    await subscribes_first.stands("welcome", "ended", "Order Completed")
    assert await subscribes_first.letters() == ["order-thanks"]
    # The order came before the subscription: it says nothing about the welcome.
    await orders_first.gets("order-thanks")
    await orders_first.gets("welcome-thanks")
    await orders_first.stands("welcome", "active")


async def test_a_worker_that_is_told_to_stop_finishes_the_letters_under_way(
    shop_stack: Running, new_person: NewPerson
) -> None:
    people = [new_person() for _ in range(20)]
    whose = "SELECT state, attempts FROM messages WHERE recipient = ANY($1)"
    addresses = [each.address for each in people]
    relay = shop_stack.environment["KUNDRESA_SMTP_URL"]
    worker = shop_stack.part("worker")
    await worker.stop()
    async with slow_line(shop_stack.ports.smtp, 0.5) as line:
        shop_stack.environment["KUNDRESA_SMTP_URL"] = f"smtp://127.0.0.1:{line}"
        try:
            for each in people:
                await each.comes(subscribes=False)
                await each.orders("o-1")
            await shop_stack.start("worker")

            async def under_way() -> bool:
                states = [row["state"] for row in await shop_stack.rows(whose, addresses)]
                return states.count("dot_pending") >= 2 and states.count("sent") >= 1

            await until(under_way, "letters are under way", every=0.01)
            await worker.stop()
            assert worker.ending() == "exit code 0"
            stopped = [row["state"] for row in await shop_stack.rows(whose, addresses)]
            assert set(stopped) <= {"sent", "claimed"}  # none is in doubt
            assert stopped.count("sent") >= 3
        finally:
            shop_stack.environment["KUNDRESA_SMTP_URL"] = relay
            if worker.pid is None:
                await shop_stack.start("worker")
    for each in people:
        await each.gets("order-thanks")
        assert await each.letters() == ["order-thanks"]


async def test_a_stack_that_was_stopped_resumes_its_sleeping_runs(shop_stack: Running, person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.forward("cart-abandonment", 30 * MINUTE)
    await shop_stack.stack.stop()
    await shop_stack.start(*SERVERS)
    await shop_stack.start(*PRODUCT)
    await person.forward("cart-abandonment", 31 * MINUTE)
    await person.gets("cart-reminder")
    assert await person.letters() == ["welcome-thanks", "cart-reminder"]
