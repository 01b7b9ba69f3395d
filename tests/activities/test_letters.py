"""The activity itself: its clock, its signs of life, and a cancellation while the letter is under way."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import heartbeat
from activities.letters import LetterActivities
from activities.orders import Receipt
from store import enrolments
from tests.activities.office import Office, ordered
from tests.mail.fault_smtp import Act, Fault, Phase


@pytest.fixture
def environment() -> ActivityEnvironment:
    return ActivityEnvironment()


async def test_the_letter_is_sent(office: Office, environment: ActivityEnvironment) -> None:
    order = await office.enters()
    assert await environment.run(LetterActivities(office.sending()).send, order) == Receipt("sent")


async def test_a_cancellation_past_the_dot_waits_for_the_answer(
    office: Office, environment: ActivityEnvironment
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=0.3)
    running = asyncio.ensure_future(environment.run(LetterActivities(office.sending()).send, order))
    await office.reaches("dot_pending")
    environment.cancel()
    assert await running == Receipt("sent")
    assert await office.outcomes() == ["accepted"]


async def test_a_run_that_ends_while_the_body_travels_cancels_the_activity_and_no_letter_leaves(
    office: Office, environment: ActivityEnvironment
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.RCPT, Act.LATE, b"250 fine", seconds=0.3)
    running = asyncio.ensure_future(environment.run(LetterActivities(office.sending()).send, order))
    await office.reaches("claimed")
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "by an operator", order.now)
    environment.cancel()
    with pytest.raises(ApplicationError):
        await running
    assert office.server.taken == []
    assert await office.outcomes() == ["withheld"]
    assert (await office.message())["state"] == "cancelled"


async def test_a_worker_that_shuts_down_during_a_refusal_for_now_gives_the_letter_back(
    office: Office, environment: ActivityEnvironment
) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"451 4.3.0 not now", seconds=0.3)
    running = asyncio.ensure_future(environment.run(LetterActivities(office.sending()).send, order))
    await office.reaches("dot_pending")
    environment.cancel()
    with pytest.raises(ApplicationError) as delayed:
        await running
    assert delayed.value.next_retry_delay is not None
    message = await office.message()
    assert (message["state"], message["lease"]) == ("claimed", None)


async def test_it_gives_signs_of_life_while_the_relay_is_slow(
    office: Office, environment: ActivityEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "TIMEOUT", timedelta(milliseconds=150))
    beats = 0

    def beat(*_: object) -> None:
        nonlocal beats
        beats += 1

    environment.on_heartbeat = beat
    office.server.fault = Fault(Phase.RCPT, Act.LATE, b"250 fine", seconds=0.4)
    await environment.run(LetterActivities(office.sending()).send, await office.enters())
    assert 3 <= beats <= 9


@pytest.mark.parametrize(("minutes", "outcome"), [(59, "sent"), (61, "expired")])
async def test_a_letter_grows_stale_from_when_it_was_ordered(office: Office, minutes: int, outcome: str) -> None:
    """By the run's own clock, which time skipping may have set months ahead; nobody took the order for so long."""
    order = await office.enters()
    order = ordered(order.enrolment, now=datetime.now(UTC) + timedelta(days=300), ttl=timedelta(hours=1))
    attempt = after(timedelta(minutes=minutes))
    receipt = await attempt.run(LetterActivities(office.sending()).send, order)
    assert receipt.outcome == outcome


async def test_a_retry_is_judged_by_what_has_passed_since_the_first_attempt(office: Office) -> None:
    order = await office.enters()
    order = ordered(order.enrolment, ttl=timedelta(hours=1))
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    with pytest.raises(ApplicationError):
        await after(timedelta(minutes=59)).run(LetterActivities(office.sending()).send, order)
    office.server.fault = None
    receipt = await after(timedelta(minutes=61)).run(LetterActivities(office.sending()).send, order)
    assert receipt == Receipt("expired", f"could not be sent before {order.now + order.ttl:%Y-%m-%d %H:%M} UTC")


def after(passed: timedelta) -> ActivityEnvironment:
    """An attempt that begins so long after the activity was scheduled."""
    environment = ActivityEnvironment()
    scheduled = environment.info.scheduled_time
    environment.info = replace(environment.info, started_time=scheduled + passed)
    return environment
