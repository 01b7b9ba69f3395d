"""Addresses of our own that bear a message's number and a seal: where its bounces go, and its mailto unsubscriptions.

`b-<base32 of the number><base32 of the seal>@domain`: 54 octets before the @ (RFC 5321 allows 64), and letters and
digits alone, in any case, for servers on the way may change the case. Nobody without the secret can make one.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Purpose = Literal["bounce", "unsubscribe"]
_PREFIXES: dict[Purpose, str] = {"bounce": "b-", "unsubscribe": "u-"}
_NUMBER_LETTERS = 26  # 128 bits, five a letter
_SEAL_BYTES = 16


class SealBroken(ValueError):
    """The address looks like one of ours, and was not made here."""


@dataclass(frozen=True)
class Sealed:
    """What such an address says."""

    purpose: Purpose
    message: UUID


class Verp:
    """Makes and reads the addresses (VERP: variable envelope return paths)."""

    def __init__(self, secret: str) -> None:
        # A key of its own: the same secret signs links elsewhere, and no seal does what another is for.
        self._key = hmac.digest(secret.encode(), b"kundresa verp v1", hashlib.sha256)

    def bounce(self, message: UUID, domain: str) -> str:
        """Return the envelope sender of a message: its bounces come back to it."""
        return f"{self._local('bounce', message)}@{domain}"

    def unsubscribe(self, message: UUID, domain: str) -> str:
        """Return the address for `List-Unsubscribe: <mailto:...>`: a mail to it ends the message's topic."""
        return f"{self._local('unsubscribe', message)}@{domain}"

    def read(self, address: str) -> Sealed | None:
        """Return what an address says; None when it has not the form of ours. Raise `SealBroken`."""
        local = address.strip().strip("<>").rpartition("@")[0].lower()
        purpose = next((each for each, prefix in _PREFIXES.items() if local.startswith(prefix)), None)
        if purpose is None or len(local) != len(self._local(purpose, UUID(int=0))):
            return None
        message = _number(local.removeprefix(_PREFIXES[purpose])[:_NUMBER_LETTERS])
        # The whole is made again and compared, so that no second spelling is valid.
        if not hmac.compare_digest(self._local(purpose, message).encode(), local.encode("utf-8", "surrogateescape")):
            raise SealBroken("the address was not made here")
        return Sealed(purpose, message)

    def _local(self, purpose: Purpose, message: UUID) -> str:
        seal = hmac.digest(self._key, purpose.encode() + message.bytes, hashlib.sha256)[:_SEAL_BYTES]
        return _PREFIXES[purpose] + _letters(message.bytes) + _letters(seal)


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _number(letters: str) -> UUID:
    try:
        return UUID(bytes=base64.b32decode(letters.upper() + "=" * (-len(letters) % 8)))
    except (binascii.Error, ValueError):
        raise SealBroken("the address was not made here") from None
