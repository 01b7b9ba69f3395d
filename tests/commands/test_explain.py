"""`kundresa explain` and `results`, on a real database."""

import asyncio
import json
from datetime import UTC, datetime

from typer.testing import CliRunner

from cli import app
from rules.conditions import AnyOf, TraitIs
from rules.decisions import Noted, Verdict
from rules.explaining import findings
from rules.facts import Facts, Named
from store.decisions import note, record
from store.journeys import publish
from store.models import Identity
from store.session import Database
from tests.rules.test_telling import journey
from tests.store.test_explanations import enrolled, published

SETTINGS = {"KUNDRESA_WRITE_KEYS": "write-key", "KUNDRESA_ADMIN_KEY": "admin-key-long", "KUNDRESA_SECRET": "s" * 16}


async def kundresa(database: Database, *arguments: str) -> tuple[int, str]:
    environment = SETTINGS | {"KUNDRESA_DATABASE_URL": database.url, "KUNDRESA_DATA": "/nonexistent"}
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
    return result.exit_code, result.output


async def known(database: Database) -> None:
    """Maja is inside, was given the way b, and did not get the letter."""
    contact, enrolment = await enrolled(database)
    await published(database)
    asked = AnyOf.model_validate({"any": [{"trait": "orders_count", "gte": 3}, {"segment": "vip"}]})
    named = Named({"vip": TraitIs.model_validate({"trait": "plan", "is": "gold"})})
    told = findings(asked, Facts(now=datetime.now(UTC), traits={"orders_count": 1}, named=named))
    facts = {"conditions": [{"case": 1, **each.as_data()} for each in told], "split": "b"}
    now = datetime.now(UTC)
    branch = Noted(None, now, contact, "cart", "branch", "no case held", None, enrolment, 1, "branch", facts)
    async with database.transaction() as session:
        session.add(Identity(kind="email", value="maja@shop.example", contact_id=contact))
        await record(session, enrolment, [Verdict(1, "split", "split", "b", now)])
        await note(session, [branch])


async def test_a_contact_is_explained_by_address_with_the_values_that_decided(database: Database) -> None:
    await known(database)
    code, said = await kundresa(database, "explain", "Maja@shop.example", "--letter", "reminder")
    assert code == 0
    assert said.startswith("cart: the way did not come to reminder: entered ")
    assert "branch branch: no case held" in said
    assert "✗ case 1: orders_count is at least 3: no, it is 1" in said
    assert '✗ case 1: plan is "gold" (in the segment vip): no, there is none' in said


async def test_an_explanation_is_json_for_programs(database: Database) -> None:
    await known(database)
    code, said = await kundresa(database, "explain", "maja@shop.example", "--json")
    (answer,) = json.loads(said)
    assert (code, answer["journey"]) == (0, "cart")
    assert [each["kind"] for each in answer["decisions"]] == ["branch", "split"]


async def test_journeys_of_which_nothing_has_come_do_not_hide_the_answer(database: Database) -> None:
    await known(database)
    async with database.transaction() as session:
        for name in ("autumn", "birthday", "spring", "winter"):
            await publish(session, journey(journey=name))
    code, said = await kundresa(database, "explain", "maja@shop.example")
    assert code == 0
    assert said.startswith("cart: entered ")
    assert said.splitlines()[-1] == (
        "Nothing has come that starts the other 4 journeys: autumn, birthday, spring, winter. "
        "--journey NAME tells what it waits for."
    )
    assert "spring: not entered" in (await kundresa(database, "explain", "maja@shop.example", "--journey", "spring"))[1]


async def test_who_or_what_is_not_there_is_told_with_advice(database: Database) -> None:
    await known(database)
    for arguments, told in (
        (("explain", "nobody"), "There is no such contact"),
        (("explain", "maja@shop.example", "--journey", "none"), "There is no journey none"),
        (("explain", "maja@shop.example", "--letter", "none"), "No journey sends the letter none"),
        (("results", "none"), "There is no journey none"),
    ):
        code, said = await kundresa(database, *arguments)
        assert (arguments, code) == (arguments, 1)
        assert told in said


async def test_results_are_counted_by_way(database: Database) -> None:
    await known(database)
    code, said = await kundresa(database, "results", "cart")
    assert (code, [line.split() for line in said.splitlines()]) == (
        0,
        [["split", "way", "entered", "reached", "rate"], ["all", "1", "0", "0.0%"], ["split", "b", "1", "0", "0.0%"]],
    )
    code, said = await kundresa(database, "results", "cart", "--json")
    assert json.loads(said)[1] == {"split": "split", "way": "b", "entered": 1, "reached": 0}
