"""The link of a double opt-in: looking changes nothing, one click subscribes, and what ended later stays ended."""

from uuid import UUID, uuid4

import httpx2
import pytest

from mail.links import Links
from store.consents import subscribed
from store.session import Database
from tests.api.serving import NOBODY, SECRET, running
from tests.store.happening import rows, value

Client = httpx2.AsyncClient


async def asking(client: Client, stored: Database) -> UUID:
    """A contact who asked for letters, and has not confirmed yet."""
    user_id = str(uuid4())
    event = {"event": "Subscription Requested", "userId": user_id, "properties": {"topic": "offers"}}
    assert (await client.post("/v1/track", json=event)).status_code == 200
    contact: UUID = await value(stored, "SELECT contact_id FROM identities WHERE value = :user_id", user_id=user_id)
    return contact


def link(contact: UUID, topic: str = "offers") -> str:
    return Links(SECRET, "").confirm(contact, topic)


async def is_subscribed(stored: Database, contact: UUID) -> bool:
    async with stored.transaction() as session:
        return await subscribed(session, contact, "offers")


async def test_asking_alone_subscribes_nobody_and_neither_does_looking(client: Client, stored: Database) -> None:
    contact = await asking(client, stored)
    page = await client.get(link(contact))
    head = await client.head(link(contact))
    assert (page.status_code, head.status_code, head.content) == (200, 200, b"")
    assert '<form method="post">' in page.text
    assert "<script" not in page.text
    assert not await is_subscribed(stored, contact)


async def test_one_click_subscribes_and_says_where_the_consent_came_from(client: Client, stored: Database) -> None:
    contact = await asking(client, stored)
    async with httpx2.AsyncClient(base_url=str(client.base_url)) as browser:
        answers = [await browser.post(link(contact)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await is_subscribed(stored, contact)
    told = await rows(
        stored, "SELECT properties FROM events WHERE contact_id = :id AND name = 'Subscribed'", id=contact
    )
    assert told == [({"topic": "offers", "source": "double opt-in"},)]
    sources = await rows(stored, "SELECT granted, source FROM consents WHERE contact_id = :id", id=contact)
    assert [(granted, source.split("/")[0]) for granted, source in sources] == [(True, "confirm")]


async def test_the_link_that_ends_does_not_confirm(client: Client, stored: Database) -> None:
    contact = await asking(client, stored)
    token = Links(SECRET, "").unsubscribe(contact, "offers").rpartition("/")[2]
    assert (await client.post(f"/c/{token}")).status_code == 404
    assert not await is_subscribed(stored, contact)


async def test_an_unknown_contact_is_answered_like_a_known_one(client: Client, stored: Database) -> None:
    known, unknown = await asking(client, stored), uuid4()
    assert (await client.get(link(known))).text == (await client.get(link(unknown))).text
    one, other = await client.post(link(known)), await client.post(link(unknown))
    assert (one.status_code, one.text) == (other.status_code, other.text)


@pytest.mark.parametrize("token", ["x", "v1.x", "v1." + "A" * 60, "v1.%00", "v1.%ff"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_token_that_is_not_ours_is_not_found(client: Client, token: str, method: str) -> None:
    answer = await client.request(method, f"/c/{token}")
    assert answer.status_code == 404
    assert "not complete" in answer.text


async def test_without_a_database_the_click_is_asked_for_again() -> None:
    with running(f"postgresql://nobody@{NOBODY}/none") as lost:
        async with httpx2.AsyncClient(base_url=lost.url) as browser:
            answer = await browser.post(link(uuid4()))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "not in force" in answer.text


async def test_the_pages_are_in_the_language_of_the_browser(client: Client, stored: Database) -> None:
    contact = await asking(client, stored)
    swedish = await client.get(link(contact), headers={"Accept-Language": "sv-FI,sv;q=0.9,en;q=0.8"})
    english = await client.get(link(contact), headers={"Accept-Language": "fi,en;q=0.5"})
    assert '<html lang="sv-FI">' in swedish.text
    assert "Ja, jag vill ha brev om erbjudanden" in swedish.text
    assert swedish.headers["content-language"] == "sv-FI"
    assert "Yes, I want letters about offers" in english.text
