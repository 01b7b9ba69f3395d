"""An export holds all that is stored of a contact, and nothing of anybody else."""

import re
from base64 import b64decode
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import Table
from sqlmodel import SQLModel

from store.intake import Intake
from store.portability import SECTIONS, export
from store.session import Database
from tests.store.happening import happened, owner
from tests.store.living import ADDRESS, BROWSER, NAME, ORDER, USER, lives

LEFT_OUT = {
    "erasures": "tells of contacts that are erased, of whom there is no export",
    "outbox": "events that are not routed yet; the events themselves are exported",
}
"""Tables that refer to contacts and are not exported, and why."""

BESIDE = {"suppressions"}
"""Exported by address, and therefore not by a section's statement."""


def about_contacts(table: Table, tables: dict[str, Table]) -> bool:
    """Whether rows of the table belong to somebody: by an address, or by way of other tables."""
    if table.name == "contacts" or {"contact_id", "address", "recipient"} & set(table.columns.keys()):
        return True
    referred = {key.column.table.name for key in table.foreign_keys} - {table.name}
    return any(about_contacts(tables[name], tables) for name in referred)


def read_tables() -> set[str]:
    return {name for each in SECTIONS.values() for name in re.findall(r"(?:FROM|JOIN) (\w+)", each)}


@pytest.mark.parametrize("name", sorted(SQLModel.metadata.tables))
def test_a_table_that_refers_to_contacts_is_exported_or_left_out_for_a_reason(name: str) -> None:
    tables = dict(SQLModel.metadata.tables)
    told = {name in read_tables(), name in LEFT_OUT, name in BESIDE}
    assert (True in told) == about_contacts(tables[name], tables)
    assert sum([name in read_tables(), name in LEFT_OUT, name in BESIDE]) <= 1


async def exported(database: Database, contact: UUID) -> dict[str, Any]:
    async with database.transaction() as session:
        document: dict[str, Any] = orjson.loads(b"".join([piece async for piece in export(session, contact)]))
    return document


async def test_everything_that_is_stored_of_a_contact_is_in_its_export(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    told = await exported(database, contact)
    assert told.keys() == {"format", "contact", "exported_at", *SECTIONS, "suppressions"}
    assert [section for section in SECTIONS if not told[section]] == []
    itself, browser = told["contacts"]
    assert itself["traits"] == {"street": "Storgatan 5", "name": NAME, "email": ADDRESS}
    assert (browser["merged_into"], itself["id"]) == (str(contact), str(contact))
    assert {(each["kind"], each["value"]) for each in told["identities"]} == {
        ("user", USER), ("email", ADDRESS), ("anonymous", BROWSER)
    }  # fmt: skip
    assert [(each["name"], each["properties"]) for each in told["events"]] == [
        ("Page Viewed", {}), ("Signed Up", {"name": NAME}), ("Cart Viewed", {"note": f"for {NAME}"})
    ]  # fmt: skip
    assert told["events"][0]["context"] == {"ip": "maja.ip"}
    ((topic, granted, source),) = [(each["topic"], each["granted"], each["source"]) for each in told["consents"]]
    assert (topic, granted, source) == ("offers", True, f"signup/{ADDRESS}")
    assert {(each["key"], each["status"], each["ways"]["half"]) for each in told["enrolments"]} == {
        (ORDER, "active", "a"), (ORDER, "ended", "a")
    }  # fmt: skip
    assert [each["facts"]["conditions"][0]["value"] for each in told["decisions"] if each["kind"] == "branch"] == [NAME]
    assert [(each["address"], each["scope"]) for each in told["suppressions"]] == [(ADDRESS, "hard")]
    assert [each["source"] for each in told["redemptions"]] == [f"order/{ORDER}", f"till/{ORDER}"]


async def test_a_message_is_exported_with_its_bytes_attempts_and_feedback(database: Database, intake: Intake) -> None:
    told = await exported(database, await lives(database, intake))
    letters = {each["step"]: each for each in told["messages"]}
    (attempt,) = letters["hello"]["attempts"]
    assert (attempt["code"], attempt["text"], attempt["outcome"]) == (550, f"5.1.1 <{ADDRESS}> unknown", "permanent")
    assert [each["kind"] for each in letters["hello"]["feedback"]] == ["bounced"]
    assert (letters["hello"]["state"], letters["hello"]["reason"]) == ("failed", f"refused: {NAME}")
    assert NAME in b64decode(letters["claimed"]["written_base64"]).decode()
    assert "lease" not in letters["claimed"]


async def test_an_export_tells_of_nobody_else(database: Database, intake: Intake) -> None:
    await lives(database, intake)
    other = happened("Signed Up", user_id="u-2", traits={"name": "Olle"})
    await intake.accept([other])
    told = await exported(database, await owner(database, other.message_id))
    assert [len(told[section]) for section in ("contacts", "identities", "events")] == [1, 1, 1]
    others = set(SECTIONS) - {"contacts", "identities", "events"}
    assert [section for section in others if told[section]] == []
    assert NAME not in orjson.dumps(told).decode()


async def test_an_export_is_of_one_moment(database: Database, intake: Intake) -> None:
    contact = await lives(database, intake)
    async with database.transaction() as session:
        pieces = export(session, contact)
        begun = [await anext(pieces)]
        await intake.accept([happened("Order Completed", user_id=USER)])
        told = orjson.loads(b"".join(begun + [piece async for piece in pieces]))
    assert "Order Completed" not in [each["name"] for each in told["events"]]
