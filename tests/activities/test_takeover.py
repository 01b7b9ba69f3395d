"""Several attempts of one letter at once: a stalled worker comes back, and finds that it can do nothing any more."""

import asyncio
from datetime import timedelta

import pytest

from activities.orders import Receipt
from tests.activities.office import Office, delayed, until_told
from tests.mail.fault_smtp import Act, Fault, Phase


@pytest.mark.parametrize("attempts", [2, 5])
async def test_attempts_at_the_same_moment_send_one_mail(office: Office, attempts: int) -> None:
    office.evidence_after = timedelta(seconds=1)
    order = await office.enters()

    async def attempt() -> Receipt:
        sending = office.sending()
        for _ in range(100):
            try:
                return await until_told(sending, order, tries=1)
            except AssertionError:
                await asyncio.sleep(0.05)
        raise AssertionError("no fate")

    assert await asyncio.gather(*(attempt() for _ in range(attempts))) == [Receipt("sent")] * attempts
    assert len(office.arrived) == 1
    assert (await office.outcomes()).count("accepted") == 1


async def test_attempts_at_the_same_moment_write_the_letter_once(office: Office) -> None:
    order, relay, late = await office.enters(), office.relay(), office.relay()

    async def taken_over() -> None:
        first = (await office.message())["raw"]
        await office.sending(late).send(order)
        assert office.server.taken[0].body == first

    relay.meddle = taken_over
    await delayed(office.sending(relay), order)
    assert len(office.arrived) == 1


async def test_a_worker_that_stalls_before_the_dot_does_not_write_it(office: Office) -> None:
    order, relay = await office.enters(), office.relay()

    async def stalls() -> None:
        assert await office.sending().send(order) == Receipt("sent")

    relay.meddle = stalls
    await delayed(office.sending(relay), order)
    assert len(office.arrived) == 1
    assert await office.outcomes() == ["withheld", "accepted"]
    assert await office.sending().send(order) == Receipt("sent")


async def test_a_worker_that_stalls_before_the_body_is_told_that_the_letter_has_left(office: Office) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.RCPT, Act.LATE, b"250 fine", seconds=0.4)
    stalled = asyncio.create_task(delayed(office.sending(), order))
    await office.reaches("claimed")
    await asyncio.sleep(0.1)
    office.server.fault = None
    assert await office.sending().send(order) == Receipt("sent")
    await stalled
    assert len(office.arrived) == 1


async def test_a_refusal_that_a_stalled_worker_brings_home_changes_nothing(office: Office) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.RCPT, Act.LATE, b"554 no", seconds=0.4)
    stalled = asyncio.create_task(delayed(office.sending(), order))
    await office.reaches("claimed")
    await asyncio.sleep(0.1)
    office.server.fault = None
    assert await office.sending().send(order) == Receipt("sent")
    await stalled
    assert (await office.message())["state"] == "sent"
    assert await office.outcomes() == ["permanent", "accepted"]
