"""`kundresa coupons`, on a real database."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from store.session import Database
from tests.api.test_coupons import UPLOADED, published
from tests.commands.test_explain import SETTINGS


@pytest.fixture
async def shop(database: Database) -> Database:
    await published(database, "own", codes=UPLOADED)
    await published(database, "made", codes={"pool": "generated", "prefix": "HEJ-"})
    await published(database, "fixed", codes={"code": "SUMMER"})
    return database


async def coupons(database: Database, *arguments: str, given: str | None = None) -> tuple[int, str]:
    environment = SETTINGS | {"KUNDRESA_DATABASE_URL": database.url, "KUNDRESA_DATA": "/nonexistent"}
    result = await asyncio.to_thread(CliRunner().invoke, app, ["coupons", *arguments], env=environment, input=given)
    return result.exit_code, result.output


async def stock(database: Database) -> dict[str, dict[str, Any]]:
    code, said = await coupons(database, "--json")
    assert code == 0
    return {each["coupon"]: each for each in json.loads(said)}


async def test_every_coupon_is_listed_with_what_is_left(shop: Database) -> None:
    code, said = await coupons(shop)
    assert code == 0
    assert re.search(r"^coupon +kind +left +on their way +given +redeemed +warning$", said, re.M)
    assert re.search(r"^fixed +fixed +0 +0 +0$", said, re.M)
    assert re.search(r"^own +uploaded +0 +0 +0 +0 +only 0 left$", said, re.M)


async def test_codes_are_uploaded_from_a_file_and_those_that_are_there_are_left_out(
    shop: Database, tmp_path: Path
) -> None:
    file = tmp_path / "codes.txt"
    file.write_text("SPRING-1\n\n  SPRING-2  \nspring-1\n")
    assert await coupons(shop, "upload", "own", str(file)) == (0, "own: 2 codes added; 1 were there already.\n")
    assert (await stock(shop))["own"]["left"] == 2
    assert await coupons(shop, "codes", "own") == (0, "SPRING-1\nSPRING-2\n")


async def test_codes_are_uploaded_from_standard_input(shop: Database) -> None:
    code, said = await coupons(shop, "upload", "own", "-", "--json", given="SPRING-7\n")
    assert (code, json.loads(said)) == (0, {"coupon": "own", "added": 1, "known": 0})


async def test_codes_are_made(shop: Database) -> None:
    assert await coupons(shop, "generate", "made", "7") == (0, "made: 7 codes added.\n")
    code, said = await coupons(shop, "codes", "made", "--json")
    assert code == 0
    assert len(set(json.loads(said))) == 7
    assert all(re.fullmatch("HEJ-[A-Z0-9]{8}", each) for each in json.loads(said))


@pytest.mark.parametrize(
    ("arguments", "written", "words"),
    [
        (("upload", "own"), "SPRING-1\nno code\n", "2: 'no code' is no code; write 3 to 40 letters"),
        (("upload", "own"), "\n", "holds no codes"),
        (("upload", "made"), "SPRING-1\n", "The codes of made are generated"),
        (("upload", "fixed"), "SPRING-1\n", "Fixed has one fixed code and no pool"),
        (("upload", "none"), "SPRING-1\n", "There is no coupon none. `kundresa coupons` tells"),
        (("generate", "own", "5"), None, "The codes of own are uploaded"),
        (("codes", "fixed"), None, "Fixed has one fixed code and no pool"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(
    shop: Database, tmp_path: Path, arguments: tuple[str, ...], written: str | None, words: str
) -> None:
    file = tmp_path / "codes.txt"
    file.write_text(written or "")
    code, said = await coupons(shop, *arguments, *([str(file)] if written is not None else []))
    assert code == 1
    assert words in said.replace("\n", " ")
    assert (await stock(shop))["own"]["left"] == 0


async def test_a_file_that_is_not_there_is_told(shop: Database) -> None:
    code, said = await coupons(shop, "upload", "own", "nowhere.txt")
    assert code == 1
    assert "nowhere.txt cannot be read" in said
