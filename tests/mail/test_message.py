"""Mails as bytes, read again with the standard library's parser."""

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail import headers
from mail.address import AddressUnusable
from mail.headers import HeaderUnsafe
from mail.message import Heading, Unsubscribe, compose, message_id
from mail.rendering import Content

TOKEN = "v1." + "Zm9vYmFy" * 40
HEADING = Heading(
    message_id=message_id("enrolment-1/step-2/1", "news.shop.example"),
    date=datetime(2026, 11, 21, 18, 59, 29, tzinfo=UTC),
    sender="Åland Shop <news@news.shop.example>",
    recipient="anna@example.org",
    reference="01JABCDEF",
    reply_to="help@shop.example",
    unsubscribe=Unsubscribe(
        f"https://u.shop.example/u/{TOKEN}", f"mailto:u-{TOKEN}@bounce.shop.example?subject=unsubscribe"
    ),
    list_id="Abandoned cart <cart.shop.example>",
    feedback_id="journey12:acct7:cart:alandshp",
)  # fmt: skip
CONTENT = Content("Din varukorg väntar på dig", "<p>Hej på dig!</p>", "Hej på dig!")
MARKETING_HEADERS = [
    "Date", "From", "To", "Subject", "Content-Language", "Message-ID", "Reply-To", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-ID", "Feedback-ID", "X-Kundresa-Ref", "MIME-Version", "Content-Type",
]  # fmt: skip
# What a hostile first name or subject may hold: the third decodes to a header line of its own in some parsers.
INJECTIONS = [
    "Anna\r\nBcc: evil@x.example",
    "Anna\nBcc: evil@x.example",
    "Anna\rBcc: evil@x.example",
    "Anna\x00",
    "Anna\u2028Bcc: evil@x.example",
]
ENCODED_INJECTION = "=?utf-8?q?hi=0D=0ABcc:_evil=40x.example?="
SUBJECTS = [
    "Hello",
    "Din varukorg väntar på dig",
    "Beställ före fredag, så bjuder vi på frakten, på allt i din varukorg och ända hem",
    "Köp " + "å" * 300,
    "å" * 75 + " " + "ö" * 75,
    "Plain and long, " * 20 + "end",
    "x" * 1200,
    "日本語のとても長い件名" * 12,
    "🎁 A gift for you 🎁",
    ENCODED_INJECTION,
    "50 % off? =?really?=",
    "",
]
WITH: dict[str, Callable[[str], Heading]] = {
    "sender": lambda value: replace(HEADING, sender=value),
    "recipient": lambda value: replace(HEADING, recipient=value),
    "reply_to": lambda value: replace(HEADING, reply_to=value),
    "reference": lambda value: replace(HEADING, reference=value),
    "message_id": lambda value: replace(HEADING, message_id=value),
    "list_id": lambda value: replace(HEADING, list_id=value),
    "feedback_id": lambda value: replace(HEADING, feedback_id=value),
}


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def head_of(raw: bytes) -> bytes:
    return raw.split(b"\r\n\r\n", 1)[0]


def test_a_marketing_mail_has_the_headers_that_mailboxes_want() -> None:
    message = read(compose(HEADING, CONTENT))
    assert message.keys() == MARKETING_HEADERS
    assert message["From"] == "Åland Shop <news@news.shop.example>"
    assert message["To"] == "anna@example.org"
    assert message["Date"] == "Sat, 21 Nov 2026 18:59:29 +0000"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-ID"] == "Abandoned cart <cart.shop.example>"
    assert message["X-Kundresa-Ref"] == "01JABCDEF"
    assert not message.defects


def test_a_transactional_mail_has_no_list_headers() -> None:
    heading = replace(HEADING, unsubscribe=None, list_id=None, feedback_id=None)
    assert [name for name in read(compose(heading, CONTENT)) if name.startswith(("List", "Feed"))] == []


def test_text_comes_before_html_and_both_read_back() -> None:
    message = read(compose(HEADING, CONTENT))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert body(message, "plain") == CONTENT.text + "\n"
    assert body(message, "html") == CONTENT.html + "\n"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_reads_back_as_it_was(subject: str) -> None:
    raw = compose(HEADING, replace(CONTENT, subject=subject))
    assert read(raw)["Subject"] == subject
    assert read(raw).keys() == MARKETING_HEADERS


