"""What the relay refuses: for now, and for good."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest
import pytest_asyncio

import worker
from activities.timetable import Timetable
from local.configuration import read_settings
from local.ports import HOST
from tests.end_to_end.person import Person
from tests.end_to_end.running import Running
from tests.mail.fault_smtp import Act, Fault, FaultServer, Phase

SOON = (timedelta(seconds=1),)


@pytest_asyncio.fixture(scope="module")
async def relay(shop_stack: Running) -> AsyncIterator[FaultServer]:
    """The relay of a worker in this process, whose timetable tries again soon."""
    await shop_stack.part("worker").stop()
    async with FaultServer() as relay:
        settings = read_settings(shop_stack.environment | {"KUNDRESA_SMTP_URL": f"smtp://{HOST}:{relay.port}"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("worker.Timetable", partial(Timetable, refused=SOON))
            async with worker.running(settings, await shop_stack.client(), worker.ROLES):
                yield relay
    await shop_stack.start("worker")


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DOT])
async def test_a_letter_that_is_refused_for_now_is_sent_later_once(
    relay: FaultServer, person: Person, phase: Phase
) -> None:
    relay.fault = Fault(phase, Act.ANSWER, b"451 4.7.1 come back later")
    await person.comes(subscribes=False)
    await person.orders("o-1")
    row = await person.tried("order-thanks")
    (first, *_) = row["attempts"]
    assert (first["outcome"], first["code"], first["text"]) == ("temporary", 451, "4.7.1 come back later")
    assert received(relay, person) == 0
    relay.fault = None
    row = await person.settled("order-thanks")
    assert row["state"] == "sent"
    assert [attempt["outcome"] for attempt in row["attempts"]][-1] == "accepted"
    assert len(row["attempts"]) >= 2
    assert received(relay, person) == 1


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DOT])
async def test_a_letter_that_is_refused_for_good_is_never_tried_again_and_can_be_seen(
    relay: FaultServer, person: Person, phase: Phase
) -> None:
    relay.fault = Fault(phase, Act.ANSWER, b"550 5.1.1 no such user here")
    await person.comes(subscribes=False)
    await person.orders("o-1")
    row = await person.settled("order-thanks")
    assert (row["state"], row["reason"]) == ("failed", "refused with 550")
    (only,) = row["attempts"]
    assert (only["outcome"], only["code"], only["text"]) == ("permanent", 550, "5.1.1 no such user here")
    relay.fault = None
    # The address takes no mail: the next letter is not even tried.
    await person.orders("o-2")
    await person.stands("order-thanks", "active", key="o-2")
    later = await person.refused("order-thanks", "suppressed")
    assert later["attempts"] == []
    assert received(relay, person) == 0


def received(relay: FaultServer, person: Person) -> int:
    return [mail.recipient for mail in relay.taken].count(person.address)
