"""Every mail that came in: one file each, written before SMTP says yes, and an index in memory."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from itertools import islice
from pathlib import Path

_ENVELOPE = b"X-Mailbox-Envelope: "
"""The first line of each file. A header, so that a mail program opens the file; the mail begins behind it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the index knows of one mail; `to` are the envelope's recipients, `size` is in bytes as it came in."""

    id: str
    message_id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    received_at: str
    size: int


class Archive:
    """The mails of one folder, oldest first."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._mails: dict[str, Summary] = {}
        self._message_ids: Counter[str] = Counter()
        self._last_id = 0
        for path in sorted(folder.glob("*.eml")):
            if (found := _read_summary(path)) is not None:
                self._index(found)

    def __len__(self) -> int:
        return len(self._mails)

    async def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> Summary:
        """Write a mail to disk, then index it; when this returns, the mail outlives a crash."""
        summary = _summarise(self._next_id(), sender, recipients, content)
        await asyncio.to_thread(_write, self._path(summary.id), summary, content)
        self._index(summary)
        return summary

    def newest(self, *, to: str | None = None, search: str | None = None, limit: int = 100) -> list[Summary]:
        """The newest mails first: all, those to one whole address, or those with an address that contains `search`."""
        return list(islice(self._matching(to and to.casefold(), search and search.casefold()), limit))

    def summary(self, mail_id: str) -> Summary | None:
        """What the index knows of this mail, if there is one."""
        return self._mails.get(mail_id)

    def content(self, mail_id: str) -> bytes:
        """The bytes of a mail as they came in. Raises FileNotFoundError when it is gone."""
        return self._path(mail_id).read_bytes().partition(b"\r\n")[2]

    def accepted(self, message_id: str) -> bool:
        """Whether a mail with this Message-ID was ever taken (with or without its angle brackets)."""
        return self._message_ids[_bare(message_id)] > 0

    def clear(self) -> int:
        """Delete every mail, and say how many there were."""
        gone = list(self._mails)
        self._mails.clear()
        self._message_ids.clear()
        for mail_id in gone:
            self._path(mail_id).unlink(missing_ok=True)
        return len(gone)

    def _matching(self, to: str | None, search: str | None) -> Iterator[Summary]:
        for mail in reversed(self._mails.values()):
            addresses = [address.casefold() for address in mail.to]
            if (not to or to in addresses) and (not search or any(search in address for address in addresses)):
                yield mail

    def _index(self, summary: Summary) -> None:
        self._mails[summary.id] = summary
        self._message_ids[_bare(summary.message_id)] += 1
        self._last_id = max(self._last_id, int(summary.id))

    def _next_id(self) -> str:
        # Ids are the instant in nanoseconds, made unique, so that names sort by time.
        self._last_id = max(self._last_id + 1, time.time_ns())
        return str(self._last_id)

    def _path(self, mail_id: str) -> Path:
        return self._folder / f"{int(mail_id)}.eml"


def _summarise(mail_id: str, sender: str, recipients: Sequence[str], content: bytes) -> Summary:
    # Only the header block is parsed here: bodies are parsed when somebody reads them.
    headers = BytesHeaderParser().parsebytes(content.partition(b"\r\n\r\n")[0])
    return Summary(
        id=mail_id,
        message_id=str(headers.get("Message-ID", "")).strip(),
        sender=sender,
        to=tuple(recipients),
        subject=_decoded(str(headers.get("Subject", ""))),
        received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        size=len(content),
    )


def _decoded(header: str) -> str:
    try:
        return " ".join(str(make_header(decode_header(header))).split())
    except (HeaderParseError, LookupError, UnicodeError):
        return header


def _bare(message_id: str) -> str:
    return message_id.strip().strip("<>")


def _write(path: Path, summary: Summary, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(_ENVELOPE + json.dumps(asdict(summary)).encode() + b"\r\n" + content)
        file.flush()
        os.fsync(file.fileno())


def _read_summary(path: Path) -> Summary | None:
    # A file shorter than its envelope says was cut by a crash, before SMTP said yes: it is not a mail.
    with path.open("rb") as file:
        first = file.readline()
        if not first.startswith(_ENVELOPE) or not first.endswith(b"\r\n"):
            return None
        stored = json.loads(first.removeprefix(_ENVELOPE))
    summary = Summary(**{**stored, "to": tuple(stored["to"])})
    return summary if path.stat().st_size == len(first) + summary.size else None
