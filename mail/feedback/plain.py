"""Bounces of servers that write no report (RFC 3464): qmail's own form, and that of exim and others with a header."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message

from mail.feedback.classifying import classify
from mail.feedback.reports import header, mentioned
from rules.feedback import Feedback, Kind

_QMAIL = re.compile(r"^Hi\. This is the .{1,200}$", re.MULTILINE)
_PARAGRAPH = re.compile(r"^<([^<>\s]+@[^<>\s]+)>:\s*\n((?:.+\n?)+)", re.MULTILINE)
_COPY = re.compile(r"^--- Below this line is a copy|^-+ This is a copy of|^-+ ?(The )?original message", re.I | re.M)
_SECOND_LOOK = 2_000
"""Characters of the words for people that are read for a reason."""


def failures(mail: Message, like: Feedback) -> Iterator[Feedback]:
    """What such a bounce tells; nothing when it is not one."""
    text = _text(mail)
    copy = _COPY.search(text)
    said = text[: copy.start()] if copy else text
    named = list(_named(mail, said))
    if not named:
        return
    known = like.references or mentioned(text[copy.start() :] if copy else text)
    for number, (address, reason) in enumerate(named):
        meaning = classify(None, reason)
        yield replace(
            like,
            kind=Kind.BOUNCED,
            event_id=f"{like.event_id}/{number}",
            references=known,
            recipient=address,
            hardness=meaning.hardness,
            category=meaning.category,
            code=meaning.code,
        )


def _named(mail: Message, said: str) -> Iterator[tuple[str, str]]:
    """The addresses that failed, each with the server's words about it."""
    failed = header(mail, "X-Failed-Recipients")
    if failed:
        for address in failed.split(","):
            yield address.strip(), said[-_SECOND_LOOK:]
    elif _QMAIL.search(said):
        yield from ((found[1], found[2]) for found in _PARAGRAPH.finditer(said))


def _text(mail: Message) -> str:
    part = next((each for each in mail.walk() if each.get_content_type() == "text/plain"), None)
    raw = part.get_payload(decode=True) if part is not None else None
    return raw.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(raw, bytes) else ""
