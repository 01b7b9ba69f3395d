"""Sign what is sent to webhooks, by the Standard Webhooks scheme (standard-webhooks.com, version 1)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

_PREFIX = "whsec_"


def message_id(key: str) -> str:
    """The `webhook-id`: the same for every attempt, so that the receiver knows repeats; it tells nothing by itself."""
    return "msg_" + hashlib.sha256(key.encode()).hexdigest()[:32]


def signed(key: str, at: datetime, body: bytes, secret: bytes) -> Mapping[str, str]:
    """The headers of the scheme: id (out of what makes this message this one), time of this attempt, signature."""
    identity, timestamp = message_id(key), str(int(at.timestamp()))
    content = b".".join((identity.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": identity, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def secret_of(secret: str) -> bytes:
    """The bytes of a secret: Base64 behind `whsec_`, else the text itself. Raises ValueError."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the webhook secret is not Base64 behind 'whsec_'") from None
