"""What the store knows of a contact, in the form in which rules ask for it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.conditions import Condition
from rules.facts import Facts, Happening, Named, Received, Stay
from rules.needs import Needs, needs, refers, together
from store.named import named as published

_MOST = 10_000
"""As many events of a contact are looked at, the latest ones: a contact that is a machine must not stop the rest."""


async def happenings(
    session: AsyncSession, contact: UUID, names: Collection[str] | None, *, from_seq: int = 0, limit: int = 10_000
) -> list[Happening]:
    """The contact's events of these names (None: all), oldest first, at most the `limit` latest of them."""
    rows = await session.execute(
        text(
            """
            SELECT seq, name, properties, occurred_at FROM (
                SELECT seq, name, properties, occurred_at FROM events
                WHERE contact_id = :contact AND seq >= :from_seq AND (:every OR name = ANY(:names))
                ORDER BY seq DESC LIMIT :limit
            ) latest ORDER BY seq
            """
        ),
        {"contact": contact, "names": list(names or ()), "every": names is None, "from_seq": from_seq, "limit": limit},
    )
    return [Happening(row.name, row.occurred_at, row.properties, row.seq) for row in rows]


@dataclass(frozen=True)
class Entrant:
    """The contact of an enrolment as it is now, and the event that it entered with. `paused`: the journey is held."""

    contact_id: UUID
    journey: str
    version: int
    traits: dict[str, Any]
    paused: bool
    entered: datetime
    start: dict[str, Any]


async def entrant(session: AsyncSession, enrolment: UUID) -> Entrant:
    """Look at the contact of this enrolment. Raises LookupError when there is no such enrolment."""
    rows = await session.execute(
        text(
            """
            SELECT e.contact_id, e.journey, e.version, c.traits, j.paused_at IS NOT NULL AS paused,
                   v.occurred_at AS entered, v.properties AS start
            FROM enrolments e
            JOIN contacts c ON c.id = e.contact_id
            JOIN events v ON v.seq = e.trigger_seq
            LEFT JOIN journeys j ON j.name = e.journey
            WHERE e.id = :id
            """
        ),
        {"id": enrolment},
    )
    row = rows.mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no enrolment {enrolment}")
    return Entrant(**row)


_TRAITS = text(
    "SELECT id, CASE WHEN :asked THEN traits ELSE '{}' END AS traits FROM contacts WHERE id = ANY(:contacts)"
)

_EVENTS = text(
    """
    SELECT asked.id, e.seq, e.name, e.properties, e.occurred_at
    FROM unnest(cast(:contacts AS uuid[])) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT seq, name, properties, occurred_at FROM events
        WHERE contact_id = asked.id AND name = ANY(:names)
        ORDER BY occurred_at DESC, seq DESC LIMIT :most
    ) e
    ORDER BY e.occurred_at, e.seq
    """
)

# What was said about all topics stands for each of them until something newer is said about it.
_TOPICS = text(
    """
    SELECT said.contact_id AS id, said.topic, latest.granted
    FROM (SELECT DISTINCT contact_id, topic FROM consents WHERE contact_id = ANY(:contacts)) said
    CROSS JOIN LATERAL (
        SELECT granted FROM consents c
        WHERE c.contact_id = said.contact_id AND c.topic IN (said.topic, '*')
        ORDER BY c.id DESC LIMIT 1
    ) latest
    """
)

_STAYS = text(
    """
    SELECT contact_id AS id, journey, started_at, ended_at
    FROM enrolments WHERE contact_id = ANY(:contacts) ORDER BY started_at
    """
)

# What went to the shop's own staff, the contact never saw.
_LETTERS = text(
    """
    SELECT contact_id AS id, letter, coalesce(settled_at, created_at) AS at
    FROM messages WHERE contact_id = ANY(:contacts) AND state = 'sent' AND staff IS NULL ORDER BY 3
    """
)


async def known_of(
    session: AsyncSession, contacts: Collection[UUID], asked: Needs, now: datetime, named: Named | None = None
) -> dict[UUID, Facts]:
    """What is known of each of these contacts, as far as it is needed: one query for each kind of thing.

    Contacts that are not there are left out. Without `named` no condition that refers to segments may be asked of it.
    """
    these = list(contacts)
    rows = await session.execute(_TRAITS, {"contacts": these, "asked": bool(asked.traits)})
    traits = {row.id: row.traits for row in rows}
    events = await _events(session, these, asked) if asked.events else {}
    topics = await _topics(session, these) if asked.topics else {}
    stays = await _stays(session, these) if asked.stays else {}
    letters = await _letters(session, these) if asked.letters else {}
    return {
        contact: Facts(
            now=now,
            traits=traits[contact],
            events=events.get(contact, ()),
            topics=topics.get(contact, {}),
            stays=stays.get(contact, ()),
            letters=letters.get(contact, ()),
            named=named or Named(),
        )
        for contact in these
        if contact in traits
    }


async def known(session: AsyncSession, contact: UUID, asked: Needs, now: datetime, named: Named | None = None) -> Facts:
    """What is known of one contact, as far as it is needed. Raises LookupError when there is no such contact."""
    return (await known_of(session, [contact], asked, now, named))[contact]


async def of_run(session: AsyncSession, entrant: Entrant, conditions: Sequence[Condition], now: datetime) -> Facts:
    """What these conditions need to know of the contact of a run, and of the run."""
    referred = await published(session) if any(map(refers, conditions)) else Named()
    asked = together(needs(condition, referred) for condition in conditions)
    # The traits came with the entrant.
    facts = await known(session, entrant.contact_id, replace(asked, traits=frozenset()), now, referred)
    return replace(facts, traits=entrant.traits, start=entrant.start, entered=entrant.entered)


async def _events(session: AsyncSession, contacts: list[UUID], asked: Needs) -> dict[UUID, list[Happening]]:
    rows = await session.execute(_EVENTS, {"contacts": contacts, "names": sorted(asked.events), "most": _MOST})
    return _by_contact((row.id, Happening(row.name, row.occurred_at, row.properties, row.seq)) for row in rows)


async def _topics(session: AsyncSession, contacts: list[UUID]) -> dict[UUID, Mapping[str, bool]]:
    rows = await session.execute(_TOPICS, {"contacts": contacts})
    said = _by_contact((row.id, (row.topic, row.granted)) for row in rows)
    return {contact: dict(words) for contact, words in said.items()}


async def _stays(session: AsyncSession, contacts: list[UUID]) -> dict[UUID, list[Stay]]:
    rows = await session.execute(_STAYS, {"contacts": contacts})
    return _by_contact((row.id, Stay(row.journey, row.started_at, row.ended_at)) for row in rows)


async def _letters(session: AsyncSession, contacts: list[UUID]) -> dict[UUID, list[Received]]:
    rows = await session.execute(_LETTERS, {"contacts": contacts})
    return _by_contact((row.id, Received(row.letter, row.at)) for row in rows)


_T = TypeVar("_T")


def _by_contact(found: Iterable[tuple[UUID, _T]]) -> dict[UUID, list[_T]]:
    sorted_out: dict[UUID, list[_T]] = {}
    for contact, each in found:
        sorted_out.setdefault(contact, []).append(each)
    return sorted_out
