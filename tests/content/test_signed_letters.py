"""Every shipped letter, as it travels: signed with both kinds of keys, and verified by an implementation not ours."""

from dataclasses import replace
from functools import cache

import pytest

from mail.dkim import sign
from mail.message import Heading, Unsubscribe, compose
from mail.rendering import Letters
from mail.translations import Translations
from tests.content.contexts import LANGUAGES, LETTERS, LOCALE, MARKETING, TEMPLATES, full
from tests.mail.test_dkim import AT, keys, verified

LEAVE = Unsubscribe(f"https://shop.example/u/v1.{'x' * 90}", f"mailto:u-{'x' * 52}@b.shop.example?subject=unsubscribe")
HEADING = Heading(
    message_id="<abc@shop.example>",
    date=AT,
    sender="Åland Shop <hello@shop.example>",
    recipient="anna@example.org",
    reference="0198",
    reply_to="help@shop.example",
    feedback_id="letter:journey:offers:skerry",
)


@cache
def letters() -> Letters:
    return Letters(TEMPLATES, Translations(LOCALE))


def travelling(letter: str, language: str) -> bytes:
    content = letters().render(letter, full(letter) | {"locales": (language,)})
    heading = replace(HEADING, unsubscribe=LEAVE, list_id="offers.shop.example") if letter in MARKETING else HEADING
    return sign(compose(heading, content), keys(), AT)


def signed_names(raw: bytes) -> list[set[str]]:
    """What each signature says that it covers."""
    head = raw.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", "")
    signatures = [line for line in head.split("\r\n") if line.startswith("DKIM-Signature:")]
    return [set(line.partition(";h=")[2].partition(";")[0].split(":")) for line in signatures]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", LETTERS)
def test_both_signatures_of_a_shipped_letter_are_valid(letter: str, language: str) -> None:
    raw = travelling(letter, language)
    assert verified(raw) == [True, True]
    assert verified(raw.replace(b"Feedback-ID: letter", b"Feedback-ID: other")) == [False, False]


@pytest.mark.parametrize("letter", MARKETING)
def test_both_signatures_of_a_marketing_letter_cover_how_it_is_stopped(letter: str) -> None:
    wanted = {"from", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "message-id"}
    names = signed_names(travelling(letter, "en"))
    assert [wanted - each for each in names] == [set(), set()]
