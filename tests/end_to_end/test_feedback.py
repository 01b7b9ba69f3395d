"""What comes back after a letter left: it ends journeys and stops letters, through every part of the stack."""

from email.message import Message

from tests.end_to_end.conftest import MAIL_KEY
from tests.end_to_end.person import Person
from tests.end_to_end.running import Running
from tests.mail.feedback import samples


async def comes_back(stack: Running, mail: Message, raw: bytes, sender: str) -> None:
    """The shop's mail server hands on a mail that returns this one."""
    told = raw.replace(samples.MESSAGE_ID.encode(), str(mail["Message-ID"]).strip().encode())
    told = told.replace(samples.ENROLMENT.encode(), str(mail["X-Kundresa-Ref"]).strip().encode())
    headers = {"Authorization": f"Bearer {MAIL_KEY}", "X-Envelope-From": sender, "X-Envelope-To": "hello@shop.example"}
    answer = await stack.api.post("/v1/feedback/mail", content=told, headers=headers)
    assert (answer.status_code, answer.json()["applied"]) == (202, 1), answer.text


async def test_who_marks_a_letter_as_spam_leaves_every_marketing_journey_and_gets_the_papers_of_an_order(
    shop_stack: Running, person: Person
) -> None:
    await person.comes()
    welcome = await person.gets("welcome-thanks")
    await comes_back(shop_stack, welcome, samples.complaint(), "feedback@mailbox.example")
    await person.stands("welcome", "ended", "Unsubscribed")
    assert len(await person.events("Email Marked as Spam")) == 1
    await person.orders("o-1")
    await person.gets("order-thanks")


async def test_an_address_that_bounces_for_good_gets_nothing_more(shop_stack: Running, person: Person) -> None:
    await person.comes()
    welcome = await person.gets("welcome-thanks")
    await comes_back(shop_stack, welcome, samples.POSTFIX, "<>")
    (bounced,) = await person.events("Email Bounced")
    assert (bounced["properties"]["type"], bounced["properties"]["letter"]) == ("hard", "welcome-thanks")
    await person.orders("o-1")
    row = await person.refused("order-thanks", "suppressed")
    assert row["reason"] == "bounced: no such mailbox (5.1.1)"
    assert "order-thanks" not in await person.letters()
