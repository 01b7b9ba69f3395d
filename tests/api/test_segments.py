"""Segments and stages, over HTTP."""

from uuid import UUID, uuid4

from sqlalchemy import text

from store import backfill, fills
from store.knowledge import Watch
from tests.api.inside import Shop, known_contact
from tests.store.keeping import ZONE

_PUBLISH = text("""
    INSERT INTO segments (name, hash, definition) VALUES
        ('everybody', '1', '{"segment": "everybody", "title": "All", "when": {"not": {"trait": "no", "exists": true}}}')
""")
_STAGES = text("""
    INSERT INTO policies (name, hash, definition) VALUES
        ('stages', '1', '{"stages": [{"stage": "lead", "title": "Everybody"}]}')
""")


async def filled(shop: Shop) -> None:
    """One segment and one stage, with everybody in them."""
    async with shop[1].transaction() as session:
        await session.execute(text("TRUNCATE segments, policies, fills, memberships"))
        await session.execute(_PUBLISH)
        await session.execute(_STAGES)
        await fills.follow(session)
    watch, left = Watch(ZONE), True
    while left:
        async with shop[1].transaction() as session:
            left = await backfill.fill(session, watch) is not None


async def test_a_segment_is_listed_and_shown_with_its_members(shop: Shop) -> None:
    client, _ = shop
    contacts = {UUID(await known_contact(client, f"member-{number}")) for number in range(3)}
    await filled(shop)
    (standing,) = (await client.get("/v1/admin/segments")).json()
    assert (standing["name"], standing["size"] >= 3, standing["seen"]) == ("everybody", True, standing["size"])
    shown = (await client.get("/v1/admin/segments/everybody")).json()
    assert shown["definition"]["when"] == {"not": {"trait": "no", "exists": True}}
    found, after = list[UUID](), None
    while True:
        page = (
            await client.get(
                "/v1/admin/segments/everybody/members", params={"limit": 2} | ({"after": after} if after else {})
            )
        ).json()
        found += [UUID(each["contact"]) for each in page["items"]]
        if (after := page["next"]) is None:
            break
    assert contacts <= set(found)
    assert len(found) == len(set(found)) == standing["size"]


async def test_a_contact_tells_its_stage_and_its_segments(shop: Shop) -> None:
    client, _ = shop
    contact = await known_contact(client, "standing")
    await filled(shop)
    answer = (await client.get(f"/v1/admin/contacts/{contact}/segments")).json()
    assert (answer["stage"], [each["segment"] for each in answer["segments"]]) == ("lead", ["everybody"])


async def test_the_funnel_tells_every_stage(shop: Shop) -> None:
    client, _ = shop
    await known_contact(client, "in-the-funnel")
    await filled(shop)
    (lead,) = (await client.get("/v1/admin/stages", params={"days": 7})).json()
    assert (lead["stage"], lead["contacts"] >= 1, lead["moves"]) == ("lead", True, [])


async def test_what_is_not_there_is_not_found_and_strangers_see_nothing(shop: Shop) -> None:
    client, _ = shop
    for path in ("segments/none", "segments/none/members", f"contacts/{uuid4()}/segments"):
        assert (await client.get(f"/v1/admin/{path}")).status_code == 404
    for path in ("segments", "stages"):
        assert (await client.get(f"/v1/admin/{path}", headers={"Authorization": "Bearer wrong"})).status_code == 401
