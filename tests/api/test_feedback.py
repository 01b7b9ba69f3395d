"""What providers and mail servers tell takes effect, once; what is forged or about nobody changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio

from mail.verp import Verp
from store.models import Message
from store.session import Database
from tests.api import told
from tests.api.inside import Shop
from tests.api.serving import ADMIN_KEY, running
from tests.api.told import HARD, MAIL_KEY, VERP, event, post, sent
from tests.conftest import NewDatabase
from tests.mail.feedback import samples, signing
from tests.store.happening import rows, value

TABLES = ("feedback", "suppressions", "events", "consents", "outbox", "messages")


@pytest_asyncio.fixture(scope="module")
async def shop(new_database: NewDatabase) -> AsyncIterator[Shop]:
    """An API that hears every provider, a client, and the database behind."""
    database = Database(await new_database())
    with running(database.url, **told.SETTINGS) as served:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx2.AsyncClient(base_url=served.url, headers=headers, timeout=30) as client:
            yield client, database
    await database.close()


async def all_rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: await rows(database, f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


async def events(database: Database, message: Message) -> list[tuple[str, dict[str, Any]]]:
    found = await rows(
        database,
        "SELECT e.name, e.properties FROM events e JOIN outbox o USING (seq)"
        " WHERE e.contact_id = :contact AND e.name <> 'Signed Up' ORDER BY e.seq",
        contact=message.contact_id,
    )
    return [(name, properties) for name, properties in found]


async def suppressed(database: Database, message: Message) -> list[tuple[str, str, str]]:
    return [
        (scope, reason, actor)
        for scope, reason, actor in await rows(
            database,
            "SELECT scope, reason, actor FROM suppressions WHERE address = :address",
            address=message.recipient,
        )
    ]


def mailed(message: Message, raw: bytes, to: str = "hello@shop.example", sender: str = "<>") -> signing.Posted:
    """A mail that quotes this message, as a mail server hands it on."""
    quoted = raw.replace(samples.MESSAGE_ID.encode(), message.message_id.encode())
    quoted = quoted.replace(samples.ENROLMENT.encode(), str(message.enrolment_id).encode())
    headers = {"authorization": f"Bearer {MAIL_KEY}", "x-envelope-from": sender, "x-envelope-to": to}
    return headers, quoted


async def test_a_hard_bounce_suppresses_the_address_and_is_an_event_like_any_of_the_shop_s(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    answer = await post(client, "standard", event(message, "bounced", HARD))
    assert (answer.status_code, answer.json()) == (202, {"applied": 1, "known": 0, "unknown": 0, "forged": 0})
    assert await suppressed(database, message) == [("hard", "bounced: no such mailbox (5.1.1)", "standard")]
    properties = {
        "letter": "hello",
        "journey": "welcome",
        "message_id": message.message_id,
        "type": "hard",
        "reason": "no such mailbox",
        "code": "5.1.1",
    }
    assert await events(database, message) == [("Email Bounced", properties)]


@pytest.mark.parametrize(
    "words", ["550 5.7.1 user unknown to be interested", "452 4.2.2 full", "421 4.7.28 too fast", "550 5.7.26 no SPF"]
)
async def test_a_refusal_of_us_or_for_now_suppresses_nobody(shop: Shop, words: str) -> None:
    client, database = shop
    message = await sent(client, database)
    answer = await post(
        client, "standard", event(message, "bounced", {"bounce": {"type": "Permanent", "message": words}})
    )
    assert answer.json()["applied"] == 1
    assert await suppressed(database, message) == []
    assert [name for name, _ in await events(database, message)] == ["Email Bounced"]


async def test_a_complaint_ends_marketing_of_every_topic_and_tells_so(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    assert (await post(client, "standard", event(message, "complained"))).json()["applied"] == 1
    assert await suppressed(database, message) == [("complaint", "marked as spam", "standard")]
    assert [name for name, _ in await events(database, message)] == ["Email Marked as Spam", "Unsubscribed"]
    consents = "SELECT topic, granted FROM consents WHERE contact_id = :contact"
    assert await rows(database, consents, contact=message.contact_id) == [("*", False)]


async def test_a_clock_that_runs_ahead_writes_no_word_of_the_future(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    secret, ahead = told.STANDARD, datetime.now(UTC) + timedelta(days=400)
    said = {"type": "email.complained", "created_at": ahead.isoformat(), "data": {"message_id": message.message_id}}
    answer = await post(client, "standard", signing.standard(secret, said, datetime.now(UTC), f"evt-{uuid4()}"))
    assert answer.json()["applied"] == 1
    at = await value(database, "SELECT max(at) FROM consents WHERE contact_id = :contact", contact=message.contact_id)
    assert at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("delivered", "Email Delivered"),
        ("opened", "Email Opened"),
        ("clicked", "Email Link Clicked"),
        ("failed", "Email Rejected"),
    ],
)
async def test_each_kind_has_its_event(shop: Shop, kind: str, name: str) -> None:
    client, database = shop
    message = await sent(client, database)
    await post(client, "standard", event(message, kind, {"click": {"link": "https://shop.example/cart"}}))
    ((told_name, properties),) = await events(database, message)
    assert (told_name, properties["letter"]) == (name, "hello")
    assert await suppressed(database, message) == []


async def test_the_same_event_again_and_at_the_same_moment_changes_nothing(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    posted = event(message, "complained", event_id="evt-once")
    answers = await asyncio.gather(*(post(client, "standard", posted) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert sum(answer.json()["applied"] for answer in answers) == 1
    assert sum(answer.json()["known"] for answer in answers) == 9
    assert len(await events(database, message)) == 2
    assert len(await suppressed(database, message)) == 1


@pytest.mark.parametrize("provider", ["standard", "ses", "sendgrid", "mailgun", "postmark", "mail"])
async def test_what_is_forged_is_refused_and_changes_nothing(shop: Shop, provider: str) -> None:
    client, database = shop
    message = await sent(client, database)
    now = datetime.now(UTC)
    forged: dict[str, signing.Posted] = {
        "standard": signing.standard(b"another secret of a good length.", {"type": "email.complained"}, now),
        "ses": signing.Amazon(now).notice({}, {"TopicArn": "arn:aws:sns:eu-north-1:999999999999:mallory"}),
        "sendgrid": signing.SendGridKey().post([{"event": "spamreport", "smtp-id": message.message_id}], now),
        "mailgun": signing.mailgun("another key", {"event": "complained"}, now),
        "postmark": signing.postmark("kundresa:guessed", {"RecordType": "SpamComplaint"}),
        "mail": ({"authorization": "Bearer guessed"}, samples.POSTFIX),
    }
    before = await all_rows(database)
    answer = await post(client, provider, forged[provider])
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert await all_rows(database) == before


async def test_what_is_about_no_message_of_ours_is_accepted_counted_and_changes_nothing(shop: Shop) -> None:
    client, database = shop
    before = await all_rows(database)
    answer = await post(
        client, "standard", event(f"<{uuid4()}@shop.example>", "bounced", {"to": ["maja@example.org"], **HARD})
    )
    assert (answer.status_code, answer.json()) == (202, {"applied": 0, "known": 0, "unknown": 1, "forged": 0})
    assert await all_rows(database) == before
    figures = (await client.get("/metrics")).text
    assert 'kundresa_feedback_total{outcome="unknown",source="standard"}' in figures


async def test_an_enrolment_and_an_address_that_do_not_belong_together_name_nobody(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    data = {"reference": str(message.enrolment_id), "message_id": None, "to": ["somebody@else.example"], **HARD}
    assert (await post(client, "standard", event(message, "bounced", data))).json()["unknown"] == 1
    data["to"] = [str(message.recipient).upper()]
    assert (await post(client, "standard", event(message, "bounced", data))).json()["applied"] == 1
    assert [scope for scope, _, _ in await suppressed(database, message)] == ["hard"]


async def test_the_address_in_the_feedback_is_never_the_one_that_is_suppressed(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    await post(client, "standard", event(message, "bounced", {"to": ["victim@example.org"], **HARD}))
    assert await value(database, "SELECT count(*) FROM suppressions WHERE address = 'victim@example.org'") == 0
    assert len(await suppressed(database, message)) == 1


@pytest.mark.parametrize("state", ["unknown", "dot_pending", "sent", "cancelled"])
async def test_a_delivery_is_evidence_for_a_message_in_doubt_and_for_no_other(shop: Shop, state: str) -> None:
    client, database = shop
    message = await sent(client, database, state)
    await post(client, "standard", event(message, "delivered"))
    settled = await value(database, "SELECT state FROM messages WHERE id = :id", id=message.id)
    assert settled == ("sent" if state != "cancelled" else "cancelled")


async def test_a_letter_to_the_shop_s_own_staff_says_nothing_of_the_contact(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database, staff="sales", recipient="sales@shop.example")
    await post(client, "standard", event(message, "complained"))
    assert await events(database, message) == []
    assert [scope for scope, _, _ in await suppressed(database, message)] == ["complaint"]


@pytest.mark.parametrize("raw", [samples.POSTFIX, samples.EXIM, samples.EXCHANGE, samples.QMAIL])
async def test_a_bounce_that_a_mail_server_hands_on_takes_effect_by_the_sealed_address(shop: Shop, raw: bytes) -> None:
    client, database = shop
    message = await sent(client, database)
    # Nothing that is quoted counts: the sealed address does.
    headers, _ = mailed(message, raw, VERP.bounce(message.id, "shop.example").upper())
    body = raw + f"\r\nX: {uuid4()}".encode()
    assert (await post(client, "mail", (headers, body))).json()["applied"] == 1
    assert [scope for scope, _, _ in await suppressed(database, message)] == ["hard"]
    assert (await post(client, "mail", (headers, body))).json()["known"] == 1


@pytest.mark.parametrize("raw", [samples.POSTFIX, samples.QMAIL, samples.EXIM_WITHOUT_REPORT])
async def test_a_bounce_without_a_sealed_address_is_known_by_what_it_returns(shop: Shop, raw: bytes) -> None:
    client, database = shop
    message = await sent(client, database)
    assert message_from_bytes(raw)["To"] == "hello@shop.example"
    assert (await post(client, "mail", mailed(message, raw))).json()["applied"] == 1
    assert [scope for scope, _, _ in await suppressed(database, message)] == ["hard"]


async def test_a_forged_bounce_changes_nothing_and_its_bearer_need_not_come_again(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    before = await all_rows(database)
    address = Verp("another secret").bounce(message.id, "shop.example")
    answer = await post(client, "mail", mailed(message, samples.POSTFIX, address))
    assert (answer.status_code, answer.json()["forged"]) == (202, 1)
    assert await all_rows(database) == before


async def test_a_complaint_by_mail_is_known_by_what_it_returns(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    posted = mailed(message, samples.complaint(), "fbl@shop.example", "feedback@mailbox.example")
    assert (await post(client, "mail", posted)).json()["applied"] == 1
    assert [scope for scope, _, _ in await suppressed(database, message)] == ["complaint"]


async def test_a_mail_to_the_unsubscribe_address_ends_the_letter_s_topic(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    to = VERP.unsubscribe(message.id, "shop.example")
    assert (await post(client, "mail", mailed(message, samples.PLAIN_MAIL, to, "a@b.example"))).json()["applied"] == 1
    assert await events(database, message) == [("Unsubscribed", {"topic": "offers"})]
    consents = "SELECT topic, granted FROM consents WHERE contact_id = :contact"
    assert await rows(database, consents, contact=message.contact_id) == [("offers", False)]
    assert await suppressed(database, message) == []


async def test_a_reply_is_an_event_and_a_holiday_note_is_not(shop: Shop) -> None:
    client, database = shop
    message = await sent(client, database)
    assert (await post(client, "mail", mailed(message, samples.HOLIDAY))).json()["applied"] == 0
    assert (await post(client, "mail", mailed(message, samples.REPLY, sender="maja@b.example"))).json()["applied"] == 1
    assert [name for name, _ in await events(database, message)] == ["Email Replied"]


async def test_a_provider_whose_secret_is_not_set_is_not_there(client: httpx2.AsyncClient) -> None:
    for provider in ("standard", "ses", "mail", "nobody"):
        assert (await client.post(f"/v1/feedback/{provider}", content=b"{}")).status_code == 404


async def test_a_storm_of_bounces_good_forged_and_repeated_suppresses_those_that_are_gone(shop: Shop) -> None:
    client, database = shop
    messages = [await sent(client, database) for _ in range(12)]
    stranger = Verp("another secret")

    def posts(number: int, message: Message) -> list[signing.Posted]:
        address = (stranger if number % 3 == 0 else VERP).bounce(message.id, "shop.example")
        raw = samples.EXPIRED if number % 3 == 1 else samples.POSTFIX
        return [mailed(message, raw, address)] * 3

    waiting = [posted for number, message in enumerate(messages) for posted in posts(number, message)]
    answers = await asyncio.gather(*(post(client, "mail", each) for each in waiting))
    assert {answer.status_code for answer in answers} == {202}
    gone = [bool(await suppressed(database, message)) for message in messages]
    assert gone == [number % 3 == 2 for number in range(12)]
    assert [len(await events(database, message)) for message in messages] == [0, 1, 1] * 4
