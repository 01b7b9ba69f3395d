"""The OpenAPI pages: complete, with examples that really work, and without the internet."""

import json
from typing import Any

import httpx2

from tests.api.serving import ADMIN_KEY

Client = httpx2.AsyncClient


async def described(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/openapi.json")).json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, methods in document["paths"].items() for method, told in methods.items()]


async def test_every_operation_is_told_in_words_and_tagged(client: Client) -> None:
    document = await described(client)
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, told in operations(document):
        assert told["summary"], (path, method)
        assert told["description"], (path, method)
        assert set(told["tags"]) <= tags, (path, method)


async def test_every_error_is_documented_in_its_one_shape(client: Client) -> None:
    for path, method, told in operations(await described(client)):
        for status, answer in told["responses"].items():
            if status.startswith(("4", "5")) and path.startswith("/v1"):
                schema = answer["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith("/ErrorAnswer"), (path, method, status)


async def test_the_examples_of_calls_are_taken(client: Client) -> None:
    tried = 0
    for path, method, told in operations(await described(client)):
        content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
        bodies = [content["example"]] if "example" in content else []
        bodies += [each["value"] for each in content.get("examples", {}).values()]
        # Where a write key does not open, the admin key does.
        admin: dict[str, Any] = {"auth": None, "headers": {"Authorization": f"Bearer {ADMIN_KEY}"}}
        opening = admin if "Versions" in told["tags"] else {}
        for body in bodies if "{" not in path else []:
            answer = await client.request(method, path, content=json.dumps(body), **opening)
            assert answer.status_code in (200, 202), (path, answer.text)
            tried += 1
    assert tried == 11


async def test_the_pages_need_no_internet(client: Client) -> None:
    page = (await client.get("/docs")).text
    assert "https://" not in page
    assert (await client.get("/static-offline-docs/swagger-ui-bundle.js")).status_code == 200
