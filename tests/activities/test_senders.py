"""In whose name a letter leaves: signatures, envelope and headers of a journey's sender, against a real relay."""

from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from uuid import UUID

import pytest_asyncio

from activities.orders import Receipt
from mail.relays import Relays
from mail.senders import Sender
from mail.verp import Sealed
from tests.activities.office import SENDER, VERP, Office, delayed, seconds
from tests.mail.fault_smtp import Act, Fault, FaultServer, Phase
from tests.mail.test_dkim import keys, verified

OUTLET = Sender(
    mailbox="Skerry Outlet <hej@outlet.shop.example>",
    reply_to="care@outlet.shop.example",
    shop_name="Skerry Outlet",
    shop_url="https://outlet.shop.example",
    postal_address="Torggatan 2",
    name="outlet",
    bounce_domain="bounce.shop.example",
    feedback_id="outlet",
    keys=keys(),
)


def arrived(office: Office) -> Message:
    """The only mail that the relay took."""
    (taken,) = office.server.taken
    return message_from_bytes(taken.body)


@pytest_asyncio.fixture
async def outlet(office: Office) -> AsyncIterator[Office]:
    """A journey that writes in the name of a second brand."""
    office.senders = (SENDER, OUTLET)
    await office.journey("bargains", sender="outlet")
    yield office


async def test_a_letter_leaves_in_the_name_of_its_journey_s_sender(outlet: Office) -> None:
    assert await outlet.sending().send(await outlet.enters(journey="bargains")) == Receipt("sent")
    mail = arrived(outlet)
    assert mail["From"] == "Skerry Outlet <hej@outlet.shop.example>"
    assert mail["Reply-To"] == "care@outlet.shop.example"
    assert mail["Message-ID"].endswith("@outlet.shop.example>")
    assert mail["List-ID"] == "<offers.outlet.shop.example>"
    assert mail["Feedback-ID"] == "hello:bargains:offers:outlet"


async def test_it_is_signed_with_all_of_the_sender_s_keys(outlet: Office) -> None:
    await outlet.sending().send(await outlet.enters(journey="bargains"))
    (taken,) = outlet.server.taken
    assert verified(taken.body) == [True, True]


async def test_bounces_and_mails_to_unsubscribe_come_back_to_addresses_that_name_the_message(outlet: Office) -> None:
    await outlet.sending().send(await outlet.enters(journey="bargains"))
    message: UUID = (await outlet.message())["id"]
    (taken,) = outlet.server.taken
    assert taken.sender.endswith("@bounce.shop.example")
    assert VERP.read(taken.sender) == Sealed("bounce", message)
    web, mailto = arrived(outlet)["List-Unsubscribe"].replace("\r\n", "").split(", ")
    assert web.startswith("<https://shop.example/u/")
    address = mailto.removeprefix("<mailto:").removesuffix("?subject=unsubscribe>")
    assert VERP.read(address) == Sealed("unsubscribe", message)


async def test_a_second_attempt_sends_the_same_bytes_from_the_same_address(outlet: Office) -> None:
    order = await outlet.enters(journey="bargains")
    outlet.server.fault = Fault(Phase.DATA, Act.ANSWER, b"451 4.7.0 later\r\n")
    await delayed(outlet.sending(), order)
    outlet.server.fault = None
    frozen = (await outlet.message())["raw"]
    assert await outlet.sending().send(order) == Receipt("sent")
    (taken,) = outlet.server.taken
    assert taken.body == frozen
    assert VERP.read(taken.sender) == Sealed("bounce", (await outlet.message())["id"])


async def test_a_letter_whose_sender_the_settings_do_not_know_waits_until_they_do(outlet: Office) -> None:
    order = await outlet.enters(journey="bargains")
    outlet.senders = (SENDER,)
    error = await delayed(outlet.sending(), order)
    assert "no sender 'outlet'" in str(error)
    assert seconds(error) == 300
    assert await outlet.decisions() == [("deferred", "the settings have no sender 'outlet'")]
    outlet.senders = (SENDER, OUTLET)
    assert await outlet.sending().send(order) == Receipt("sent")


async def test_a_journey_that_names_no_sender_writes_in_the_name_of_the_first(outlet: Office) -> None:
    await outlet.sending().send(await outlet.enters())
    (taken,) = outlet.server.taken
    assert taken.sender == "hello@shop.example"
    assert arrived(outlet)["Feedback-ID"] is None
    assert "DKIM-Signature" not in arrived(outlet)


async def test_each_sender_s_letters_leave_by_its_own_relay(outlet: Office) -> None:
    async with FaultServer() as elsewhere:
        relays = Relays(2)
        there, here = (f"smtp://127.0.0.1:{server.port}" for server in (elsewhere, outlet.server))
        outlet.senders = (replace(SENDER, smtp_url=here), replace(OUTLET, smtp_url=there))
        for journey in ("bargains", "tried"):
            await outlet.sending(relay_at=relays.at).send(await outlet.enters(user=journey, journey=journey))
        assert [mail.sender for mail in outlet.server.taken] == ["hello@shop.example"]
        assert [mail.sender.partition("@")[2] for mail in elsewhere.taken] == ["bounce.shop.example"]
        assert relays.at(there) is relays.at(there)
        await relays.close()
