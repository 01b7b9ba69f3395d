"""From heading and content to the bytes that travel: multipart/alternative, and the same bytes for the same input."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mail import headers
from mail.address import Mailbox, ascii_domain
from mail.rendering import Content

_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
_ASCII = bytes(range(0x80))
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Unsubscribe:
    """Where a contact ends a topic: a web link that takes a one-click POST (RFC 8058), and perhaps a `mailto:` link."""

    url: str
    mailto: str | None = None


@dataclass(frozen=True)
class Heading:
    """What stands above a letter. `date` is aware; `sender` and `reply_to` are `Name <address>` or a bare address.

    `message_id` has its angle brackets. `list_id` is `Name <id.domain>` or a bare id. `reference` comes back in bounces
    and complaints as `X-Kundresa-Ref`.
    """

    message_id: str
    date: datetime
    sender: str
    recipient: str
    reference: str
    reply_to: str | None = None
    unsubscribe: Unsubscribe | None = None
    list_id: str | None = None
    feedback_id: str | None = None


def message_id(send_key: str, domain: str) -> str:
    """Return the Message-ID of a message: the same key gives the same id, so that retries can be told from new mail."""
    digest = hashlib.sha256(send_key.encode()).digest()[:20]
    return f"<{base64.b32encode(digest).decode().lower()}@{ascii_domain(domain)}>"


def compose(heading: Heading, content: Content) -> bytes:
    """Return the whole mail with CRLF line ends, text part first.

    Raises `mail.headers.HeaderUnsafe` or `mail.address.AddressUnusable`, both `ValueError`s, for what cannot stand in
    a head.
    """
    # "=_" can stand neither in quoted-printable nor in base64: no part can hold the boundary.
    boundary = f"=_{hashlib.sha256(heading.message_id.encode()).hexdigest()[:32]}"
    lines = [*_head_lines(heading, content), "MIME-Version: 1.0", _content_type(boundary)]
    parts = (_part("plain", content.text), _part("html", content.html))
    mark = f"--{boundary}".encode()
    return b"".join((headers.head(lines), *(mark + b"\r\n" + part + b"\r\n" for part in parts), mark, b"--\r\n"))


def _head_lines(heading: Heading, content: Content) -> list[str]:
    lines = [
        f"Date: {format_datetime(heading.date)}",
        headers.mailbox("From", Mailbox.parse(heading.sender)),
        headers.mailbox("To", Mailbox.parse(heading.recipient)),
        headers.unstructured("Subject", content.subject),
        headers.token("Content-Language", content.language),
        headers.token("Message-ID", heading.message_id),
    ]
    if heading.reply_to:
        lines.append(headers.mailbox("Reply-To", Mailbox.parse(heading.reply_to)))
    if heading.unsubscribe:
        lines += [headers.list_unsubscribe(heading.unsubscribe.url, heading.unsubscribe.mailto), _ONE_CLICK]
    if heading.list_id:
        lines.append(headers.list_id(heading.list_id))
    if heading.feedback_id:
        lines.append(headers.token("Feedback-ID", heading.feedback_id))
    return [*lines, headers.token("X-Kundresa-Ref", heading.reference)]


def _content_type(boundary: str) -> str:
    return f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"'


def _part(subtype: str, text: str) -> bytes:
    """Return one part, head and body, in the shorter of the two encodings that pass every relay."""
    data = (_LINE_END.sub("\n", text).rstrip("\n") + "\n").replace("\n", "\r\n").encode()
    non_ascii = len(data.translate(None, _ASCII))
    if non_ascii * 6 > len(data):  # then three bytes for each of them are more than base64's third
        encoding, body = "base64", base64.encodebytes(data).replace(b"\n", b"\r\n")
    else:
        encoding, body = "quoted-printable", binascii.b2a_qp(data, istext=True)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body
