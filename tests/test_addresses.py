"""The lines for operators in the documents ask addresses that the API has, by the method that it takes."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.app import create_app
from settings import Settings

ROOT = Path(__file__).parent.parent
LINE = re.compile(r"^curl (?P<options>[^\n]*?)'?http://127\.0\.0\.1:8400(?P<path>/[^\s'?]*)", re.M)
SETTINGS = Settings(
    database_url="postgresql://127.0.0.1:1/nothing",
    write_keys=(SecretStr("write-key"),),
    admin_key=SecretStr("admin-key-of-the-shop"),
    secret=SecretStr("secret-of-the-shop"),
)


@pytest.mark.parametrize("document", ["README.md", "docs/operations.md"])
def test_every_line_for_operators_asks_an_address_of_the_api(document: str) -> None:
    known = {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for path, methods in create_app(SETTINGS).openapi()["paths"].items()
        for method in methods
    }
    asked = {
        ("post" if re.search(r"-X POST|-u ", found["options"]) else "get", plain(found["path"]))
        for found in LINE.finditer((ROOT / document).read_text())
    }
    assert ("get", "/v1/admin/contacts/{}/messages") in asked
    assert ("post", "/v1/admin/journeys/{}/resume") in asked
    assert asked - known == set()


def plain(path: str) -> str:
    """A path with its ids and the names of journeys left open."""
    return re.sub(r"(?<=/admin/journeys/)[a-z-]+|\$[A-Z]+", "{}", path)
