"""The plain form for backend teams."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from rules.names import OWN
from store.session import Database
from tests.api.serving import WRITE_KEY
from tests.store.happening import rows, value

Client = httpx2.AsyncClient


def paid(**fields: Any) -> dict[str, Any]:
    return {"event": "Order Paid", "userId": "backend", "messageId": str(uuid4())} | fields


async def count(stored: Database, message_id: str) -> Any:
    return await value(stored, "SELECT count(*) FROM events WHERE message_id = :id", id=message_id)


async def test_one_event_is_answered_with_its_message_id(client: Client, stored: Database) -> None:
    body = paid(email="a@shop.example", properties={"order_id": "o1"}, traits={"plan": "gold"})
    answer = await client.post("/v1/events", json=body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": [body["messageId"]], "rejected": []})
    assert await count(stored, body["messageId"]) == 1


async def test_an_event_without_message_id_gets_one(client: Client, stored: Database) -> None:
    answer = await client.post("/v1/events", json={"event": "Order Paid", "email": "a@shop.example"})
    (message_id,) = answer.json()["accepted"]
    assert await count(stored, message_id) == 1


async def test_the_idempotency_key_stands_in_for_message_ids(client: Client) -> None:
    key = str(uuid4())
    bare = {"event": "Order Paid", "userId": "backend"}
    one = await client.post("/v1/events", json=bare, headers={"Idempotency-Key": key})
    assert one.json()["accepted"] == [key]
    several = await client.post(
        "/v1/events", json=[bare, bare | {"messageId": "own"}], headers={"Idempotency-Key": key}
    )
    assert several.json()["accepted"] == [f"{key}/0", "own"]


async def test_of_a_list_the_bad_ones_are_told_and_the_good_ones_kept(client: Client) -> None:
    good = paid()
    answer = await client.post("/v1/events", json=[paid(event=""), good, paid(userid="typo")])
    assert answer.status_code == 202
    assert answer.json()["accepted"] == [good["messageId"]]
    assert [(each["index"], each["details"][0]["path"]) for each in answer.json()["rejected"]] == [
        (0, "event"),
        (2, "userid"),
    ]


async def test_an_event_under_one_of_our_own_names_is_refused_and_the_others_of_its_list_are_kept(
    client: Client, stored: Database
) -> None:
    good = paid()
    answer = await client.post("/v1/events", json=[paid(event=name) for name in sorted(OWN)] + [good])
    assert (answer.status_code, answer.json()["accepted"]) == (202, [good["messageId"]])
    assert len(answer.json()["rejected"]) == len(OWN)
    (told,) = answer.json()["rejected"][0]["details"]
    assert "Kundresa itself records" in told["message"]
    assert await value(stored, "SELECT count(*) FROM events WHERE name = ANY(:own)", own=list(OWN)) == 0


async def test_an_imported_event_is_marked_as_one(client: Client, stored: Database) -> None:
    bodies = [paid(backfill=True), paid(context={"backfill": True}), paid(backfill=False), paid()]
    assert (await client.post("/v1/events", json=bodies)).status_code == 202
    marks = "SELECT o.backfill FROM outbox o JOIN events USING (seq) WHERE message_id = ANY(:ids) ORDER BY seq"
    found = await rows(stored, marks, ids=[body["messageId"] for body in bodies])
    assert [mark for (mark,) in found] == [True, True, False, False]


async def test_a_list_of_only_bad_events_is_refused(client: Client) -> None:
    answer = await client.post("/v1/events", json=[paid(event=""), paid(event=5)])
    assert answer.status_code == 422
    assert [detail["path"] for detail in answer.json()["error"]["details"]] == ["[0].event", "[1].event"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"event": None}, "event"),
        ({"event": "x" * 101}, "event"),
        ({"event": ["Order Paid"]}, "event"),
        ({"userId": None}, "userId"),
        ({"userId": 1.5}, "userId"),
        ({"userId": "x" * 257}, "userId"),
        ({"anonymousId": {}}, "anonymousId"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@shop.example"}, "email"),
        ({"email": "a b@shop.example"}, "email"),
        ({"traits": {"email": "nobody"}}, "traits.email"),
        ({"properties": []}, "properties"),
        ({"traits": "x"}, "traits"),
        ({"context": 1}, "context"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": 1700000000}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({"messageId": 5}, "messageId"),
        ({"messageId": "x" * 256}, "messageId"),
        ({"foo": 1}, "foo"),
        ({"backfill": "yes"}, "backfill"),
        ({"event": "Segment Entered"}, "event"),
        ({"event": " Enrolment Requested "}, "event"),
        ({"properties": {"a": [{"b": "\x00"}]}}, "properties.a[0].b"),
        ({"properties": {"a\x00": 1}}, "properties.a\x00"),
        ({"userId": "\x00"}, "userId"),
        ({"event": "Subscribed"}, "properties.topic"),
        ({"properties": {str(n): n for n in range(1001)}}, "properties"),
    ],
)
async def test_a_field_that_cannot_be_taken_is_told_with_its_path(
    client: Client, fields: dict[str, Any], path: str
) -> None:
    answer = await client.post("/v1/events", json=paid(**fields))
    assert answer.status_code == 422
    assert (answer.json()["error"]["code"], answer.json()["error"]["details"][0]["path"]) == ("invalid", path)


async def test_all_mistakes_are_told_at_once(client: Client) -> None:
    answer = await client.post("/v1/events", json={"event": 1, "email": "x", "timestamp": "y", "foo": 2})
    paths = {detail["path"] for detail in answer.json()["error"]["details"]}
    assert paths == {"event", "email", "timestamp", "foo", "userId"}


async def test_a_whole_number_is_an_id(client: Client, stored: Database) -> None:
    await client.post("/v1/events", json=paid(userId=700700))
    assert await value(stored, "SELECT count(*) FROM identities WHERE value = '700700'") == 1


async def test_several_topics_are_subscribed_to_and_ended_by_one_event(client: Client, stored: Database) -> None:
    user = f"reader-{uuid4()}"

    async def says(event: str, **properties: Any) -> dict[str, bool]:
        body = paid(event=event, userId=user, properties=properties)
        assert (await client.post("/v1/events", json=body)).status_code == 202
        said = """
            SELECT DISTINCT ON (topic) topic, granted FROM consents JOIN identities USING (contact_id)
            WHERE value = :user ORDER BY topic, id DESC
            """
        return dict(await rows(stored, said, user=user))

    assert await says("Subscribed", topics=["offers", "news"]) == {"offers": True, "news": True}
    assert await says("Unsubscribed", topics=["news"]) == {"offers": True, "news": False}
    assert await says("Unsubscribed", topics=["offers", "tips"]) == {"offers": False, "news": False, "tips": False}


async def test_one_event_is_as_large_as_a_list_may_be_only_in_a_list(client: Client) -> None:
    large = [paid(properties={"note": "x" * 20_000}) for _ in range(2)]
    assert (await client.post("/v1/events", json=large)).status_code == 202
    assert (await client.post("/v1/events", json=paid(properties={"note": "x" * 33_000}))).status_code == 413


async def test_the_key_may_be_a_bearer_token(api_url: str) -> None:
    async with httpx2.AsyncClient(base_url=api_url, headers={"Authorization": f"Bearer {WRITE_KEY}"}) as backend:
        assert (await backend.post("/v1/events", json=paid())).status_code == 202
