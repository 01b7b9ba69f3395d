"""Events, recorded: one transaction writes any number of them, with everything that they change."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import orjson

from store import consents, contacts, merging
from store.contacts import OvertakenError, text_array
from store.incoming import Incoming
from store.outbox import CHANNEL, lane_of
from store.persons import Join, Plan, Planner
from store.session import Connection

# Sequence numbers are drawn in the order of the arrays. The notification goes out once, with the commit.
_RECORD = f"""
WITH recorded AS (
    INSERT INTO events (message_id, contact_id, name, properties, context, occurred_at, received_at)
    SELECT message_id, contact_id, name, properties::jsonb, context::jsonb, occurred_at, received_at
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
        WITH ORDINALITY AS e (message_id, contact_id, name, properties, context, occurred_at, received_at, place)
    ORDER BY place
    ON CONFLICT (message_id) DO NOTHING
    RETURNING seq, contact_id, message_id, received_at
), outgoing AS (
    INSERT INTO outbox (seq, contact_id, lane, received_at, traits, backfill)
    SELECT seq, r.contact_id, lane, received_at, traits::text[], backfill
    FROM recorded r JOIN unnest($1::text[], $8::smallint[], $9::text[], $10::boolean[])
        AS sent (message_id, lane, traits, backfill) USING (message_id)
)
SELECT message_id, (SELECT pg_notify('{CHANNEL}', '')) FROM recorded
"""  # noqa: S608  (the channel is a constant of ours)


async def record(connection: Connection, events: Sequence[Incoming]) -> None:
    """Record events of distinct `message_id`, in their order. Raises OvertakenError: roll back and begin again.

    An event for a `contact_id` that does not exist is left out.
    """
    now = events[-1].received_at
    planner = Planner(await contacts.look_up(connection, events, now), uuid4)
    for event in events:
        planner.add(event)
    plan = planner.plan
    if plan.created:
        await contacts.create(connection, plan.created)
    if plan.named:
        await contacts.name(connection, plan.named)
    for join in plan.joined:
        await _join(connection, join, now)
    if told := _told(plan):
        await contacts.tell(connection, told, now)
    if plan.events:
        await _write(connection, plan)


def _told(plan: Plan) -> list[tuple[UUID, dict[str, object]]]:
    """News for contacts; a contact just made has its news already, unless it was joined."""
    joined = {join.stays.id for join in plan.joined}
    return [
        (person.id, person.patch)
        for person in plan.touched.values()
        if person.merged_into is None and (not person.new or person.id in joined)
    ]


async def _join(connection: Connection, join: Join, now: datetime) -> None:
    told = [(join.goes.id, join.goes_patch), (join.stays.id, join.stays_patch)]
    if changes := [(contact_id, patch) for contact_id, patch in told if patch]:
        await contacts.tell(connection, changes, now)
    await merging.merge(connection, join.goes.id, join.stays.id)


async def _write(connection: Connection, plan: Plan) -> None:
    owned = [(each.event, each.person.root.id) for each in plan.events]
    columns = (
        [event.message_id for event, _ in owned],
        [contact_id for _, contact_id in owned],
        [event.name for event, _ in owned],
        [orjson.dumps(event.properties).decode() for event, _ in owned],
        [orjson.dumps(event.context).decode() for event, _ in owned],
        [event.occurred_at for event, _ in owned],
        [event.received_at for event, _ in owned],
        [lane_of(contact_id) for _, contact_id in owned],
        [text_array(each.traits) if each.traits else "{}" for each in plan.events],
        [event.backfill for event, _ in owned],
    )
    rows = await connection.fetch(_RECORD, *columns)
    if len(rows) != len(owned):
        written = {row[0] for row in rows}
        raise OvertakenError(frozenset(event.message_id for event, _ in owned) - written)
    stated = [
        (contact_id, statement, event.message_id, event.occurred_at)
        for event, contact_id in owned
        for statement in event.consents
    ]
    if stated:
        await consents.state(connection, stated)
