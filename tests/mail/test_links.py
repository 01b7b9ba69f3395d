"""Signed links: read back what was written, and nothing else."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.links import LinkInvalid, Links, Subscription

ANNA = UUID("0198f6b2-1111-7000-8000-00000000a11a")
LINKS = Links("a secret of the shop", "https://shop.example/")
URL = LINKS.unsubscribe(ANNA, "offers")
TOKEN = URL.rpartition("/")[2]


def test_a_link_stands_below_the_public_address() -> None:
    assert URL.startswith("https://shop.example/u/v1.")
    assert URL.isascii()
    assert " " not in URL


@given(st.uuids(), st.text(max_size=60))
def test_a_link_reads_back_what_it_was_made_for(contact: UUID, topic: str) -> None:
    token = LINKS.unsubscribe(contact, topic).rpartition("/")[2]
    assert LINKS.read(token) == Subscription(contact, topic)


def test_a_link_confirms_or_ends_and_never_does_the_other_s_work() -> None:
    confirming = LINKS.confirm(ANNA, "offers")
    assert confirming.startswith("https://shop.example/c/v1.")
    token = confirming.rpartition("/")[2]
    assert LINKS.read_confirmation(token) == Subscription(ANNA, "offers")
    with pytest.raises(LinkInvalid):
        LINKS.read(token)
    with pytest.raises(LinkInvalid):
        LINKS.read_confirmation(TOKEN)


def test_a_link_is_the_same_for_ever() -> None:
    assert Links("a secret of the shop", "https://elsewhere.example").read(TOKEN) == Subscription(ANNA, "offers")


def test_another_secret_cannot_make_a_link() -> None:
    forged = Links("another secret", "https://shop.example").unsubscribe(ANNA, "offers").rpartition("/")[2]
    with pytest.raises(LinkInvalid):
        LINKS.read(forged)


def test_no_single_character_of_a_token_can_be_changed() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    for place, right in enumerate(TOKEN):
        for wrong in alphabet.replace(right, ""):
            with pytest.raises(LinkInvalid):
                LINKS.read(TOKEN[:place] + wrong + TOKEN[place + 1 :])


def test_a_signature_does_not_pass_for_another_contact_or_topic() -> None:
    data = base64.urlsafe_b64decode(TOKEN.removeprefix("v1.") + "==")
    for payload in (UUID(int=1).bytes + b"offers", ANNA.bytes + b"offerz", ANNA.bytes + b"offers2", ANNA.bytes):
        forged = base64.urlsafe_b64encode(payload + data[-16:]).rstrip(b"=").decode()
        with pytest.raises(LinkInvalid):
            LINKS.read("v1." + forged)


@pytest.mark.parametrize(
    "token",
    ["", "v1.", "v1.AAAA", TOKEN.removeprefix("v1."), "v2." + TOKEN[3:], TOKEN + "=", TOKEN + "A", TOKEN[:-1],
     " " + TOKEN, TOKEN + "\n", "v1.å", "v1.\udcff", "v1." + "/" * 60,
     "v1." + base64.urlsafe_b64encode(b"\xff" * 40).decode()],
)  # fmt: skip
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(LinkInvalid):
        LINKS.read(token)
