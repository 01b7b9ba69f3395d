"""Letters to the shop's own staff: about a contact, and not to them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from activities.orders import LetterOrder, Receipt, Staff
from store import ledger
from tests.activities.office import ADDRESS, Office, delayed, ordered, write_letters
from tests.mail.fault_smtp import Act, Fault, Phase

SALES = "sales@shop.example"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _house(office: Office, templates: Path) -> None:
    write_letters(templates, lead="A lead: {{ contact.first_name }}; {{ untold }} more were not told")
    office.staff = Staff({"sales": SALES}, an_hour=2)


def lead(order: LetterOrder, **changes: Any) -> LetterOrder:
    said: dict[str, Any] = {"letter": "lead", "message_class": "transactional", "topic": None, "staff": "sales"}
    return ordered(order.enrolment, **said | changes)


async def test_it_goes_to_the_staff_who_answer_to_the_contact(office: Office) -> None:
    order = await office.enters(consents=False)
    assert await office.sending().send(lead(order)) == Receipt("sent")
    (mail,) = office.server.taken
    head = message_from_bytes(mail.body)
    assert (mail.recipient, head["To"], head["Reply-To"]) == (SALES, SALES, ADDRESS)
    assert head["List-Unsubscribe"] is None
    message = await office.message()
    assert (message["state"], message["recipient"], message["staff"]) == ("sent", SALES, "sales")
    assert await office.decisions("notify") == [("sent", None)]


@pytest.mark.parametrize("address", [None, "anna virtanen@@example"])
async def test_staff_hear_of_contacts_whose_address_is_not_known_too(office: Office, address: str | None) -> None:
    order = await office.enters(address=address, consents=False)
    assert await office.sending().send(lead(order)) == Receipt("sent")
    assert message_from_bytes(office.server.taken[0].body)["Reply-To"] == "help@shop.example"


async def test_what_the_contact_has_said_about_letters_does_not_concern_the_staff(office: Office) -> None:
    order = await office.enters()
    await office.sets("*", granted=False)
    async with office.database.transaction() as session:
        await ledger.suppress(session, ADDRESS, "marked as spam")
    await office.policy(quiet_hours={"from": "08:00", "to": "07:00"}, caps={"at_most": 1, "per": "7d"})
    assert await office.sending().send(lead(order, now=NOW)) == Receipt("sent")


async def test_a_staff_address_that_takes_no_mail_gets_none(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.RCPT, Act.ANSWER, b"550 5.1.1 no such user")
    assert await sending.send(lead(order)) == Receipt("failed", "refused with 550")
    office.server.fault = None
    assert await sending.send(lead(order, iteration=2)) == Receipt("suppressed", "refused with 550")
    assert await sending.send(replace(order, iteration=3)) == Receipt("sent")  # the contact's own letters go on


async def test_staff_whom_the_settings_do_not_name_get_nothing_and_the_ledger_says_so(office: Office) -> None:
    receipt = await office.sending().send(lead(await office.enters(), staff="care"))
    assert receipt == Receipt("suppressed", "staff 'care' have no address in the settings")
    assert await office.decisions("notify") == [("suppressed", receipt.reason)]


async def test_more_than_so_many_in_an_hour_are_left_out_and_told_with_the_next_one(office: Office) -> None:
    sending = office.sending()
    orders = [await office.enters(f"u{number}", f"u{number}@example.org") for number in range(5)]
    times = [NOW + timedelta(seconds=10 * number) for number in range(5)]
    outcomes = [await sending.send(lead(order, now=now)) for order, now in zip(orders, times, strict=True)]
    many = Receipt("capped", "2 letters of this journey to sales within an hour")
    assert outcomes == [Receipt("sent"), Receipt("sent"), many, many, many]
    later = await office.enters("u9", "u9@example.org")
    assert await sending.send(lead(later, now=NOW + timedelta(minutes=61))) == Receipt("sent")
    assert b"3 more were not told" in office.server.taken[-1].body
    await sending.send(lead(later, now=NOW + timedelta(minutes=62), iteration=2))
    assert b"0 more were not told" in office.server.taken[-1].body


async def test_staff_letters_are_sent_once_as_all_are(office: Office) -> None:
    order, sending = lead(await office.enters()), office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(sending, order)
    office.server.fault = None
    office.staff = Staff({"sales": "moved@shop.example"})
    assert [await office.sending().send(order) for _ in range(2)] == [Receipt("sent")] * 2
    assert [mail.recipient for mail in office.server.taken] == [SALES]


async def test_staff_letters_do_not_count_against_the_caps_of_the_contact(office: Office) -> None:
    await office.policy(caps={"at_most": 1, "per": "1d"})
    order, sending = await office.enters(), office.sending()
    await sending.send(lead(order))
    assert await sending.send(replace(order, iteration=2)) == Receipt("sent")
