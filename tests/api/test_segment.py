"""The Segment HTTP tracking API."""

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from store.session import Database
from tests.api.serving import SECOND_KEY, WRITE_KEY
from tests.store.happening import rows, value

Client = httpx2.AsyncClient
SUCCESS = {"success": True}


def call(**fields: Any) -> dict[str, Any]:
    return {"event": "Product Viewed", "userId": str(uuid4()), "messageId": str(uuid4())} | fields


async def event(stored: Database, message_id: str) -> tuple[Any, ...]:
    (found,) = await rows(
        stored,
        "SELECT name, properties, context, occurred_at, received_at FROM events WHERE message_id = :id",
        id=message_id,
    )
    return found


async def traits(stored: Database, user_id: str) -> Any:
    return await value(
        stored,
        "SELECT c.traits FROM contacts c JOIN identities i ON i.contact_id = c.id WHERE kind = 'user' AND value = :id",
        id=user_id,
    )


@pytest.mark.parametrize(
    ("path", "body", "name", "properties"),
    [
        ("track", {"event": "Order Completed", "properties": {"total": 5}}, "Order Completed", {"total": 5}),
        ("track", {"event": " Order Completed ", "properties": None}, "Order Completed", {}),
        ("identify", {"traits": {"city": "Turku"}}, "Identified", {"city": "Turku"}),
        ("page", {"name": "Cart", "properties": {"path": "/c"}}, "Page Viewed", {"name": "Cart", "path": "/c"}),
        ("screen", {"name": "Home", "category": "Main"}, "Screen Viewed", {"name": "Home", "category": "Main"}),
        ("group", {"groupId": "g", "traits": {"n": 1}}, "Grouped", {"groupId": "g", "traits": {"n": 1}}),
        ("alias", {"previousId": "before"}, "Aliased", {}),
    ],
)
async def test_each_call_records_its_event(
    client: Client, stored: Database, path: str, body: dict[str, Any], name: str, properties: dict[str, Any]
) -> None:
    body = {"userId": "kinds", "messageId": str(uuid4())} | body
    answer = await client.post(f"/v1/{path}", json=body)
    assert (answer.status_code, answer.json()) == (200, SUCCESS)
    assert (await event(stored, body["messageId"]))[:2] == (name, properties)


