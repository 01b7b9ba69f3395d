"""Signed links in letters: whoever holds one may end or confirm that contact's topic, and nobody can make one."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

_VERSION = "v1."
_UUID_BYTES = 16
_MAC_BYTES = 16  # 128 bits of HMAC-SHA256


class LinkInvalid(ValueError):
    """The token was not made by us, or was changed on its way."""


@dataclass(frozen=True)
class Subscription:
    """What a link is about."""

    contact: UUID
    topic: str


class Links:
    """Makes and reads the links. They never expire: a mail may be read, and a topic ended, years later."""

    def __init__(self, secret: str, public_url: str) -> None:
        # Keys of their own: the same secret may sign other things elsewhere, and no link does what another is for.
        self._ending = _Seal(secret, b"kundresa unsubscribe v1")
        self._confirming = _Seal(secret, b"kundresa confirm v1")
        self._public_url = public_url.rstrip("/")

    def unsubscribe(self, contact: UUID, topic: str) -> str:
        """Return the link that ends `topic` for `contact`: `{public_url}/u/v1.<token>`."""
        return f"{self._public_url}/u/{self._ending.token(Subscription(contact, topic))}"

    def confirm(self, contact: UUID, topic: str) -> str:
        """Return the link that confirms that `contact` wants `topic`: `{public_url}/c/v1.<token>`."""
        return f"{self._public_url}/c/{self._confirming.token(Subscription(contact, topic))}"

    def read(self, token: str) -> Subscription:
        """Return what the token of an unsubscribe link (`v1.` included) is about; raise `LinkInvalid`."""
        return self._ending.read(token)

    def read_confirmation(self, token: str) -> Subscription:
        """Return what the token of a confirmation link (`v1.` included) is about; raise `LinkInvalid`."""
        return self._confirming.read(token)


class _Seal:
    """Signs and checks tokens of one purpose."""

    def __init__(self, secret: str, purpose: bytes) -> None:
        self._key = hmac.digest(secret.encode(), purpose, hashlib.sha256)

    def token(self, subscription: Subscription) -> str:
        payload = subscription.contact.bytes + subscription.topic.encode()
        mac = hmac.digest(self._key, payload, hashlib.sha256)[:_MAC_BYTES]
        return _VERSION + base64.urlsafe_b64encode(payload + mac).rstrip(b"=").decode()

    def read(self, token: str) -> Subscription:
        subscription = _unpacked(token)
        # The whole token is made again and compared, so that no second spelling of a token is valid.
        if not hmac.compare_digest(self.token(subscription).encode(), token.encode("utf-8", "surrogateescape")):
            raise LinkInvalid("the link was not made here")
        return subscription


def _unpacked(token: str) -> Subscription:
    """Read a token without trusting it."""
    text = token.removeprefix(_VERSION)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return Subscription(UUID(bytes=data[:_UUID_BYTES]), data[_UUID_BYTES:-_MAC_BYTES].decode())
    except (binascii.Error, ValueError):
        raise LinkInvalid("the link cannot be read") from None
