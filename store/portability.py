"""All that is stored of a contact, as JSON (GDPR articles 15 and 20)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from store import reports, suppressions

FORMAT = 1
"""Raised when a program that reads exports would have to be changed."""

# Section by section, in this order: SQL that gives a row of JSON, as text, for each entry. `:ids` are the contact and
# those that became it. Leases are nobody's data. A redemption by somebody else, to whom the code was handed on, is not
# this contact's.
SECTIONS: dict[str, str] = {
    "contacts": "SELECT to_jsonb(c)::text FROM contacts c WHERE id = ANY(:ids) ORDER BY merged_into IS NOT NULL, id",
    "identities": "SELECT to_jsonb(i)::text FROM identities i WHERE contact_id = ANY(:ids) ORDER BY kind, value",
    "consents": "SELECT to_jsonb(s)::text FROM consents s WHERE contact_id = ANY(:ids) ORDER BY id",
    "segments": "SELECT to_jsonb(m)::text FROM memberships m WHERE contact_id = ANY(:ids) ORDER BY segment",
    "due": "SELECT to_jsonb(d)::text FROM due d WHERE contact_id = ANY(:ids) ORDER BY at, kind, name",
    "enrolments": "SELECT to_jsonb(e)::text FROM enrolments e WHERE contact_id = ANY(:ids) ORDER BY started_at, id",
    "messages": """
        SELECT (to_jsonb(m) - 'lease' - 'raw' || jsonb_build_object(
            'written_base64', replace(encode(m.raw, 'base64'), chr(10), ''),
            'attempts', (SELECT coalesce(jsonb_agg(to_jsonb(a) - 'id' - 'message' ORDER BY a.number), '[]')
                         FROM attempts a WHERE a.message = m.id),
            'feedback', (SELECT coalesce(jsonb_agg(to_jsonb(f) - 'id' - 'message' ORDER BY f.id), '[]')
                         FROM feedback f WHERE f.message = m.id)))::text
        FROM messages m WHERE m.contact_id = ANY(:ids) ORDER BY m.created_at, m.id
    """,
    "waiting_letters": "SELECT to_jsonb(w)::text FROM wishes w WHERE contact_id = ANY(:ids) ORDER BY at, send_key",
    "coupon_codes": """
        SELECT to_jsonb(k)::text FROM coupon_codes k
        WHERE enrolment_id IN (SELECT id FROM enrolments WHERE contact_id = ANY(:ids)) ORDER BY id
    """,
    "redemptions": """
        SELECT to_jsonb(r)::text FROM redemptions r
        WHERE contact_id = ANY(:ids) OR contact_id IS NULL AND (coupon, code) IN (
            SELECT k.coupon, k.code FROM coupon_codes k JOIN enrolments e ON e.id = k.enrolment_id
            WHERE k.pooled AND e.contact_id = ANY(:ids))
        ORDER BY at, source
    """,
    "decisions": "SELECT to_jsonb(d)::text FROM decisions d WHERE contact_id = ANY(:ids) ORDER BY id",
    "events": "SELECT to_jsonb(v)::text FROM events v WHERE contact_id = ANY(:ids) ORDER BY seq",
}

_IDS = text("SELECT id FROM contacts WHERE id = :id OR merged_into = :id ORDER BY id")
_ADDRESSES = text(
    """
    SELECT value FROM identities WHERE kind = 'email' AND contact_id = ANY(:ids)
    UNION SELECT lower(traits ->> 'email') FROM contacts WHERE id = ANY(:ids) AND traits ->> 'email' IS NOT NULL
    UNION SELECT lower(recipient) FROM messages WHERE staff IS NULL AND recipient IS NOT NULL AND contact_id = ANY(:ids)
    ORDER BY 1
    """
)


async def export(session: AsyncSession, contact: UUID) -> AsyncIterator[bytes]:
    """The document about a contact that exists, piece by piece; all of it as it was at one moment.

    The transaction must be a new one.
    """
    await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    known = await reports.contact(session, contact)
    root = known.id if known is not None else contact
    values: dict[str, Any] = {"ids": list((await session.execute(_IDS, {"id": root})).scalars())}
    at = await session.scalar(text("SELECT now()"))
    yield orjson.dumps({"format": FORMAT, "contact": str(root), "exported_at": at})[:-1]
    for section, statement in SECTIONS.items():
        yield b',\n"' + section.encode() + b'": ['
        rows = await session.stream(text(statement), values)
        between = b"\n"
        async for (row,) in rows:
            yield between + row.encode()
            between = b",\n"
        yield b"]"
    yield b',\n"suppressions": ' + await _suppressions(session, values) + b"}\n"


async def _suppressions(session: AsyncSession, values: dict[str, Any]) -> bytes:
    """What stands for the contact's addresses, also from before an erasure."""
    addresses = (await session.execute(_ADDRESSES, values)).scalars().all()
    found = [
        {**each.__dict__, "address": address}
        for address in addresses
        for each in await suppressions.of(session, address)
    ]
    return orjson.dumps(found)