async def test_what_was_answered_is_committed_once_however_often_it_comes(client: Client, stored: Database) -> None:
    body = call()
    answers = await asyncio.gather(*(client.post("/v1/track", json=body) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    found = await value(stored, "SELECT count(*) FROM events WHERE message_id = :id", id=body["messageId"])
    assert found == 1


async def test_identify_keeps_traits_as_given_and_under_the_names_that_letters_use(
    client: Client, stored: Database
) -> None:
    given = {"email": "Maja@Shop.example", "firstName": "Maja", "lastName": "L", "createdAt": "2026-01-01", "age": 4}
    await client.post("/v1/identify", json={"userId": "named", "traits": given})
    kept = given | {"first_name": "Maja", "last_name": "L", "created_at": "2026-01-01"}
    assert await traits(stored, "named") == kept
    await client.post("/v1/identify", json={"userId": "named", "traits": {"firstName": None, "age": None}})
    assert await traits(stored, "named") == {
        key: given for key, given in kept.items() if key not in ("firstName", "first_name", "age")
    }
    assert await value(stored, "SELECT count(*) FROM identities WHERE value = 'maja@shop.example'") == 1


async def test_an_anonymous_visitor_keeps_its_events_when_it_becomes_known(client: Client, stored: Database) -> None:
    browser = str(uuid4())
    seen, signed = call(anonymousId=browser, userId=None), call(anonymousId=browser, event="Signed Up")
    for body in (seen, signed):
        assert (await client.post("/v1/track", json=body)).status_code == 200
    found = await rows(
        stored,
        "SELECT count(*), count(DISTINCT contact_id) FROM events WHERE message_id IN (:one, :two)",
        one=seen["messageId"],
        two=signed["messageId"],
    )
    assert found == [(2, 1)]


async def test_a_guests_checkout_makes_a_contact_that_can_be_written_to(client: Client, stored: Database) -> None:
    address = f"{uuid4()}@shop.example"
    body = call(userId=None, anonymousId=str(uuid4()), event="Checkout Started", properties={"email": address})
    await client.post("/v1/track", json=body)
    found = await value(
        stored,
        "SELECT traits ->> 'email' FROM contacts c JOIN identities i ON i.contact_id = c.id WHERE value = :address",
        address=address,
    )
    assert found == address


async def test_the_address_in_the_contexts_traits_is_the_contacts(client: Client, stored: Database) -> None:
    address, user_id = f"{uuid4()}@shop.example", str(uuid4())
    await client.post("/v1/track", json=call(userId=user_id, context={"traits": {"email": address}}))
    assert await traits(stored, user_id) == {"email": address}


async def test_of_the_context_only_what_journeys_can_use_is_kept(client: Client, stored: Database) -> None:
    kept: dict[str, Any] = {"page": {"path": "/"}, "campaign": {"source": "x"}, "library": {"name": "l"}}
    kept |= {"locale": "sv-FI", "timezone": "Europe/Helsinki"}
    body = call(context=kept | {"ip": "192.0.2.1", "userAgent": "x", "device": {"id": 1}}, integrations={"All": False})
    await client.post("/v1/track", json=body)
    assert (await event(stored, body["messageId"]))[2] == kept
    assert await traits(stored, body["userId"]) == {"timezone": "Europe/Helsinki", "locale": "sv-FI"}


async def test_a_wrong_clock_is_put_right_by_the_time_of_sending(client: Client, stored: Database) -> None:
    sent = datetime(2020, 1, 1, 12, tzinfo=UTC)
    body = call(timestamp=(sent - timedelta(minutes=10)).isoformat(), sentAt=sent.isoformat())
    await client.post("/v1/track", json=body)
    _, _, _, occurred_at, received_at = await event(stored, body["messageId"])
    assert received_at - occurred_at == timedelta(minutes=10)


@pytest.mark.parametrize("when", ["2999-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"])
async def test_nothing_happened_in_the_future(client: Client, stored: Database, when: str) -> None:
    body = call(timestamp=when)
    answer = await client.post("/v1/track", json=body)
    if answer.status_code == 200:
        _, _, _, occurred_at, received_at = await event(stored, body["messageId"])
        assert occurred_at == received_at
    else:
        assert answer.json()["error"]["details"][0]["path"] == "timestamp"


async def test_a_past_timestamp_without_sending_time_is_taken_at_its_word(client: Client, stored: Database) -> None:
    body = call(timestamp="2024-02-29T10:00:00+02:00")
    await client.post("/v1/track", json=body)
    assert (await event(stored, body["messageId"]))[3] == datetime(2024, 2, 29, 8, tzinfo=UTC)


async def test_bodies_may_be_packed_and_of_any_content_type(client: Client) -> None:
    packed = gzip.compress(json.dumps(call()).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    answer = await client.post("/v1/track", content=packed, headers=headers)
    assert (answer.status_code, answer.json()) == (200, SUCCESS)


async def test_a_browser_sends_its_key_in_the_body_and_may_read_the_answer(api_url: str) -> None:
    async with httpx2.AsyncClient(base_url=api_url) as browser:
        body = json.dumps(call(writeKey=WRITE_KEY, type="track"))
        answer = await browser.post("/v1/t", content=body, headers={"Content-Type": "text/plain"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
        refused = await browser.post("/v1/t", content=json.dumps(call(writeKey="wrong")))
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
        asked = await browser.options("/v1/track")
        assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "POST")


async def test_two_keys_are_valid_while_they_are_rotated(api_url: str) -> None:
    async with httpx2.AsyncClient(base_url=api_url) as anybody:
        assert (await anybody.post("/v1/track", json=call(), auth=(SECOND_KEY, ""))).status_code == 200


async def test_of_a_batch_the_bad_ones_are_told_and_the_good_ones_kept(client: Client, stored: Database) -> None:
    good, other = call(type="track"), {"type": "identify", "userId": "batched", "messageId": str(uuid4())}
    bad = [
        {"type": "track", "userId": "u", "messageId": "no-name"},
        7,
        {"type": "dance"},
        call(type="track", userId=True, messageId="no-id"),
    ]
    large = call(type="track", properties={"x": "y" * 33_000})
    answer = await client.post("/v1/batch", json={"batch": [good, *bad, other, large]})
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    told = [(entry["index"], entry["messageId"], entry["details"][0]["path"]) for entry in answer.json()["rejected"]]
    assert told == [
        (1, "no-name", "event"),
        (2, None, ""),
        (3, None, "type"),
        (4, "no-id", "userId"),
        (6, large["messageId"], ""),
    ]
    for message in (good, other):
        assert await event(stored, message["messageId"])


async def test_a_batch_shares_its_context_and_each_calls_own_wins(client: Client, stored: Database) -> None:
    one, two = call(type="track"), call(type="track", context={"locale": "fi"})
    await client.post("/v1/batch", json={"batch": [one, two], "context": {"locale": "sv", "campaign": {"source": "x"}}})
    assert (await event(stored, one["messageId"]))[2] == {"locale": "sv", "campaign": {"source": "x"}}
    assert (await event(stored, two["messageId"]))[2] == {"locale": "fi", "campaign": {"source": "x"}}


async def test_an_empty_batch_is_taken_and_one_of_only_bad_calls_is_not(client: Client) -> None:
    assert (await client.post("/v1/batch", json={"batch": []})).json() == SUCCESS
    answer = await client.post("/v1/batch", json={"batch": [{"type": "track", "userId": "u"}]})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["path"] == "[0].event"


async def test_a_topic_is_needed_to_subscribe(client: Client) -> None:
    answer = await client.post("/v1/track", json=call(event="Subscribed"))
    assert (answer.status_code, answer.json()["error"]["details"][0]["path"]) == (422, "properties.topic")
    assert (await client.post("/v1/track", json=call(event="Unsubscribed"))).status_code == 200


async def test_our_own_event_names_are_refused_in_a_batch_and_its_other_calls_are_kept(
    client: Client, stored: Database
) -> None:
    own, good = call(type="track", event="Segment Entered"), call(type="track")
    answer = await client.post("/v1/batch", json={"batch": [own, good]})
    assert (answer.status_code, [each["index"] for each in answer.json()["rejected"]]) == (200, [0])
    assert (await event(stored, good["messageId"]))[0] == "Product Viewed"
    assert (await client.post("/v1/track", json=own)).status_code == 422


async def test_an_import_says_for_all_its_calls_that_they_are_from_the_past(client: Client, stored: Database) -> None:
    calls = [call(type="track"), call(type="identify", traits={"city": "Visby"}), call(type="track", backfill=False)]
    assert (await client.post("/v1/import", json={"batch": calls, "backfill": True})).json() == SUCCESS
    marks = "SELECT o.backfill FROM outbox o JOIN events USING (seq) WHERE message_id = ANY(:ids) ORDER BY seq"
    found = await rows(stored, marks, ids=[each["messageId"] for each in calls])
    assert [mark for (mark,) in found] == [True, True, False]
