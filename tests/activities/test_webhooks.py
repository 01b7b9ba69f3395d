"""Webhooks, called as a worker calls them: from the database to a receiver."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calling import Caller
from activities.orders import LetterOrder, Receipt
from activities.webhooks import CallOrder, Webhooks
from rules.decisions import Verdict
from rules.steps import Call
from store import enrolments, journeys
from tests.activities.office import Office
from tests.activities.receiver import Receiver, receiving

KEY = b"0123456789abcdef0123456789abcdef"


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def webhooks(office: Office) -> Webhooks:
    return Webhooks(office.database, Caller(private=True), KEY)


def ordered(order: LetterOrder, url: str, **more: Any) -> CallOrder:
    told = Call(url=url, traits=("first_name", "address.city"), properties=("shop",))
    return replace(
        CallOrder(order.enrolment, "webhook", 1, told, timedelta(days=3), datetime.now(UTC)),
        **more,
    )


async def called(webhooks: Webhooks, order: CallOrder, attempt: int = 1) -> Receipt:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    receipt: Receipt = await environment.run(webhooks.call, order)
    return receipt


async def test_the_receiver_is_told_ids_and_what_was_chosen_and_can_verify_it(
    office: Office, webhooks: Webhooks, receiver: Receiver
) -> None:
    order = await office.enters()
    assert await called(webhooks, ordered(order, receiver.url)) == Receipt("delivered", "status 204")
    (taken,) = receiver.taken
    assert taken.line == "POST /hook?token=1 HTTP/1.1"
    contact = (await office.row("SELECT id FROM contacts"))["id"]
    assert taken.told["type"] == "journey.step"
    assert taken.told["data"] == {
        "contact_id": str(contact),
        "enrolment_id": str(order.enrolment),
        "journey": "tried",
        "version": 1,
        "step": "webhook",
        "iteration": 1,
        "traits": {"first_name": "Anna-Maria", "address.city": None},
        "properties": {"shop": "s1"},
    }
    identity, timestamp = taken.headers["webhook-id"], taken.headers["webhook-timestamp"]
    signed = hmac.new(KEY, f"{identity}.{timestamp}.".encode() + taken.body, hashlib.sha256).digest()
    assert taken.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"
    assert abs(int(timestamp) - datetime.now(UTC).timestamp()) < 60
    assert await office.decisions("webhook") == [("delivered", "status 204")]


async def test_every_attempt_bears_the_same_id_and_every_round_one_of_its_own(
    office: Office, webhooks: Webhooks, receiver: Receiver
) -> None:
    order = await office.enters()
    for iteration in (1, 1, 2):
        await called(webhooks, ordered(order, receiver.url, iteration=iteration))
    first, again, next_round = [taken.headers["webhook-id"] for taken in receiver.taken]
    assert first == again != next_round
    assert str(order.enrolment) not in first


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "408 Slow", "409 Conflict", "425 Early", "429 Many"])
async def test_what_may_pass_is_tried_again_later(
    office: Office, webhooks: Webhooks, receiver: Receiver, status: str
) -> None:
    order, receiver.answers = await office.enters(), [status]
    with pytest.raises(ApplicationError, match=f"^CallDelayed: status {status[:3]}$") as delayed:
        await called(webhooks, ordered(order, receiver.url))
    assert delayed.value.next_retry_delay is not None
    assert timedelta(seconds=4) <= delayed.value.next_retry_delay <= timedelta(seconds=6)
    assert await office.decisions("webhook") == []


async def test_the_receiver_may_ask_for_more_patience(office: Office, webhooks: Webhooks, receiver: Receiver) -> None:
    order, receiver.answers, receiver.headers = await office.enters(), ["429 Many"], "retry-after: 3600\r\n"
    with pytest.raises(ApplicationError) as delayed:
        await called(webhooks, ordered(order, receiver.url))
    assert delayed.value.next_retry_delay == timedelta(hours=1)


async def test_delays_grow_but_the_last_one_ends_when_the_call_is_stale(
    office: Office, webhooks: Webhooks, receiver: Receiver
) -> None:
    order, receiver.answers = await office.enters(), ["500 Oops"]
    with pytest.raises(ApplicationError) as delayed:
        await called(webhooks, ordered(order, receiver.url), attempt=20)
    assert delayed.value.next_retry_delay is not None
    assert delayed.value.next_retry_delay > timedelta(hours=3)
    with pytest.raises(ApplicationError) as delayed:
        await called(webhooks, ordered(order, receiver.url, ttl=timedelta(minutes=1)), attempt=20)
    assert delayed.value.next_retry_delay is not None
    assert delayed.value.next_retry_delay <= timedelta(seconds=62)


async def test_nobody_there_is_tried_again_later(office: Office, webhooks: Webhooks) -> None:
    order = await office.enters()
    with pytest.raises(ApplicationError, match="not reached: ConnectError"):
        await called(webhooks, ordered(order, "http://127.0.0.1:1/"))


@pytest.mark.parametrize("status", ["301 Moved", "307 Elsewhere", "400 Bad", "404 Not Found", "410 Gone"])
async def test_what_will_never_pass_is_final_and_redirects_are_not_followed(
    office: Office, webhooks: Webhooks, receiver: Receiver, status: str
) -> None:
    order, receiver.answers = await office.enters(), [status]
    receiver.headers = f"location: {receiver.url}\r\n"
    expected = Receipt("failed", f"status {status[:3]}")
    assert await called(webhooks, ordered(order, receiver.url)) == expected
    assert len(receiver.taken) == 1
    assert await office.decisions("webhook") == [("failed", f"status {status[:3]}")]


async def test_a_private_address_is_refused_for_good(office: Office, receiver: Receiver) -> None:
    order, webhooks = await office.enters(), Webhooks(office.database, Caller(), KEY)
    for url in (receiver.url, f"http://localhost:{receiver.port}/", "http://169.254.169.254/latest", "http://[::1]/"):
        assert await called(webhooks, ordered(order, url)) == Receipt("failed", "a private address")
    assert receiver.taken == []


async def test_without_a_secret_the_step_is_skipped(office: Office, receiver: Receiver) -> None:
    order, webhooks = await office.enters(), Webhooks(office.database, Caller(private=True), None)
    receipt = await called(webhooks, ordered(order, receiver.url))
    assert receipt.outcome == "skipped"
    assert receiver.taken == []
    assert [verdict for verdict, _ in await office.decisions("webhook")] == ["skipped"]


async def test_a_stale_call_is_not_made(office: Office, webhooks: Webhooks, receiver: Receiver) -> None:
    order = await office.enters()
    receipt = await called(webhooks, ordered(order, receiver.url, ttl=timedelta(seconds=-1)))
    assert receipt.outcome == "expired"
    assert receiver.taken == []


async def test_a_paused_journey_holds_the_call_and_the_end_cancels_it(
    office: Office, webhooks: Webhooks, receiver: Receiver
) -> None:
    order = await office.enters()
    async with office.database.transaction() as session:
        await journeys.pause(session, "tried")
    assert await called(webhooks, ordered(order, receiver.url)) == Receipt("held")
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "merged", order.now)
    assert (await called(webhooks, ordered(order, receiver.url))).outcome == "cancelled"
    assert receiver.taken == []


async def test_the_verdicts_of_the_run_are_recorded_with_the_call(
    office: Office, webhooks: Webhooks, receiver: Receiver
) -> None:
    order = await office.enters()
    verdicts = [Verdict(1, "wait-1h", "wait", "over", order.now, "1 hour over")]
    for _ in range(2):
        await called(webhooks, ordered(order, receiver.url, verdicts=verdicts))
    assert await office.decisions("wait") == [("over", "1 hour over")]
