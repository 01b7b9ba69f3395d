"""A Swedish reader, end to end: the letter that asks for a yes, the click, and what comes after it."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from tests.end_to_end.person import Person, text_of

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


async def test_a_subscription_is_asked_for_in_the_reader_s_language_and_confirmed_by_a_click(person: Person) -> None:
    await person.comes(subscribes=False, locale="sv-FI")
    await person.does("Subscription Requested", topic="offers")
    mail = await person.gets("confirm-subscription")
    assert mail["Content-Language"] == "sv-FI"
    assert mail["List-Unsubscribe"] is None
    found = re.search(r"Ja, jag vill ha breven:\s+(\S+)", text_of(mail))
    assert found is not None
    path = urlsplit(found[1]).path
    page = await person.stack.api.get(path, headers={"Accept-Language": "sv-FI"})
    assert "Ja, jag vill ha brev om erbjudanden" in page.text
    assert await person.events("Subscribed") == []
    assert (await person.stack.api.post(path)).status_code == 200
    await person.stands("double-opt-in", "ended", "Subscribed", key="offers")
    welcome = await person.gets("welcome-thanks")
    assert "Tack för att du vill ha brev" in text_of(welcome)
    assert await person.letters() == ["confirm-subscription", "welcome-thanks"]


async def test_a_question_about_a_product_is_answered_and_followed_by_a_code(person: Person) -> None:
    await person.comes(locale="sv")
    await person.does("Form Submitted", form="contact", topic="product", message="Tål den diskmaskin?")
    await person.gets("contact-product")
    await person.forward("contact-form-reply", 4 * DAY + MINUTE)
    text = text_of(await person.gets("contact-follow-up"))
    assert "10 % rabatt" in text
    assert re.search(r"Din kod: HELLO-[A-Z0-9]{8}\s", text)
    assert "Gäller till och med" in text
    await person.stands("contact-form-reply", "ended", "completed")
