"""The link in letters: looking changes nothing, one click ends the topic, and nobody is asked twice."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from mail.links import Links
from store.consents import subscribed
from store.session import Database
from tests.api.serving import NOBODY, SECRET, running
from tests.store.happening import rows, value

Client = httpx2.AsyncClient


async def subscriber(client: Client, stored: Database, *topics: str) -> UUID:
    user_id = str(uuid4())
    event = {"event": "Subscribed", "userId": user_id, "properties": {"topics": topics or ["offers"]}}
    assert (await client.post("/v1/track", json=event)).status_code == 200
    contact: UUID = await value(stored, "SELECT contact_id FROM identities WHERE value = :user_id", user_id=user_id)
    return contact


def link(contact: UUID, topic: str = "offers") -> str:
    return Links(SECRET, "").unsubscribe(contact, topic)


async def is_subscribed(stored: Database, contact: UUID, topic: str = "offers") -> bool:
    async with stored.transaction() as session:
        return await subscribed(session, contact, topic)


ONE_CLICK: list[dict[str, Any]] = [
    {"content": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"files": {"List-Unsubscribe": (None, b"One-Click")}},
    {},
    {"json": {"anything": "else"}},
    {"content": b"\xff\x00", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
]


@pytest.mark.parametrize("body", ONE_CLICK)
async def test_one_click_takes_effect_before_the_answer(client: Client, stored: Database, body: dict[str, Any]) -> None:
    contact = await subscriber(client, stored)
    async with httpx2.AsyncClient(base_url=str(client.base_url)) as mailbox_provider:
        answer = await mailbox_provider.post(link(contact), **body)
    assert answer.status_code == 200
    assert not await is_subscribed(stored, contact)
    told = await rows(
        stored, "SELECT properties FROM events WHERE contact_id = :id AND name = 'Unsubscribed'", id=contact
    )
    assert told == [({"topic": "offers"},)]


async def test_looking_at_the_page_changes_nothing(client: Client, stored: Database) -> None:
    contact = await subscriber(client, stored)
    page = await client.get(link(contact))
    head = await client.head(link(contact))
    assert (page.status_code, head.status_code, head.content) == (200, 200, b"")
    assert '<form method="post">' in page.text
    assert "Lindqvist &amp; Döttrar" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    assert await is_subscribed(stored, contact)


async def test_again_and_again_is_harmless(client: Client, stored: Database) -> None:
    contact = await subscriber(client, stored)
    answers = [await client.post(link(contact)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.text for answer in answers}) == 1
    assert await value(stored, "SELECT count(*) FROM consents WHERE contact_id = :id", id=contact) == 2


async def test_the_link_of_an_old_letter_ends_a_new_subscription(client: Client, stored: Database) -> None:
    contact = await subscriber(client, stored)
    await client.post(link(contact))
    user_id = await value(stored, "SELECT value FROM identities WHERE contact_id = :id", id=contact)
    await client.post("/v1/track", json={"event": "Subscribed", "userId": user_id, "properties": {"topic": "offers"}})
    assert await is_subscribed(stored, contact)
    await client.post(link(contact))
    assert not await is_subscribed(stored, contact)


async def test_one_topic_ends_and_the_others_stay_unless_all_are_meant(client: Client, stored: Database) -> None:
    contact = await subscriber(client, stored, "offers", "news")
    await client.post(link(contact))
    assert await is_subscribed(stored, contact, "news")
    await client.post(link(contact) + "?all=true")
    assert not await is_subscribed(stored, contact, "news")


async def test_who_never_said_anything_may_say_no(client: Client, stored: Database) -> None:
    user_id = str(uuid4())
    await client.post("/v1/track", json={"event": "Signed Up", "userId": user_id})
    contact = await value(stored, "SELECT contact_id FROM identities WHERE value = :user_id", user_id=user_id)
    await client.post(link(contact))
    assert await value(stored, "SELECT granted FROM consents WHERE contact_id = :id", id=contact) is False


async def test_an_unknown_contact_is_answered_like_a_known_one(client: Client, stored: Database) -> None:
    known, unknown = await subscriber(client, stored), uuid4()
    assert (await client.get(link(known))).text == (await client.get(link(unknown))).text
    one, other = await client.post(link(known)), await client.post(link(unknown))
    assert (one.status_code, one.text) == (other.status_code, other.text)


@pytest.mark.parametrize("token", ["x", "v1.x", "v1." + "A" * 60, "v1.%00", "v1.%ff"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_token_that_is_not_ours_is_not_found(client: Client, token: str, method: str) -> None:
    answer = await client.request(method, f"/u/{token}")
    assert answer.status_code == 404
    assert "not complete" in answer.text


async def test_a_stray_slash_is_never_redirected(client: Client, stored: Database) -> None:
    answer = await client.post(link(await subscriber(client, stored)) + "/")
    assert answer.status_code == 404


async def test_without_a_database_the_provider_is_asked_to_come_again() -> None:
    with running(f"postgresql://nobody@{NOBODY}/none") as lost:
        async with httpx2.AsyncClient(base_url=lost.url) as provider:
            answer = await provider.post(link(uuid4()))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "not in force" in answer.text
            assert (await provider.get(link(uuid4()))).status_code == 200
