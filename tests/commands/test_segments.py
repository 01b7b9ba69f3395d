"""`kundresa segments` and `funnel`, on a real database."""

import json
from collections.abc import AsyncIterator

import pytest_asyncio

from store.intake import Intake
from store.session import Database, Line
from tests.commands.test_explain import kundresa
from tests.store.happening import value
from tests.store.keeping import BOUGHT, Keeping


@pytest_asyncio.fixture
async def keeping(database: Database) -> AsyncIterator[Keeping]:
    line = Line(database.url)
    intake = Intake(line)
    await intake.start()
    yield Keeping(database, intake)
    await intake.stop()
    await line.close()


async def shop(keeping: Keeping) -> None:
    """Three people, of whom two have ordered; one segment is filled in, and one is not yet."""
    await keeping.publish(buyers=BOUGHT)
    await keeping.stages(customer=BOUGHT, lead=None)
    await keeping.fill()
    for user in ("anna", "bert", "cleo"):
        await keeping.happens(user)
    await keeping.route()
    for user in ("anna", "bert"):
        await keeping.happens(user, "Order Completed")
    await keeping.route()
    await keeping.publish(viewers={"event": "Product Viewed"})


async def test_segments_are_listed_with_their_size_and_how_far_they_are_filled_in(keeping: Keeping) -> None:
    await shop(keeping)
    code, said = await kundresa(keeping.database, "segments")
    header, buyers, viewers = said.splitlines()
    assert code == 0
    assert header.split()[:2] == ["segment", "size"]
    assert buyers.split()[:3] == ["buyers", "2", "yes"]
    assert viewers.split()[:5] == ["viewers", "0", "0%", "of", "3"]


async def test_one_segment_is_shown_in_words_with_its_members(keeping: Keeping) -> None:
    await shop(keeping)
    anna = await value(keeping.database, "SELECT contact_id FROM identities WHERE value = 'anna'")
    code, said = await kundresa(keeping.database, "segments", "buyers", "--limit", "5")
    assert code == 0
    assert said.startswith("Buyers (buyers): 2 contacts; filled in: yes\nwhen ")
    assert str(anna) in said
    code, said = await kundresa(keeping.database, "segments", "buyers", "--limit", "1")
    assert said.endswith("... and 1 more (--limit shows them)\n")
    code, said = await kundresa(keeping.database, "segments", "buyers", "--json")
    document = json.loads(said)
    assert (document["segment"]["size"], len(document["members"])) == (2, 2)


async def test_a_segment_that_is_not_there_is_told_with_those_that_are(keeping: Keeping) -> None:
    await shop(keeping)
    code, said = await kundresa(keeping.database, "segments", "none")
    assert (code, "There is no segment none. There are: buyers, viewers." in said) == (1, True)


async def test_the_funnel_tells_stages_and_rates(keeping: Keeping) -> None:
    await shop(keeping)
    code, said = await kundresa(keeping.database, "funnel", "--days", "7")
    assert (code, [line.split() for line in said.splitlines()]) == (
        0,
        [
            ["stage", "contacts", "came", "in", "7", "days", "went", "where", "to"],
            ["customer", "2", "2", "0"],
            ["lead", "1", "3", "2", "customer", "2", "(67%)"],
        ],
    )
    code, said = await kundresa(keeping.database, "funnel", "--json")
    assert [each["contacts"] for each in json.loads(said)] == [2, 1]


async def test_a_shop_without_segments_is_told_where_to_write_them(database: Database) -> None:
    for command, folder in (("segments", "segments/"), ("funnel", "policies/stages.yaml")):
        code, said = await kundresa(database, command)
        assert (code, folder in said) == (0, True)
