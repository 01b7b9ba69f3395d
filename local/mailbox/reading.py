"""A mail taken apart for people: headers, the HTML part, the text part, the names of what is attached."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, decoded; `html` and `text` are None where the mail has no such part."""

    headers: tuple[tuple[str, str], ...]
    html: str | None
    text: str | None
    attachments: tuple[str, ...]


def read(content: bytes) -> Mail:
    """Take a mail apart."""
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return Mail(
        headers=tuple((name, str(value)) for name, value in message.items()),
        html=_part(message, "html"),
        text=_part(message, "plain"),
        attachments=tuple(part.get_filename() or part.get_content_type() for part in message.iter_attachments()),
    )


def _part(message: EmailMessage, kind: str) -> str | None:
    found = message.get_body(preferencelist=("html",) if kind == "html" else ("plain",))
    if not isinstance(found, EmailMessage):
        return None
    raw = found.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return None
    try:
        return raw.decode(found.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a charset that nobody knows
        return raw.decode("latin-1")
