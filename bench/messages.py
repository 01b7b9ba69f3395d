"""How many mails one core builds and signs in a second.

Ours: heading and content to bytes (`mail.message.compose`), signed with RSA-2048 (`mail.dkim.sign`). The floor is what
others use: the standard library's `EmailMessage`, flattened with its SMTP policy, signed by dkimpy. Both begin with the
same rendered letter of some 35 kB and the same key; rendering is not measured here.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.figures import Figure, Target, Tell
from bench.servers import Servers
from mail.dkim import Key, sign
from mail.message import Heading, Unsubscribe, compose, message_id
from mail.rendering import Content

_TARGET = Target("ratio", "at least", 10)
_AT = datetime(2026, 11, 21, 18, 59, 29, tzinfo=UTC)
_PARAGRAPH = "<p style='margin:0 0 16px;color:#23302a'>Hej Åsa, din varukorg väntar på dig hos oss.</p>\n"


async def measure(these: Servers, tell: Tell, *, seconds: float = 5.0) -> list[Figure]:
    """Measure both in turns, so that a noisy minute hits both."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = Key.read("news.shop.example", "bench", pem)
    ours = floor = 0.0
    for _ in range(2):
        ours = max(ours, _speed(lambda number: sign(compose(_heading(number), _CONTENT), [key], _AT), seconds / 2))
        floor = max(floor, _speed(lambda number: _by_the_library(number, pem), seconds / 2))
    tell("messages: built and signed")
    return [Figure("messages built and signed on one core", "/s", ours, floor, _TARGET)]


def _speed(build: Callable[[int], object], seconds: float) -> float:
    """How often a second `build` is done."""
    build(0)
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        done += 1
        build(done)
    return done / took


_CONTENT = Content("Din varukorg väntar på dig", _PARAGRAPH * 320, "Hej Åsa, din varukorg väntar på dig.\n" * 40)


def _heading(number: int) -> Heading:
    return Heading(
        message_id=message_id(f"bench/{number}", "news.shop.example"),
        date=_AT,
        sender="Åland Shop <news@news.shop.example>",
        recipient=f"person-{number}@example.org",
        reference=str(number),
        reply_to="help@shop.example",
        unsubscribe=Unsubscribe("https://u.shop.example/u/v1.c29tZXRva2Vu"),
        list_id="offers.shop.example",
    )


def _by_the_library(number: int, pem: bytes) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Date"] = _AT
    message["From"] = "Åland Shop <news@news.shop.example>"
    message["To"] = f"person-{number}@example.org"
    message["Subject"] = _CONTENT.subject
    message["Message-ID"] = f"<{number}@news.shop.example>"
    message["Reply-To"] = "help@shop.example"
    message["List-Unsubscribe"] = "<https://u.shop.example/u/v1.c29tZXRva2Vu>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-ID"] = "<offers.shop.example>"
    message.set_content(_CONTENT.text)
    message.add_alternative(_CONTENT.html, subtype="html")
    raw = message.as_bytes()
    signature: bytes = dkim.sign(raw, b"bench", b"news.shop.example", pem, canonicalize=(b"relaxed", b"relaxed"))
    return signature + raw
