"""Our own writer of mail headers.

The standard library's mail policies encode a long `List-Unsubscribe` (against RFC 2047, section 5; mailboxes then show
no button), drop blanks when they fold non-ASCII subjects (before Python 3.13), and let encoded words smuggle in header
lines (before 3.12.5). So every line is written here, and the finished head is read again and compared with the intent.
"""

import re
from email.header import Header
from email.parser import BytesHeaderParser
from functools import lru_cache

from mail.address import Mailbox

LONGEST_LINE = 998  # RFC 5322 2.1.1, octets without the line end
_FOLDED = 76
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_TOKEN = re.compile(r"[!-~]{1,900}")
_LIST_ID = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_WEB = re.compile(r"https?://[^\s<>\"\\\x00-\x20\x7f-\U0010ffff]{1,900}")
_MAILTO = re.compile(r"mailto:[^\s<>\"\\\x00-\x20\x7f-\U0010ffff]{1,900}")


class HeaderUnsafe(ValueError):
    """A value would break out of its header, or break it; the message names the header, not the value."""


def unstructured(name: str, value: str) -> str:
    """Return a line of free text, such as a subject: as it is where that is plain, else as encoded words."""
    _refuse_control(name, value)
    plain = value.isascii() and "=?" not in value and len(name) + 2 + len(value) <= _FOLDED
    return f"{name}: {value if plain and value == value.strip() else _encoded(name, value)}"


def mailbox(name: str, value: Mailbox) -> str:
    """Return a line with one address and, if there is one, its display name, quoted or encoded."""
    _refuse_control(name, value.name)
    return f"{name}: {_phrase(name, value.name)}<{value.address}>" if value.name else f"{name}: {value.address}"


def token(name: str, value: str) -> str:
    """Return a line whose value is one run of printable ASCII, such as an id; it is never encoded nor folded."""
    if not _TOKEN.fullmatch(value) or "=?" in value:
        raise HeaderUnsafe(f"{name} needs printable ASCII without blanks")
    return f"{name}: {value}"


def list_id(value: str) -> str:
    """Return the List-ID line of `Name <id.domain>` or of a bare id (RFC 2919)."""
    found = re.fullmatch(r"(?P<name>[^<>]*?)\s*<(?P<id>[^<>]+)>", value)
    name, identity = (found["name"], found["id"]) if found else ("", value)
    _refuse_control("List-ID", name)
    if not _LIST_ID.fullmatch(identity):
        raise HeaderUnsafe("List-ID needs an id of labels with dots")
    return f"List-ID: {_phrase('List-ID', name) if name else ''}<{identity}>"


def list_unsubscribe(url: str, mailto: str | None) -> str:
    """Return the List-Unsubscribe line (RFC 2369), folded between its URIs and never inside one.

    RFC 8058 wants https; http is let through for development, where mailboxes just show no button.
    """
    if not _WEB.fullmatch(url) or not (mailto is None or _MAILTO.fullmatch(mailto)):
        raise HeaderUnsafe("List-Unsubscribe needs a web link, and beside it at most a mailto: link")
    return f"List-Unsubscribe: <{url}>" + (f",\r\n <{mailto}>" if mailto else "")


def head(lines: list[str]) -> bytes:
    """Join header lines and the blank line after them; raise `HeaderUnsafe` if they read back as anything else."""
    written = "".join(f"{line}\r\n" for line in lines).encode()
    _check_lines(written)
    parsed = BytesHeaderParser().parsebytes(written + b"\r\n")
    if parsed.keys() != [line.partition(":")[0] for line in lines] or parsed.defects or parsed.get_payload():
        raise HeaderUnsafe("the head reads back with other headers than were written")
    return written + b"\r\n"


def _check_lines(written: bytes) -> None:
    lines = written.split(b"\r\n")
    if any(len(line) > LONGEST_LINE for line in lines):
        raise HeaderUnsafe(f"a header line is longer than {LONGEST_LINE} octets")
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        raise HeaderUnsafe("a header line holds a bare line end")


def _refuse_control(name: str, value: str) -> None:
    if _CONTROL.search(value):
        raise HeaderUnsafe(f"{name} holds a line break or another control character")


def _phrase(header: str, name: str) -> str:
    """Return a display name as RFC 5322 writes it, with the blank that parts it from what follows."""
    if name.isascii() and "=?" not in name and len(name) <= _FOLDED - len(header):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f"{name} " if _ATOMS.fullmatch(name) and name == name.strip() else f'"{quoted}" '
    return f"{_encoded(header, name)} "


# The sender's name is the same in every mail, and subjects are often: encoding them costs as much as signing.
@lru_cache(maxsize=1024)
def _encoded(header: str, value: str) -> str:
    return Header(value, "utf-8", header_name=header, maxlinelen=_FOLDED).encode(linesep="\r\n")
