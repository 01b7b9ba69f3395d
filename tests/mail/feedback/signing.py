"""What providers post, made and signed as they do."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

Posted = tuple[Mapping[str, str], bytes]
"""The headers and the body of a request."""

CERTIFICATE_URL = "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
TOPIC = "arn:aws:sns:eu-north-1:123456789012:letters"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def standard(secret: bytes, event: Any, at: datetime, event_id: str = "evt_1", prefix: str = "webhook") -> Posted:
    body, timestamp = json.dumps(event).encode(), str(int(at.timestamp()))
    mac = hmac.digest(secret, f"{event_id}.{timestamp}.".encode() + body, "sha256")
    told = {"id": event_id, "timestamp": timestamp, "signature": f"v1,AAAA v1,{encoded(mac)}"}
    return {f"{prefix}-{name}": value for name, value in told.items()}, body


def mailgun(key: str, event: Any, at: datetime, token: str = "token-1") -> Posted:
    timestamp = str(int(at.timestamp()))
    mac = hmac.digest(key.encode(), (timestamp + token).encode(), "sha256").hex()
    signature = {"timestamp": timestamp, "token": token, "signature": mac}
    return {}, json.dumps({"signature": signature, "event-data": event}).encode()


def postmark(login: str, event: Any) -> Posted:
    return {"authorization": f"Basic {encoded(login.encode())}"}, json.dumps(event).encode()


@dataclass
class SendGridKey:
    """A key as SendGrid has one for each customer."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> str:
        return encoded(self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def post(self, events: Any, at: datetime) -> Posted:
        body, timestamp = json.dumps(events).encode(), str(int(at.timestamp()))
        signature = self.private.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        return {
            "x-twilio-email-event-webhook-signature": encoded(signature),
            "x-twilio-email-event-webhook-timestamp": timestamp,
        }, body


@dataclass
class Amazon:
    """Amazon SNS: its key, its certificate, and a count of what was fetched."""

    now: datetime
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    fetched: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(1)
            .not_valid_before(self.now - timedelta(days=30))
            .not_valid_after(self.now + timedelta(days=30))
            .sign(self.private, SHA256())
        )
        return certificate.public_bytes(Encoding.PEM)

    def notice(self, message: Any, changes: Mapping[str, str | None] | None = None, *, version: str = "2") -> Posted:
        """A notice with a message; `changes` are made before it is signed, None removes."""
        told: dict[str, str | None] = {
            "Type": "Notification",
            "MessageId": "notice-1",
            "TopicArn": TOPIC,
            "Message": json.dumps(message),
            "Timestamp": self.now.isoformat(),
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE_URL,
        }
        told |= changes or {}
        notice = {name: value for name, value in told.items() if value is not None}
        signed = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{notice[name]}\n" for name in signed if name in notice)
        notice["Signature"] = encoded(
            self.private.sign(text.encode(), PKCS1v15(), SHA256() if version == "2" else SHA1())
        )
        return {"content-type": "text/plain; charset=UTF-8"}, json.dumps(notice).encode()
