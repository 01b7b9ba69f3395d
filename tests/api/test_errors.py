"""Every error has one shape and the right status, whatever comes."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import ErrorAnswer
from tests.api.serving import ADMIN_KEY, NOBODY, WRITE_KEY, running

Client = httpx2.AsyncClient
POSTS = ("/v1/track", "/v1/identify", "/v1/page", "/v1/screen", "/v1/group", "/v1/alias", "/v1/batch", "/v1/events")
EVENT = {"event": "Order Paid", "userId": "errors"}


def shaped(answer: httpx2.Response, status: int, code: str) -> ErrorAnswer:
    assert answer.status_code == status
    told = ErrorAnswer.model_validate_json(answer.content, extra="forbid")
    assert told.error.code == code
    assert told.error.message
    return told


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "authorization",
    [None, "Basic", "Basic !!!", "Basic " + base64.b64encode(b"wrong:").decode(), "Basic /w==", "Bearer wrong", "x"],
)
async def test_a_wrong_key_is_401(api_url: str, path: str, authorization: str | None) -> None:
    async with httpx2.AsyncClient(base_url=api_url) as anybody:
        headers = {"Authorization": authorization} if authorization else {}
        answer = await anybody.post(path, json=EVENT, headers=headers)
    shaped(answer, 401, "unauthorized")
    assert "Basic" in answer.headers["www-authenticate"]


async def test_the_admin_key_does_not_write_and_the_write_key_does_not_administer(api_url: str) -> None:
    async with httpx2.AsyncClient(base_url=api_url) as anybody:
        shaped(await anybody.post("/v1/events", json=EVENT, auth=(ADMIN_KEY, "")), 401, "unauthorized")
        for authorization in (f"Bearer {WRITE_KEY}", f"Basic {ADMIN_KEY}", "Bearer", ""):
            answer = await anybody.get("/v1/admin/journeys", headers={"Authorization": authorization})
            shaped(answer, 401, "unauthorized")


DEEP = b"[" * 2000 + b"]" * 2000


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b'{"event": NaN}', b"\xff", b'"\\ud800"', b'"text"', b"7", b"null", DEEP, b'{"a":1e999}'],
)
async def test_bad_json_is_400(client: Client, path: str, body: bytes) -> None:
    shaped(await client.post(path, content=body), 400, "malformed")


async def test_a_deep_event_is_told(client: Client) -> None:
    deep: Any = 1
    for _ in range(30):
        deep = {"a": deep}
    shaped(await client.post("/v1/events", json=EVENT | {"properties": deep}), 422, "invalid")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/track", EVENT | {"properties": {"x": "y" * 40_000}}),
        ("/v1/events", EVENT | {"properties": {"x": "y" * 40_000}}),
        ("/v1/batch", {"batch": [{"type": "track", **EVENT, "properties": {"x": "y" * 30_000}}] * 18}),
        ("/v1/events", [EVENT | {"properties": {"x": "y" * 30_000}}] * 18),
        ("/v1/batch", {"batch": [1] * 2501}),
        ("/v1/events", [1] * 2501),
    ],
)
async def test_too_large_is_413(client: Client, path: str, body: Any) -> None:
    shaped(await client.post(path, json=body), 413, "too_large")


async def test_a_body_without_length_is_cut_off_at_the_limit(client: Client) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    shaped(await client.post("/v1/batch", content=endless()), 413, "too_large")


async def test_a_gzip_bomb_is_413_and_broken_gzip_400(client: Client) -> None:
    packed = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    shaped(await client.post("/v1/batch", content=bomb, headers=packed), 413, "too_large")
    whole = gzip.compress(json.dumps(EVENT).encode())
    for body in (b"nothing", whole[:-9], b""):
        shaped(await client.post("/v1/events", content=body, headers=packed), 400, "malformed")
    shaped(await client.post("/v1/events", content=b"{}", headers={"Content-Encoding": "br"}), 400, "malformed")


async def test_unknown_addresses_and_methods_have_the_same_shape(client: Client) -> None:
    shaped(await client.get("/nowhere"), 404, "not_found")
    shaped(await client.get("/v1/events"), 405, "method_not_allowed")
    shaped(await client.post("/v1/events/", json=EVENT), 404, "not_found")


async def test_without_a_database_nothing_is_accepted(client: Client) -> None:
    with running(f"postgresql://nobody@{NOBODY}/none") as lost:
        async with httpx2.AsyncClient(base_url=lost.url, auth=(WRITE_KEY, "")) as shop:
            for path, body in (
                ("/v1/track", EVENT),
                ("/v1/events", EVENT),
                ("/v1/journeys/x/enrolments", {"userId": 1}),
            ):
                answer = await shop.post(path, json=body)
                shaped(answer, 503, "unavailable")
                assert int(answer.headers["retry-after"]) > 0
            not_ready = shaped(await shop.get("/readyz"), 503, "not_ready")
            assert [detail.path for detail in not_ready.error.details] == ["database", "migrations", "temporal"]
            assert (await shop.get("/healthz")).json() == {"alive": True}
            assert "kundresa_outbox" not in (await shop.get("/metrics")).text


KEYS = st.sampled_from(
    [
        *("event", "type", "userId", "anonymousId", "email", "properties", "traits", "context", "timestamp"),
        *("messageId", "batch", "sentAt", "previousId", "groupId", "name", "topic", "topics", "timezone"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["Subscribed", "Unsubscribed", "track", "identify", "alias", "a@b.example", "2026-01-01T00:00:00Z"]
    )
)
BODIES = st.dictionaries(
    KEYS | st.text(max_size=5),
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
        max_leaves=8,
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def anybody(api_url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=api_url, auth=(WRITE_KEY, ""), timeout=30) as opened:
        yield opened


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(POSTS), body=BODIES, filled=st.booleans())
def test_no_body_makes_a_mistake_of_ours(anybody: httpx2.Client, path: str, body: dict[str, Any], filled: bool) -> None:
    if filled:
        body = {"event": "Order Paid", "userId": "fuzzed", "batch": [body | {"userId": "fuzzed"}]} | body
    raw = json.dumps(body, ensure_ascii=True).encode()
    answer = anybody.post(path, content=raw)
    assert answer.status_code in (200, 202, 400, 413, 422)
    if answer.status_code >= 400:
        ErrorAnswer.model_validate_json(answer.content)
