"""Sign mails so that mailbox providers know who vouches for them: DKIM (RFC 6376), with RSA and Ed25519 (RFC 8463).

Canonicalization is relaxed/relaxed. From is oversigned: a second From line added on the way breaks the signature. A
body length (`l=`) is never told: it would let others add to the mail.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from mail.address import ascii_domain

LEAST_BITS = 2048
"""Of an RSA key. Less is no longer taken by everybody (RFC 8301, 3.2, wants 1,024; the large providers 2,048)."""

_SIGNED = (
    *("from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-language", "content-transfer-encoding"),
    *("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "auto-submitted"),
)
_OVERSIGNED = ("from",)
_BLANKS = re.compile(rb"[ \t]+")
_UNFOLD = re.compile(rb"\r\n(?=[ \t])")
_LAST_BLANKS = re.compile(rb"[ \t]+(?=\r\n)")
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class KeyUnusable(ValueError):
    """A private key that cannot sign mail. The message never quotes it."""


@dataclass(frozen=True)
class Key:
    """A private key, and where its public half is published: `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @classmethod
    def read(cls, domain: str, selector: str, pem: bytes) -> "Key":
        """A key out of PEM text (PKCS #8, or PKCS #1 for RSA). Raises KeyUnusable, AddressUnusable."""
        if not _SELECTOR.fullmatch(selector):
            raise KeyUnusable("a selector is made of lower-case letters, digits, hyphens and dots")
        try:
            private = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(f"the key of selector {selector} cannot be read; it must be unencrypted PEM") from error
        if isinstance(private, rsa.RSAPrivateKey) and private.key_size < LEAST_BITS:
            raise KeyUnusable(
                f"the RSA key of selector {selector} has {private.key_size} bits; make one of {LEAST_BITS}"
            )
        if not isinstance(private, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise KeyUnusable(f"the key of selector {selector} is neither RSA nor Ed25519")
        return cls(ascii_domain(domain), selector, private)

    @property
    def algorithm(self) -> str:
        """What `a=` tells."""
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    def record(self) -> str:
        """The TXT record to publish (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            encoded = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={base64.b64encode(encoded).decode()}"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"

    def sign(self, data: bytes) -> bytes:
        """The signature of what was hashed so far."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        # RFC 8463, 3: Ed25519 signs the hash, not the data.
        return self.private.sign(hashlib.sha256(data).digest())


def sign(raw: bytes, keys: Sequence[Key], at: datetime) -> bytes:
    """The mail with a signature of each key above it. `raw` has CRLF line ends and a body; the same gives the same."""
    if not keys:
        return raw
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = _fields(head)
    body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
    return b"".join(_signature(key, fields, body_hash, at) for key in keys) + raw


def _signature(key: Key, fields: dict[bytes, list[bytes]], body_hash: str, at: datetime) -> bytes:
    names = [name for name in _SIGNED for _ in fields.get(name.encode(), ())]
    told = ":".join([*names, *_OVERSIGNED])
    tags = (
        f"v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n"
        f" d={key.domain}; s={key.selector}; t={int(at.timestamp())};\r\n"
        f" h={_folded(told, ':')};\r\n bh={body_hash};\r\n b="
    )
    # Of several lines of one name the last is signed first (RFC 6376, 5.4.2); names without a line sign its absence.
    signed = b"".join(line for name in dict.fromkeys(names) for line in reversed(fields[name.encode()]))
    own = b"dkim-signature:" + _relaxed_value(tags.encode())
    signature = base64.b64encode(key.sign(signed + own)).decode()
    return f"DKIM-Signature: {tags}{_folded(signature)}\r\n".encode()


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    """The lines of the head in relaxed form, by name, in their order."""
    fields: dict[bytes, list[bytes]] = {}
    for line in _UNFOLD.sub(b"", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        fields.setdefault(name, []).append(name + b":" + _relaxed_value(value) + b"\r\n")
    return fields


def _relaxed_value(value: bytes) -> bytes:
    """A header's value in relaxed form (RFC 6376, 3.4.2)."""
    return _BLANKS.sub(b" ", _UNFOLD.sub(b"", value)).strip()


def relaxed_body(body: bytes) -> bytes:
    """A body in relaxed form (RFC 6376, 3.4.4): no blanks at the ends of lines, and no empty lines at its end."""
    lines = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    # What we write ourselves seldom has such blanks: looking for them costs far less than replacing each blank.
    if b" \r\n" in lines or b"\t\r\n" in lines:
        lines = _LAST_BLANKS.sub(b"", lines)
    if b"  " in lines or b"\t" in lines:
        lines = _BLANKS.sub(b" ", lines)
    shortened = lines.rstrip(b"\r\n")
    return shortened + b"\r\n" if shortened else b""


def _folded(value: str, after: str = "") -> str:
    """The value in lines of at most 72 characters, broken `after` a sign, or anywhere."""
    lines = [""]
    for piece in value.split(after) if after else [value[start : start + 70] for start in range(0, len(value), 70)]:
        part = piece + after
        lines = [*lines, part] if lines[-1] and len(lines[-1]) + len(part) > 72 else [*lines[:-1], lines[-1] + part]
    return "\r\n ".join(lines).removesuffix(after) if after else "\r\n ".join(lines)
