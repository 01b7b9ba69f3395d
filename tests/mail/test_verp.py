"""Addresses that bear a message's number: whatever the way does to their case, and whoever forges one."""

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mail.verp import Purpose, SealBroken, Sealed, Verp

VERP = Verp("a secret of the tests")
MESSAGES = st.uuids()
PURPOSES: st.SearchStrategy[Purpose] = st.sampled_from(["bounce", "unsubscribe"])
FIRST = UUID("0198c5a0-0000-7000-8000-000000000001")


def written(purpose: Purpose, message: UUID, verp: Verp = VERP) -> str:
    make = verp.bounce if purpose == "bounce" else verp.unsubscribe
    return make(message, "bounces.shop.example")


@given(MESSAGES, PURPOSES, st.data())
def test_what_was_made_here_is_read_in_whatever_case_it_comes_back(
    message: UUID, purpose: Purpose, data: st.DataObject
) -> None:
    address = written(purpose, message)
    returned = "".join(data.draw(st.sampled_from([letter.upper(), letter])) for letter in address)
    assert VERP.read(returned) == Sealed(purpose, message)
    assert VERP.read(f"<{returned}>") == Sealed(purpose, message)


@given(MESSAGES, PURPOSES)
def test_what_stands_before_the_at_sign_is_as_long_as_servers_allow(message: UUID, purpose: Purpose) -> None:
    local = written(purpose, message).partition("@")[0]
    assert len(local) <= 64
    assert local.isascii()
    assert local.replace("-", "").isalnum()


@given(MESSAGES, PURPOSES, st.integers(2, 53), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567019-."))
def test_a_single_letter_changed_breaks_the_seal(message: UUID, purpose: Purpose, place: int, letter: str) -> None:
    address = written(purpose, message)
    assume(address[place] != letter)
    with pytest.raises(SealBroken):
        VERP.read(address[:place] + letter + address[place + 1 :])


@given(MESSAGES, PURPOSES)
def test_nobody_with_another_secret_can_make_one(message: UUID, purpose: Purpose) -> None:
    with pytest.raises(SealBroken):
        VERP.read(written(purpose, message, Verp("another secret")))


@given(MESSAGES)
def test_an_address_for_bounces_is_none_for_unsubscribing(message: UUID) -> None:
    with pytest.raises(SealBroken):
        VERP.read("u" + written("bounce", message)[1:])


@pytest.mark.parametrize("address", ["", "@", "<>", "hello@shop.example", "b-short@shop.example", "maja", "b-@x"])
def test_an_address_of_another_form_is_none_of_ours(address: str) -> None:
    assert VERP.read(address) is None


def test_addresses_stay_what_they_are_for_bounces_arrive_late() -> None:
    assert VERP.bounce(FIRST, "shop.example").startswith("b-agmmliaaabyabaaaaaaaaaaaae")
