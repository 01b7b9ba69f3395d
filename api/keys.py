"""Keys: who may send events, and who may look and steer. Every comparison takes the same time."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from api.errors import UnauthorizedError


class Keys:
    """The write keys, as user name of Basic authorization (or as a bearer token), and the admin key."""

    def __init__(self, write_keys: Iterable[str], admin_key: str) -> None:
        self._write_keys = [key.encode() for key in write_keys]
        self._admin_key = admin_key.encode()

    def admit_writer(self, authorization: str | None, key_in_body: object = None) -> None:
        """Raise UnauthorizedError unless the header (or, without one, `writeKey` of the body) bears a write key."""
        given = _named(authorization) if authorization else key_in_body
        if not isinstance(given, str) or not self._is_write_key(given.encode("utf-8", "surrogatepass")):
            raise UnauthorizedError(
                "the write key is missing or wrong; send it as the user name of Basic authorization"
            )

    def admit_admin(self, authorization: str | None) -> None:
        """Raise UnauthorizedError unless the header bears the admin key."""
        scheme, _, token = (authorization or "").partition(" ")
        matches = hmac.compare_digest(token.strip().encode("utf-8", "surrogatepass"), self._admin_key)
        if scheme.lower() != "bearer" or not matches:
            raise UnauthorizedError("the admin key is missing or wrong; send it as a bearer token")

    def _is_write_key(self, given: bytes) -> bool:
        # All keys are compared, so that the time does not tell which one is near.
        return sum(hmac.compare_digest(given, key) for key in self._write_keys) > 0


def _named(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return None