@pytest.mark.parametrize("name", ["Anna", "Åsa", "Shop, Inc.", 'The "Best" Shop', "A\\B", ENCODED_INJECTION])
def test_a_display_name_reads_back_as_it_was(name: str) -> None:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    message = read(compose(replace(HEADING, sender=f"{quoted} <news@shop.example>"), CONTENT))
    (address,) = message["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "news@shop.example")
    assert message.keys() == MARKETING_HEADERS


def test_a_long_display_name_is_folded_and_reads_back() -> None:
    raw = compose(replace(HEADING, sender=f"{'ö' * 90} <news@shop.example>"), CONTENT)
    # (The standard library's newer parser of addresses does not join encoded words; its older one does.)
    folded = email.message_from_bytes(raw)["From"]
    assert str(make_header(decode_header(folded))) == f"{'ö' * 90} <news@shop.example>"
    assert all(len(line) <= 78 for line in folded.splitlines()[:-1])


@pytest.mark.parametrize("hostile", INJECTIONS)
@pytest.mark.parametrize("place", WITH)
def test_a_control_character_never_reaches_a_head(place: str, hostile: str) -> None:
    value = f"{hostile} <a@shop.example>" if place in ("sender", "reply_to") else hostile
    with pytest.raises((HeaderUnsafe, AddressUnusable)) as refused:
        compose(WITH[place](value), CONTENT)
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_a_subject_of_two_lines_is_refused(hostile: str) -> None:
    with pytest.raises(HeaderUnsafe):
        compose(HEADING, replace(CONTENT, subject=hostile))


@pytest.mark.parametrize("place", ["reference", "message_id", "feedback_id"])
@pytest.mark.parametrize("value", ["two words", "ö", ENCODED_INJECTION, "x" * 1000])
def test_an_identifier_is_one_run_of_plain_characters(place: str, value: str) -> None:
    with pytest.raises(HeaderUnsafe):
        compose(WITH[place](value), CONTENT)


def test_a_long_list_unsubscribe_is_neither_encoded_nor_broken() -> None:
    raw = head_of(compose(HEADING, CONTENT))
    assert HEADING.unsubscribe is not None
    url, mailto = HEADING.unsubscribe.url, HEADING.unsubscribe.mailto
    assert f"List-Unsubscribe: <{url}>,\r\n <{mailto}>\r\n".encode() in raw
    assert b"=?" not in re.sub(rb"(?m)^(From|Subject):.*$", b"", raw)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x.example/a b", "https://x.example/>,<https://y.example/", "https://å.example/",
            "https://x.example/\r\nBcc: a@b.example", "https://x.example/" + "a" * 1000, ""]
)  # fmt: skip
def test_an_unsubscribe_link_that_would_break_out_is_refused(url: str) -> None:
    with pytest.raises(HeaderUnsafe):
        compose(replace(HEADING, unsubscribe=Unsubscribe(url)), CONTENT)


def test_an_international_domain_is_written_as_a_labels() -> None:
    raw = head_of(
        compose(replace(HEADING, sender="Shop <hej@blåbär.example>", recipient="a@räksmörgås.example"), CONTENT)
    )
    assert b"From: Shop <hej@xn--blbr-noae.example>\r\n" in raw
    assert b"To: a@xn--rksmrgs-5wao1o.example\r\n" in raw


def test_a_local_part_beyond_ascii_is_left_to_relays_that_take_it() -> None:
    raw = head_of(compose(replace(HEADING, recipient="åsa@example.org"), CONTENT))
    assert "To: åsa@example.org\r\n".encode() in raw


@pytest.mark.parametrize(
    "text",
    ["plain", "ä", "日本語" * 200, "å" * 5000, ".\n.dot\n..", "a\r\nb\rc\nd", "trailing \t\nx", "", "x" * 5000,
     "From here\n", "=_=3D=", "nul\x00"],
)  # fmt: skip
def test_any_text_survives_as_seven_bit_lines_of_bounded_length(text: str) -> None:
    raw = compose(HEADING, Content("s", text, text))
    assert raw.isascii()
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in raw.split(b"\r\n"))
    expected = re.sub(r"\r\n|\r", "\n", text).rstrip("\n") + "\n"
    assert (body(read(raw), "plain"), body(read(raw), "html")) == (expected, expected)


@given(st.text(max_size=200), st.text(max_size=300), st.text(max_size=60))
def test_no_input_adds_a_header_or_a_part(subject: str, text: str, name: str) -> None:
    heading = replace(HEADING, sender=f"{name} <news@shop.example>")
    try:
        raw = compose(heading, Content(subject, text, text))
    except (HeaderUnsafe, AddressUnusable):
        return
    message = email.message_from_bytes(raw)
    assert message.keys() == MARKETING_HEADERS
    assert len(list(message.walk())) == 3


def test_the_same_input_gives_the_same_bytes() -> None:
    assert compose(HEADING, CONTENT) == compose(HEADING, CONTENT)
    assert compose(HEADING, CONTENT) != compose(replace(HEADING, message_id="<other@shop.example>"), CONTENT)


def test_a_message_id_follows_from_the_send_key() -> None:
    first = message_id("enrolment/step/1", "Shop.Example")
    assert first == message_id("enrolment/step/1", "shop.example")
    assert first != message_id("enrolment/step/2", "shop.example")
    assert re.fullmatch(r"<[a-z2-7]{32}@shop\.example>", first)


def test_a_head_that_reads_back_differently_is_refused() -> None:
    with pytest.raises(HeaderUnsafe):
        headers.head(["Subject: hi\r\nBcc: evil@x.example"])
    with pytest.raises(HeaderUnsafe):
        headers.head(["Subject: hi\r\n\r\nbody"])
    with pytest.raises(HeaderUnsafe):
        headers.head(["Subject: " + "x" * 999])
