"""Segments over a large shop: filling in a new one, keeping all of them with each event, and entries by time alone.

Filling in: from publishing until the last batch is committed; the floor is one statement, written by hand, that says
the same and writes the same rows. An event: the router's transaction (take, keep, mark as routed) over two hundred
events of which each concerns several segments or none, with the segments and stages that come with Kundresa; the floor
is the same transaction without upkeep. By time: a worker with its schedule; from the instant at which the truth
changes until `Segment Entered` is committed.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import yaml

from bench.crowd import Crowd, make
from bench.figures import Figure, Target, Tell
from bench.servers import Servers
from bench.waiting import until
from rules.content import Content
from rules.policies import Lifecycle
from rules.segment import Segment
from rules.upkeep import Change
from store import backfill, outbox, upkeep
from store.knowledge import Watch
from store.publishing import publish
from store.session import Connection, Database, driver_url

_ROOT = Path(__file__).parent.parent
_BIG = Segment.model_validate(
    {
        "segment": "big-spenders",
        "title": "Spent 500 or more",
        "when": {"event": "Order Completed", "sum": {"property": "total", "gte": 500}},
    }
)
_QUIET = Segment.model_validate(
    {
        "segment": "quiet",
        "title": "Ordered, and not in the last 190 days",
        "when": {"all": [{"event": "Order Completed"}, {"not": {"event": "Order Completed", "within": "190d"}}]},
    }
)
# The same truth by hand, into a table like that of the memberships.
_BARE: Mapping[str, str] = {
    "big-spenders": "HAVING sum((properties ->> 'total')::numeric) >= 500",
    "quiet": "HAVING max(occurred_at) < now() - interval '190 days'",
}
_TABLE = """
CREATE UNLOGGED TABLE bare (segment text, contact_id uuid, since timestamptz, PRIMARY KEY (segment, contact_id))
"""
_FLOOR = """
INSERT INTO bare (segment, contact_id, since)
SELECT '{name}', contact_id, now() FROM events WHERE name = 'Order Completed' GROUP BY contact_id {having}
"""
# Of five events one concerns hardly anything, and one nearly everything.
_EVENTS = """
WITH recorded AS (
    INSERT INTO events (message_id, contact_id, name, properties, occurred_at)
    SELECT $1::text || n, id, names[1 + n % 5], '{"total": 50}', now()
    FROM (SELECT id, row_number() OVER () AS n, ARRAY['Product Viewed', 'Page Viewed', 'Product Viewed',
              'Order Completed', 'Product Viewed'] AS names
          FROM (SELECT id FROM contacts WHERE id > $3::uuid ORDER BY id LIMIT $2) picked) numbered
    RETURNING seq, contact_id, received_at
)
INSERT INTO outbox (seq, contact_id, lane, received_at) SELECT seq, contact_id, 0, received_at FROM recorded
"""
_SOON = """
INSERT INTO events (message_id, contact_id, name, properties, occurred_at)
SELECT 'soon/' || id, id, 'Order Completed', '{}', now() - interval '190 days' + interval '10 seconds'
       + random() * $2::int * interval '1 second'
FROM (SELECT contact_id AS id FROM memberships WHERE segment = 'quiet' LIMIT $1) s
RETURNING contact_id
"""
# Seen in the outbox, where no router takes it: as soon as it is committed.
_ENTERED = """
SELECT e.contact_id, extract(epoch FROM clock_timestamp() - (o.occurred_at + interval '190 days'))::float8 AS delay
FROM outbox w JOIN events e ON e.seq = w.seq JOIN events o ON o.message_id = 'soon/' || e.contact_id
WHERE e.name = 'Segment Entered' AND e.properties ->> 'segment' = 'quiet'
"""
_BATCH = 200
_WITHIN_S, _LOOK_EVERY_S = 60.0, 0.5


async def measure(
    these: Servers, tell: Tell, *, contacts: int = 1_000_000, batches: int = 20, timed: int = 2_000, spread: int = 60
) -> list[Figure]:
    """Make the crowd, and measure the three."""
    url = these.settings.database_url
    crowd = await make(url, contacts, tell)
    connection: Connection = await asyncpg.connect(driver_url(url))
    database = Database(url)
    try:
        figures = await _fills(database, connection, crowd, tell)
        delays = await _delays(these, database, connection, timed, spread, tell)
        figures += [*await _events(database, connection, crowd, batches, tell), *delays]
    finally:
        await database.close()
        await connection.close()
    return figures


async def _fills(database: Database, connection: Connection, crowd: Crowd, tell: Tell) -> list[Figure]:
    await connection.execute(_TABLE)
    figures: list[Figure] = []
    for segment, what in ((_BIG, "by events"), (_QUIET, "by events and time")):
        name = segment.segment
        began = time.perf_counter()
        await connection.execute(_FLOOR.format(name=name, having=_BARE[name]))
        floor = time.perf_counter() - began
        await _publish(database, {each.segment: each for each in (_BIG, _QUIET)[: len(figures) + 1]})
        began = time.perf_counter()
        batches = await _fill(database)
        ours = time.perf_counter() - began
        counts = await connection.fetchrow(_COUNTS, name)
        assert counts is not None
        # A few whose window closes between the two are in one of them alone.
        assert abs(counts["kept"] - counts["bare"]) <= 5 + crowd.contacts // 1000, f"{name}: {dict(counts)}"
        tell(f"segments: {name} was filled in, {counts['kept']:,} of {crowd.contacts:,} in {batches} batches")
        title = f"back-fill of a segment {what}, {crowd.contacts:,} contacts, {crowd.events:,} events"
        figures.append(Figure(title, "s", ours, floor))
    return figures


_COUNTS = """
SELECT (SELECT count(*) FROM memberships WHERE segment = $1) AS kept,
       (SELECT count(*) FROM bare WHERE segment = $1) AS bare
