"""Whether the API is ready, and its figures."""

import httpx2

from api.figures import MessageCount
from tests.api.inside import Shop, enrol, known_contact, write
from tests.api.serving import running
from tests.store.happening import rows


async def test_ready_when_everything_is_there(shop: Shop) -> None:
    answer = await shop[0].get("/readyz")
    told = {"database": "ok", "migrations": "ok", "temporal": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": told})


async def test_a_database_that_is_behind_is_not_ready(shop: Shop) -> None:
    client, database = shop
    await rows(database, "UPDATE alembic_version SET version_num = '0000' RETURNING 1")
    try:
        answer = await client.get("/readyz")
    finally:
        await rows(database, "UPDATE alembic_version SET version_num = '0001' RETURNING 1")
    assert answer.status_code == 503
    assert [detail["path"] for detail in answer.json()["error"]["details"]] == ["migrations"]


async def figures(client: httpx2.AsyncClient) -> dict[str, float]:
    lines = (await client.get("/metrics")).text.splitlines()
    return {name: float(told) for name, told in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


async def test_metrics_count_events_and_tell_nobodys_name(shop: Shop) -> None:
    client, _ = shop
    before = await figures(client)
    await known_contact(client, "measured")
    assert "measured" not in (await client.get("/metrics")).text
    after = await figures(client)
    for name in ('kundresa_intake_events_total{outcome="new"}', "kundresa_outbox_events"):
        assert after[name] == before[name] + 1


async def test_metrics_tell_how_far_routing_is_behind_and_what_was_refused(shop: Shop) -> None:
    client, database = shop
    before = await figures(client)
    await rows(
        database,
        """
        INSERT INTO outbox (seq, contact_id, lane, attempts, error, received_at)
        SELECT -n, gen_random_uuid(), 0, 1, CASE WHEN n = 1 THEN 'refused' END, now() - n * interval '1 hour'
        FROM generate_series(1, 3) AS n RETURNING 1
        """,
    )
    try:
        after = await figures(client)
    finally:
        await rows(database, "DELETE FROM outbox WHERE seq < 0 RETURNING 1")
    assert before["kundresa_outbox_oldest_seconds"] < 600
    assert 3 * 3600 <= after["kundresa_outbox_oldest_seconds"] < 3 * 3600 + 60
    assert (before["kundresa_outbox_refused_events"], after["kundresa_outbox_refused_events"]) == (0, 1)
    assert after["kundresa_outbox_events"] == before["kundresa_outbox_events"] + 3


async def test_metrics_tell_how_many_letters_are_in_each_state(shop: Shop) -> None:
    client, database = shop
    enrolment = await enrol(database, await known_contact(client, "counted"), status="ended")
    for n, state in enumerate(("unknown", "unknown", "render_failed")):
        await write(database, enrolment, n, state, None)
    with running(database.url) as fresh:
        async with httpx2.AsyncClient(base_url=fresh.url, timeout=30) as reader:
            told = await figures(reader)
    assert told['kundresa_messages{state="unknown"}'] == 2
    assert told['kundresa_messages{state="render_failed"}'] == 1


async def test_the_ledger_is_not_counted_at_every_look(shop: Shop) -> None:
    client, database = shop
    enrolment = await enrol(database, await known_contact(client, "recounted"), status="ended")
    now = 0.0
    count = MessageCount(60, lambda: now)

    async def capped() -> int:
        async with database.transaction() as session:
            return (await count.read(session)).get("capped", 0)

    assert await capped() == 0
    await write(database, enrolment, 0, "capped", "too many letters")
    now = 59.0
    assert await capped() == 0
    now = 60.0
    assert await capped() == 1
