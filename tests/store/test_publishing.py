"""Publishing everything at once: idempotent, atomic, and nothing is thrown away that somebody may still need."""

import asyncio
from typing import Any

import pytest

from rules.content import Content
from rules.coupon import Coupon
from rules.journey import Journey
from rules.policies import Lifecycle, Pacing
from rules.segment import Segment
from store import journeys, publishing, versions
from store.named import named
from store.publishing import Published, publish
from store.session import Database
from tests.store.happening import rows


def journey(name: str = "tried", **changes: Any) -> Journey:
    says: dict[str, Any] = {
        "journey": name,
        "title": "Tried",
        "class": "transactional",
        "trigger": {"event": "Signed Up"},
        "steps": [{"send": "hello"}],
    }
    return Journey.model_validate(says | changes)


def segment(name: str = "buyers", at_least: int = 3) -> Segment:
    when = {"event": "Order Completed", "times": {"at_least": at_least}}
    return Segment.model_validate({"segment": name, "title": "Buyers", "when": when})


COUPON = Coupon.model_validate(
    {"coupon": "back-10", "title": "Ten", "codes": {"code": "BACK10"}, "value": {"percent": 10}}
)
STAGES = Lifecycle.model_validate(
    {
        "stages": [
            {"stage": "customer", "title": "Customer", "when": {"event": "Order Completed"}},
            {"stage": "lead", "title": "Lead"},
        ]
    }
)
PACING = Pacing.model_validate({"caps": [{"at_most": 3, "per": "7d"}]})
WHOLE = Content(
    journeys={"tried": journey()},
    segments={"buyers": segment()},
    coupons={"back-10": COUPON},
    policies={"stages": STAGES, "pacing": PACING},
    letters={"hello": "0123456789abcdef"},
)
NAMES = [
    ("journeys", "tried"),
    ("segments", "buyers"),
    ("coupons", "back-10"),
    ("policies", "stages"),
    ("policies", "pacing"),
    ("letters", "hello"),
]


async def apply(database: Database, content: Content, **draining: bool) -> list[Published]:
    async with database.transaction() as session:
        return await publish(session, content, draining)


async def changes(database: Database, content: Content) -> dict[tuple[str, str], str]:
    return {
        (each.kind, each.name): each.change for each in await apply(database, content) if each.change != "unchanged"
    }


async def test_everything_is_published_and_the_same_again_changes_nothing(database: Database) -> None:
    assert await changes(database, WHOLE) == dict.fromkeys(NAMES, "new")
    before = await rows(
        database, "SELECT name, hash, published_at FROM segments UNION SELECT name, hash, published_at FROM coupons"
    )
    assert await changes(database, WHOLE) == {}
    assert before == await rows(
        database, "SELECT name, hash, published_at FROM segments UNION SELECT name, hash, published_at FROM coupons"
    )
    assert len(await rows(database, "SELECT 1 FROM journey_versions")) == 1


async def test_what_was_published_is_what_conditions_refer_to(database: Database) -> None:
    await apply(database, WHOLE)
    async with database.transaction() as session:
        known = await named(session)
    assert known.segments == {"buyers": segment().when}
    assert [stage.stage for stage in known.stages] == ["customer", "lead"]


async def test_only_what_is_new_or_changed_is_filled_in(database: Database) -> None:
    await apply(database, WHOLE)
    begun = "SELECT kind, name, began_at FROM fills ORDER BY kind, name"
    first = await rows(database, begun)
    assert [(kind, name) for kind, name, _ in first] == [("segment", "buyers"), ("stage", "")]
    await apply(database, WHOLE)
    assert await rows(database, begun) == first
    dated = journey("birthday", trigger={"date": "birthday", "yearly": True})
    more = Content(journeys={"tried": journey(), "birthday": dated}, segments={"buyers": segment(at_least=5)})
    await apply(database, more)
    second = await rows(database, begun)
    assert [(kind, name) for kind, name, _ in second] == [("date", "birthday"), ("segment", "buyers"), ("stage", "")]
    assert second[2] == first[1]
    assert second[1][2] > first[0][2]


async def test_a_kind_that_is_not_given_is_left_as_it_is(database: Database) -> None:
    await apply(database, WHOLE)
    assert await changes(database, Content(journeys={"tried": journey(title="Anew")})) == {
        ("journeys", "tried"): "changed"
    }
    async with database.transaction() as session:
        assert set((await publishing.live(session)).definitions["segments"]) == {"buyers"}


async def test_what_is_gone_is_withdrawn_and_comes_back(database: Database) -> None:
    await apply(database, WHOLE)
    empty = Content(journeys={}, segments={}, coupons={}, policies={}, letters={})
    assert await changes(database, empty) == dict.fromkeys(NAMES, "gone")
    assert await changes(database, empty) == {}
    async with database.transaction() as session:
        live = await publishing.live(session)
    assert live.versions == {}
    assert not any(live.definitions.values())
    kept = await rows(
        database,
        "SELECT name FROM coupons UNION ALL SELECT name FROM segments UNION ALL SELECT journey FROM journey_versions",
    )
    assert [name for (name,) in kept] == ["back-10", "buyers", "tried"], (
        "codes that were given, and old versions, stay good"
    )
    assert await changes(database, WHOLE) == dict.fromkeys(NAMES, "new")
    async with database.transaction() as session:
        assert (await publishing.live(session)).versions == {"tried": 1}


async def test_what_is_broken_keeps_the_state_that_it_has(database: Database) -> None:
    await apply(database, WHOLE)
    broken = frozenset({("journeys", "tried"), ("segments", "buyers"), ("policies", "stages")})
    half = Content(journeys={}, segments={}, policies={"pacing": PACING}, broken=broken)
    assert await changes(database, half) == {}


async def test_an_old_version_alone_withdraws_nothing(database: Database) -> None:
    both = Content(journeys={"tried": journey(), "other": journey("other")})
    await apply(database, both)
    await apply(database, Content(journeys={"tried": journey(title="Anew")}, whole=False))
    assert await changes(database, Content(journeys={"tried": journey()}, whole=False)) == {
        ("journeys", "tried"): "changed"
    }
    async with database.transaction() as session:
        assert await journeys.live_versions(session) == {"tried": 1, "other": 1}
        listed = await versions.of_journey(session, "tried")
    assert [(each.number, each.state, each.people) for each in listed] == [(2, "", 0), (1, "live", 0)]


async def test_a_mistake_in_the_middle_publishes_nothing(database: Database) -> None:
    class Interrupted(Exception):
        pass

    async def publish_and_fail() -> None:
        async with database.transaction() as session:
            await publish(session, WHOLE)
            raise Interrupted

    with pytest.raises(Interrupted):
        await publish_and_fail()
    assert await rows(database, "SELECT name FROM segments UNION SELECT name FROM journeys") == []


async def test_processes_that_publish_at_once_take_turns(database: Database) -> None:
    done = await asyncio.gather(*(apply(database, WHOLE) for _ in range(4)))
    assert sorted(sum(each.change == "new" for each in one) for one in done) == [0, 0, 0, len(NAMES)]


async def test_a_journey_that_nobody_is_inside_needs_no_draining(database: Database) -> None:
    await apply(database, Content(journeys={"tried": journey()}))
    await apply(database, Content(journeys={"tried": journey(title="Anew")}), tried=True)
    async with database.transaction() as session:
        assert await journeys.live_versions(session) == {"tried": 2}
