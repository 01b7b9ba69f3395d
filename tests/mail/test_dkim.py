"""Signatures, verified by an implementation that is not ours."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from mail.address import AddressUnusable
from mail.dkim import Key, KeyUnusable, relaxed_body, sign
from mail.message import compose
from tests.mail.test_message import CONTENT, HEADING, SUBJECTS

AT = datetime(2026, 11, 21, 18, 59, 29, tzinfo=UTC)
Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def pem(private: Private) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@cache
def keys() -> tuple[Key, Key]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    edwards = ed25519.Ed25519PrivateKey.generate()
    return Key.read("shop.example", "r2026", pem(rsa_key)), Key.read("shop.example", "e2026", pem(edwards))


def verified(raw: bytes) -> list[bool]:
    """What dkimpy says of each signature."""
    records = {f"{key.selector}._domainkey.{key.domain}.".encode(): key.record().encode() for key in keys()}
    message = dkim.DKIM(raw)
    count = sum(line.lower().startswith(b"dkim-signature:") for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n"))
    found = []
    for number in range(count):
        try:
            found.append(message.verify(number, dnsfunc=lambda name, timeout=5: records.get(name)))
        except dkim.ValidationError:
            found.append(False)
    return found


def test_both_signatures_of_a_mail_are_valid() -> None:
    raw = sign(compose(HEADING, CONTENT), keys(), AT)
    assert verified(raw) == [True, True]
    assert [key.algorithm for key in keys()] == ["rsa-sha256", "ed25519-sha256"]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_is_signed_as_it_travels(subject: str) -> None:
    assert verified(sign(compose(HEADING, replace(CONTENT, subject=subject)), keys(), AT)) == [True, True]


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), max_size=300),
    st.text("a \t\n.=", max_size=200),
)
def test_a_body_is_signed_whatever_is_in_it(html: str, text: str) -> None:
    assert verified(sign(compose(HEADING, replace(CONTENT, html=html, text=text)), keys()[1:], AT)) == [True]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"To: anna@example.org", b"To: evil@example.org"),
        (b"List-Unsubscribe-Post: ", b"X-Other: "),
        (b"\r\n\r\n", b"\r\nFrom: evil@x.example\r\n\r\n"),
        (b"Hej", b"Nej"),
        (b"List-ID: ", b"List-ID: x"),
    ],
)
def test_what_is_changed_on_the_way_breaks_the_signatures(was: bytes, becomes: bytes) -> None:
    raw = sign(compose(HEADING, CONTENT), keys(), AT)
    assert was in raw
    assert verified(raw.replace(was, becomes, 1)) == [False, False]


def test_what_relays_may_change_breaks_nothing() -> None:
    raw = sign(compose(HEADING, CONTENT), keys(), AT)
    added = b"Received: from a by b; Sat, 21 Nov 2026 19:00:00 +0000\r\n" + raw
    respaced = added.replace(b"Subject: ", b"SUBJECT:  \t", 1)
    before, boundary, after = respaced.rpartition(b"\r\n--=_")
    assert verified(before + b" \t" + boundary + after + b"\r\n\r\n") == [True, True]


def test_the_same_mail_is_signed_alike_each_time_and_without_keys_not_at_all() -> None:
    raw = compose(HEADING, CONTENT)
    assert sign(raw, keys(), AT) == sign(raw, keys(), AT)
    assert sign(raw, (), AT) == raw
    assert all(len(line) <= 78 for line in sign(raw, keys(), AT).split(b"From:")[0].split(b"\r\n"))


def test_from_is_signed_once_more_than_it_is_there_and_the_length_of_the_body_never() -> None:
    head = sign(compose(HEADING, CONTENT), keys()[:1], AT).split(b"\r\nDate:")[0].replace(b"\r\n ", b"")
    tags = dict(tag.strip().split(b"=", 1) for tag in head.partition(b":")[2].split(b";"))
    assert tags[b"h"].split(b":").count(b"from") == 2
    assert b"list-unsubscribe-post" in tags[b"h"].split(b":")
    assert b"l" not in tags
    assert tags[b"t"] == str(int(AT.timestamp())).encode()


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b"a", b"a\r\n"),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),  # the example of RFC 6376, 3.4.5
    ],
)
def test_a_body_in_relaxed_form_is_that_of_the_standard(body: bytes, relaxed: bytes) -> None:
    assert relaxed_body(body) == relaxed


def test_a_key_that_nobody_should_sign_with_is_refused_without_being_quoted() -> None:
    weak = pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))
    other = pem(ec.generate_private_key(ec.SECP256R1()))
    for selector, given_pem, told in (
        ("s", weak, "1024 bits"),
        ("s", other, "neither RSA nor Ed25519"),
        ("s", b"-----BEGIN PRIVATE KEY-----\nMIIE", "cannot be read"),
        ("S one", weak, "a selector is"),
    ):
        with pytest.raises(KeyUnusable, match=told) as refused:
            Key.read("shop.example", selector, given_pem)
        assert given_pem.decode().split("\n")[1][:8] not in str(refused.value)
    with pytest.raises(AddressUnusable):
        Key.read("no domain", "s", pem(ed25519.Ed25519PrivateKey.generate()))
