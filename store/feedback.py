"""Feedback takes effect: an event like any of the shop's, suppression, consent, and evidence for what was in doubt.

All in one transaction with the row that remembers it, so that the same feedback again changes nothing. Whom it concerns
is told by the ledger alone: addresses in feedback are never believed.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.feedback import TAKEN, Feedback, Kind
from rules.names import UNSUBSCRIBED
from store import consents, doubts
from store.announcing import Announcement, announce
from store.consents import ALL_TOPICS
from store.suppressions import COMPLAINT, HARD, Suppression, add

_EVENTS = {
    Kind.DELIVERED: "Email Delivered",
    Kind.BOUNCED: "Email Bounced",
    Kind.REJECTED: "Email Rejected",
    Kind.COMPLAINED: "Email Marked as Spam",
    Kind.OPENED: "Email Opened",
    Kind.CLICKED: "Email Link Clicked",
    Kind.REPLIED: "Email Replied",
}
"""The names of Segment's e-mail specification; `Email Rejected` and `Email Replied` are ours, in its style."""


class Effect(StrEnum):
    """What became of one piece of feedback."""

    APPLIED = "applied"
    KNOWN = "known"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class _Concerned:
    """The message that feedback is about."""

    id: UUID
    contact_id: UUID
    journey: str
    letter: str
    message_id: str
    topic: str | None
    staff: str | None
    recipient: str


# The number and the Message-ID name one message. The enrolment has many: then the recipient must fit, too, and of those
# the latest is meant. The lock lets no erasure come between: it takes the recipient away, and would miss what we write.
_CONCERNED = text(
    """
    SELECT id, contact_id, journey, letter, message_id, topic, staff, recipient FROM messages
    WHERE recipient IS NOT NULL AND (
        id = cast(:message AS uuid) OR message_id = :message_id
        OR enrolment_id = cast(:enrolment AS uuid) AND lower(recipient) = lower(:recipient))
    ORDER BY id = cast(:message AS uuid) DESC NULLS LAST, message_id = :message_id DESC NULLS LAST, created_at DESC
    LIMIT 1 FOR KEY SHARE
    """
)
_REMEMBER = text(
    """
    INSERT INTO feedback (source, event_id, message, kind, hardness, category, code, at)
    VALUES (:source, :event_id, :message, :kind, :hardness, :category, :code, :at)
    ON CONFLICT (source, event_id) DO NOTHING RETURNING id
    """
)


async def take(session: AsyncSession, source: str, told: Feedback) -> Effect:
    """Let feedback that was proved to be genuine take effect, once."""
    told = _sound(told)
    about = await _concerned(session, told)
    if about is None or told.kind is Kind.UNKNOWN:
        return Effect.UNKNOWN
    row = {
        "source": source,
        "event_id": told.event_id,
        "message": about.id,
        "kind": told.kind.value,
        "hardness": told.hardness,
        "category": told.category,
        "code": told.code,
        "at": told.at,
    }
    if (await session.execute(_REMEMBER, row)).one_or_none() is None:
        return Effect.KNOWN
    if told.kind in TAKEN:
        await doubts.confirm(session, about.id)
    await _suppress(session, source, told, about)
    # A letter to the shop's own staff says nothing of the contact that it is about.
    if about.staff is None:
        await _tell(session, source, told, about)
    return Effect.APPLIED


def _sound(told: Feedback) -> Feedback:
    """What was told, without what cannot be stored: it may quote anything."""
    return replace(
        told,
        # A clock that runs ahead must not write a no that outlasts the yes that follows it.
        at=min(told.at, datetime.now(UTC)),
        event_id=_storable(told.event_id),
        recipient=told.recipient and _storable(told.recipient),
        url=told.url and _storable(told.url),
        references=replace(
            told.references, message_id=told.references.message_id and _storable(told.references.message_id)
        ),
    )


def _storable(written: str) -> str:
    return written.encode("utf-8", "ignore").decode().replace("\0", "")


async def _concerned(session: AsyncSession, told: Feedback) -> _Concerned | None:
    values = {**told.references.__dict__, "recipient": told.recipient}
    for name in ("message", "enrolment"):
        values[name] = _as_uuid(values[name])
    row = (await session.execute(_CONCERNED, values)).mappings().one_or_none()
    return _Concerned(**row) if row is not None else None


def _as_uuid(written: str | None) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError:
        return None


async def _suppress(session: AsyncSession, source: str, told: Feedback, about: _Concerned) -> None:
    evidence = f"feedback {source} {told.event_id}"
    if told.kind is Kind.BOUNCED and told.hardness == "hard":
        await add(session, Suppression(about.recipient, HARD, _reason(told), evidence, source))
    if told.kind is Kind.BOUNCED and told.category == "mailbox full" and await _abandoned(session, about):
        await add(session, Suppression(about.recipient, HARD, "its mailbox stays full", evidence, source))
    if told.kind is Kind.COMPLAINED:
        await add(session, Suppression(about.recipient, COMPLAINT, "marked as spam", evidence, source))


# A mailbox that is full may be emptied. One that was full three times, for two weeks and more, with nothing taken
# meanwhile, has no reader. A letter of which no bounce was heard counts as taken.
_ABANDONED = text(
    """
    WITH letters AS (
        SELECT m.settled_at, bool_or(f.kind = 'bounced') AS bounced,
               max(f.at) FILTER (WHERE f.kind = 'bounced' AND f.category = 'mailbox full') AS full_at
        FROM messages m LEFT JOIN feedback f ON f.message = m.id
        WHERE m.contact_id = :contact AND lower(m.recipient) = lower(:recipient) AND m.state = 'sent'
        GROUP BY m.id
    ), taken AS (
        SELECT coalesce(max(settled_at), '-infinity') AS at FROM letters WHERE bounced IS NOT TRUE
    )
    SELECT count(*) FROM letters, taken WHERE full_at > taken.at
    HAVING count(*) >= :times AND max(full_at) - min(full_at) >= cast(:span AS interval)
    """
)
_TIMES, _SPAN = 3, timedelta(days=15)


async def _abandoned(session: AsyncSession, about: _Concerned) -> bool:
    values = {"contact": about.contact_id, "recipient": about.recipient, "times": _TIMES, "span": _SPAN}
    return (await session.execute(_ABANDONED, values)).one_or_none() is not None


def _reason(told: Feedback) -> str:
    return " ".join(filter(None, ("bounced:", told.category or "for good", told.code and f"({told.code})")))


async def _tell(session: AsyncSession, source: str, told: Feedback, about: _Concerned) -> None:
    message = f"feedback/{source}/{told.event_id}"
    if told.kind in _EVENTS:
        await announce(
            session, [Announcement(message, about.contact_id, _EVENTS[told.kind], told.at, _properties(told, about))]
        )
    if told.kind in (Kind.COMPLAINED, Kind.UNSUBSCRIBED):
        topic = about.topic or ALL_TOPICS if told.kind is Kind.UNSUBSCRIBED else ALL_TOPICS
        contact = await consents.end(session, about.contact_id, topic, message, told.at)
        ended = Announcement(f"{message}/unsubscribed", contact, UNSUBSCRIBED, told.at, {"topic": topic})
        await announce(session, [ended])


def _properties(told: Feedback, about: _Concerned) -> dict[str, Any]:
    said = {
        "letter": about.letter,
        "journey": about.journey,
        "message_id": about.message_id,
        "type": told.hardness,
        "reason": told.category,
        "code": told.code,
        "link_url": told.url,
    }
    return {name: value for name, value in said.items() if value is not None}
