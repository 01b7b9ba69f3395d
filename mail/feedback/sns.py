"""Amazon SNS: notices signed with a certificate of Amazon's, about topics that the shop has named."""

import re
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from mail.feedback.errors import FeedbackForged
from mail.feedback.payload import Json, an_object, moment, parsed, text
from mail.feedback.proving import decoded

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets what is at an https address; raises OSError when that fails."""

_HOST: Final = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^\s@\\]*")
_LIMIT = timedelta(hours=24)
_CONFIRMATION = "SubscriptionConfirmation"
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    _CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Notices:
    """Checks notices of SNS. `topics` are the TopicArns that count: anybody can have Amazon sign one of their own."""

    def __init__(self, topics: Collection[str], fetch: Fetch) -> None:
        self._topics = frozenset(topics)
        self._fetch = fetch
        self._certificates: dict[str, x509.Certificate] = {}

    async def open(self, body: bytes, now: datetime) -> tuple[str, Any] | None:
        """Return the notice's id, and the message in it; None: it was about the subscription, and is done.

        Raises FeedbackForged, FeedbackUnreadable; OSError when Amazon cannot be reached.
        """
        notice = an_object(parsed(body))
        sort = text(notice, "Type") or ""
        if text(notice, "TopicArn") not in self._topics or sort not in _SIGNED:
            raise FeedbackForged("a topic or a kind of notice that is not expected")
        await self._prove(notice, sort, now)
        if sort == _CONFIRMATION:
            await self._fetch(_pinned(text(notice, "SubscribeURL")))
            return None
        return text(notice, "MessageId") or "", parsed(text(notice, "Message") or "")

    async def _prove(self, notice: Json, sort: str, now: datetime) -> None:
        certificate = await self._certificate(_pinned(text(notice, "SigningCertURL")), now)
        key = certificate.public_key()
        signature = decoded(text(notice, "Signature") or "")
        # Version 1 is what SNS uses unless a topic is told otherwise.
        algorithm = SHA256() if text(notice, "SignatureVersion") == "2" else SHA1()  # noqa: S303  (Amazon's choice)
        if not isinstance(key, RSAPublicKey):
            raise FeedbackForged("the certificate is not one of SNS")
        try:
            key.verify(signature, _to_sign(notice, sort), PKCS1v15(), algorithm)
        except InvalidSignature:
            raise FeedbackForged("the signature is wrong") from None
        if abs(now - moment(notice.get("Timestamp"), now - 2 * _LIMIT)) > _LIMIT:
            raise FeedbackForged("the notice is too old, or from the future")

    async def _certificate(self, url: str, now: datetime) -> x509.Certificate:
        certificate = self._certificates.get(url)
        if certificate is None:
            try:
                certificate = x509.load_pem_x509_certificate(await self._fetch(url))
            except ValueError:
                raise FeedbackForged("the certificate cannot be read") from None
            self._certificates = {url: certificate}  # there is one at a time
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise FeedbackForged("the certificate is not valid now")
        return certificate


def _pinned(url: str | None) -> str:
    """Return an address at Amazon's own SNS. Raise `FeedbackForged`: whoever signs must not choose who vouches."""
    if url is None or _HOST.fullmatch(url) is None:
        raise FeedbackForged("an address that is not one of SNS")
    return url


def _to_sign(notice: Json, sort: str) -> bytes:
    """Return what is signed: names and values, one a line; a missing Subject is left out."""
    told = ((name, notice.get(name)) for name in _SIGNED[sort])
    return "".join(f"{name}\n{value}\n" for name, value in told if isinstance(value, str)).encode()