"""


async def _publish(database: Database, segments: Mapping[str, Segment], stages: Lifecycle | None = None) -> None:
    policies = {"stages": stages} if stages is not None else None
    async with database.transaction() as session:
        await publish(session, Content(segments=segments, policies=policies))


async def _fill(database: Database) -> int:
    watch, batches = Watch(ZoneInfo("UTC")), 0
    while True:
        async with database.transaction() as session:
            if await backfill.fill(session, watch) is None:
                return batches
        batches += 1


async def _delays(
    these: Servers, database: Database, connection: Connection, timed: int, spread: int, tell: Tell
) -> list[Figure]:
    """Who ordered 190 days ago, but for a few seconds, enters as these pass."""
    contacts = [row["contact_id"] for row in await connection.fetch(_SOON, timed, spread)]
    watch = Watch(ZoneInfo("UTC"))
    for start in range(0, len(contacts), _BATCH):
        changes = [Change(each, frozenset({"Order Completed"})) for each in contacts[start : start + _BATCH]]
        async with database.transaction() as session:
            await upkeep.keep(session, watch, changes)
    worker = await these.worker("sweeping", "--roles", "sweeps")

    delays: dict[UUID, float] = {}

    async def entered() -> bool:
        for row in await connection.fetch(_ENTERED):
            delays.setdefault(row["contact_id"], row["delay"])
        return len(delays) >= len(contacts)

    await until(entered, every=_LOOK_EVERY_S, within=spread + 4 * _WITHIN_S)
    await these.stop([worker])
    tell(f"segments: {len(delays):,} contacts entered by time alone, the last one {max(delays.values()):.1f} s late")
    limit = Target("figure", "at most", _WITHIN_S)
    return [
        Figure("entry by time alone, p50", "s", median(delays.values())),
        Figure("entry by time alone, p99", "s", quantiles(delays.values(), n=100)[98], None, limit),
    ]


async def _events(database: Database, connection: Connection, crowd: Crowd, batches: int, tell: Tell) -> list[Figure]:
    segments = [Segment.model_validate(_read(path)) for path in sorted((_ROOT / "segments").glob("*.yaml"))]
    stages = Lifecycle.model_validate(_read(_ROOT / "policies" / "stages.yaml"))
    await _publish(database, {each.segment: each for each in segments}, stages)
    began = time.perf_counter()
    await _fill(database)
    tell(f"segments: {len(segments)} segments and the stages were filled in within {time.perf_counter() - began:.0f} s")
    watch, after = Watch(ZoneInfo("UTC")), "00000000-0000-0000-0000-000000000000"
    took: dict[bool, list[float]] = {False: [], True: []}
    size = min(_BATCH, crowd.contacts // (2 * (batches + 1)))
    for number in range(-1, batches):
        for keeping in (False, True):
            await connection.execute("DELETE FROM outbox")
            await connection.execute(_EVENTS, uuid4().hex, size, after)
            after = str(await connection.fetchval("SELECT max(contact_id::text) FROM outbox"))
            began = time.perf_counter()
            await _route(database, watch, keeping=keeping)
            if number >= 0:  # the first round warms up
                took[keeping].append((time.perf_counter() - began) / size)
    ours, floor = median(took[True]) * 1e3, median(took[False]) * 1e3
    return [Figure(f"an event through upkeep, {len(segments)} segments and the stages", "ms", ours, floor)]


async def _route(database: Database, watch: Watch, *, keeping: bool) -> None:
    async with database.transaction() as session:
        waiting = await outbox.take(session, 0, _BATCH)
        assert waiting
        if keeping:
            await upkeep.keep(session, watch, upkeep.told_by(waiting))
        await outbox.done(session, [each.event.seq for each in waiting])


def _read(path: Path) -> object:
    return yaml.safe_load(path.read_text())
