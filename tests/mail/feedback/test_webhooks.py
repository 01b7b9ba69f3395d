"""What providers post is believed when it is signed, not too old, and about us; then it is read into one form."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mail.feedback.errors import FeedbackForged, FeedbackUnreadable
from mail.feedback.mailgun import Mailgun
from mail.feedback.postmark import Postmark
from mail.feedback.proving import Webhook
from mail.feedback.sendgrid import SendGrid
from mail.feedback.standard import StandardWebhooks
from rules.feedback import Kind
from tests.mail.feedback import signing
from tests.mail.feedback.samples import ENROLMENT, MESSAGE_ID
from tests.mail.feedback.signing import Posted, SendGridKey

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SECRET, LOGIN, KEY = b"thirty-two bytes of a secret....", "kundresa:a-long-password", "key-of-the-tests"
SENDGRID = SendGridKey()

Post = Callable[[Any, datetime], Posted]

PROVIDERS: dict[str, tuple[Webhook, Post, Any]] = {
    "standard": (
        StandardWebhooks("whsec_" + base64.b64encode(SECRET).decode()),
        lambda event, at: signing.standard(SECRET, event, at),
        {"type": "email.delivered", "created_at": NOW.isoformat(), "data": {"message_id": MESSAGE_ID}},
    ),
    "mailgun": (
        Mailgun(KEY),
        lambda event, at: signing.mailgun(KEY, event, at),
        {"event": "delivered", "timestamp": NOW.timestamp(), "message": {"headers": {"message-id": MESSAGE_ID[1:-1]}}},
    ),
    "postmark": (
        Postmark(LOGIN),
        lambda event, _: signing.postmark(LOGIN, event),
        {"RecordType": "Delivery", "DeliveredAt": NOW.isoformat(), "Metadata": {"message-id": MESSAGE_ID}},
    ),
    "sendgrid": (
        SendGrid(SENDGRID.public),
        SENDGRID.post,
        [{"event": "delivered", "sg_event_id": "e1", "timestamp": int(NOW.timestamp()), "smtp-id": MESSAGE_ID}],
    ),
}
every_provider = pytest.mark.parametrize("name", PROVIDERS)


@every_provider
async def test_what_is_signed_is_read(name: str) -> None:
    webhook, post, event = PROVIDERS[name]
    (told,) = await webhook.read(*post(event, NOW), NOW)
    assert (told.kind, told.references.message_id, told.at) == (Kind.DELIVERED, MESSAGE_ID, NOW)
    assert told.event_id


@every_provider
async def test_the_same_event_has_the_same_id_whenever_it_comes(name: str) -> None:
    webhook, post, event = PROVIDERS[name]
    first, again = [await webhook.read(*post(event, NOW), NOW + timedelta(seconds=each)) for each in (0, 60)]
    assert first == again


@every_provider
@pytest.mark.parametrize("spoil", ["no headers", "another key", "nothing"])
async def test_what_is_not_signed_by_the_provider_is_not_believed(name: str, spoil: str) -> None:
    webhook, post, event = PROVIDERS[name]
    headers, body = post(event, NOW)
    others: dict[str, Posted] = {
        "standard": signing.standard(b"another secret of a good length.", event, NOW),
        "mailgun": signing.mailgun("another key", event, NOW),
        "postmark": signing.postmark("kundresa:another", event),
        "sendgrid": SendGridKey().post(event, NOW),
    }
    match spoil:
        case "no headers":
            headers, body = ({}, b"{}") if name == "mailgun" else ({}, body)
        case "another key":
            headers, body = others[name]
        case _:
            headers, body = {}, b"[]" if name == "sendgrid" else b"{}"
    with pytest.raises(FeedbackForged):
        await webhook.read(headers, body, NOW)


@pytest.mark.parametrize("name", ["standard", "sendgrid"])
async def test_a_body_that_was_changed_is_not_believed(name: str) -> None:
    webhook, post, event = PROVIDERS[name]
    headers, body = post(event, NOW)
    with pytest.raises(FeedbackForged):
        await webhook.read(headers, body.replace(b"delivered", b"bounced"), NOW)


@pytest.mark.parametrize(("name", "hours"), [("standard", 0.1), ("mailgun", 10), ("sendgrid", 25)])
@pytest.mark.parametrize("way", [1, -1])
async def test_what_is_too_old_or_from_the_future_is_not_believed(name: str, hours: float, way: int) -> None:
    webhook, post, event = PROVIDERS[name]
    with pytest.raises(FeedbackForged):
        await webhook.read(*post(event, NOW), NOW + way * timedelta(hours=hours))


@every_provider
@pytest.mark.parametrize("event", [None, 7, "text", [1], [], {}, {"event": {}, "type": [], "RecordType": 1}])
async def test_what_is_signed_but_strange_tells_nothing(name: str, event: Any) -> None:
    webhook, post, _ = PROVIDERS[name]
    try:
        told = await webhook.read(*post(event, NOW), NOW)
    except FeedbackUnreadable as unreadable:
        told, said = [], str(unreadable)
        assert said
    assert told == []


SENDGRID_BOUNCE = {"event": "bounce", "sg_event_id": "e", "smtp-id": MESSAGE_ID, "email": "maja@example.org"}


@pytest.mark.parametrize(
    ("name", "event", "kind", "hardness"),
    [
        ("sendgrid", [SENDGRID_BOUNCE | {"status": "5.1.1", "reason": "550 no"}], Kind.BOUNCED, "hard"),
        ("sendgrid", [SENDGRID_BOUNCE | {"type": "blocked", "status": "5.1.1"}], Kind.BOUNCED, "block"),
        ("sendgrid", [SENDGRID_BOUNCE | {"status": "5.7.1", "reason": "550 5.7.1 spam"}], Kind.BOUNCED, "block"),
        ("sendgrid", [SENDGRID_BOUNCE | {"event": "deferred", "response": "550 user unknown"}], Kind.DEFERRED, "soft"),
        ("sendgrid", [SENDGRID_BOUNCE | {"event": "dropped"}], Kind.REJECTED, None),
        ("sendgrid", [SENDGRID_BOUNCE | {"event": "spamreport"}], Kind.COMPLAINED, None),
        ("sendgrid", [SENDGRID_BOUNCE | {"event": "group_unsubscribe"}], Kind.UNSUBSCRIBED, None),
        (
            "mailgun",
            {"event": "failed", "severity": "permanent", "delivery-status": {"code": 550}},
            Kind.BOUNCED,
            "hard",
        ),
        ("mailgun", {"event": "failed", "severity": "temporary"}, Kind.DEFERRED, "soft"),
        ("mailgun", {"event": "complained"}, Kind.COMPLAINED, None),
        ("mailgun", {"event": "unsubscribed"}, Kind.UNSUBSCRIBED, None),
        ("mailgun", {"event": "clicked", "url": "https://shop.example/"}, Kind.CLICKED, None),
        ("postmark", {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7}, Kind.BOUNCED, "hard"),
        ("postmark", {"RecordType": "Bounce", "Type": "SpamNotification", "ID": 7}, Kind.BOUNCED, "block"),
        ("postmark", {"RecordType": "Bounce", "Type": "Transient", "ID": 7}, Kind.BOUNCED, "soft"),
        ("postmark", {"RecordType": "SpamComplaint", "ID": 7}, Kind.COMPLAINED, None),
        ("postmark", {"RecordType": "SubscriptionChange", "SuppressSending": True}, Kind.UNSUBSCRIBED, None),
        ("postmark", {"RecordType": "Open", "MessageID": "x"}, Kind.OPENED, None),
        ("standard", {"type": "email.complained", "data": {}}, Kind.COMPLAINED, None),
        (
            "standard",
            {"type": "email.bounced", "data": {"bounce": {"type": "Permanent", "message": "550 5.1.1 no such user"}}},
            Kind.BOUNCED,
            "hard",
        ),
        (
            "standard",
            {"type": "email.bounced", "data": {"bounce": {"type": "Transient", "message": "550 5.1.1 no such user"}}},
            Kind.BOUNCED,
            "soft",
        ),
    ],
)
async def test_each_provider_s_words_become_ours(name: str, event: Any, kind: Kind, hardness: str | None) -> None:
    webhook, post, _ = PROVIDERS[name]
    (told,) = await webhook.read(*post(event, NOW), NOW)
    assert (told.kind, told.hardness) == (kind, hardness)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("postmark", {"RecordType": "Bounce", "Type": "AutoResponder", "ID": 7}),
        ("postmark", {"RecordType": "SubscriptionChange", "SuppressSending": False}),
        ("sendgrid", [{"event": "processed", "sg_event_id": "e"}]),
        ("mailgun", {"event": "accepted"}),
    ],
)
async def test_what_is_no_feedback_tells_nothing(name: str, event: Any) -> None:
    webhook, post, _ = PROVIDERS[name]
    assert await webhook.read(*post(event, NOW), NOW) == []


async def test_providers_that_use_the_older_names_of_the_headers_are_heard() -> None:
    webhook, _, event = PROVIDERS["standard"]
    (told,) = await webhook.read(*signing.standard(SECRET, event, NOW, prefix="svix"), NOW)
    assert told.event_id == "evt_1"


async def test_headers_that_a_provider_returns_tell_the_enrolment() -> None:
    webhook, post, _ = PROVIDERS["standard"]
    headers = [{"name": "X-Kundresa-Ref", "value": ENROLMENT}, {"name": "message-id", "value": MESSAGE_ID}]
    event = {"type": "email.opened", "data": {"headers": headers, "to": ["maja@example.org"]}}
    (told,) = await webhook.read(*post(event, NOW), NOW)
    assert (told.references.enrolment, told.references.message_id) == (ENROLMENT, MESSAGE_ID)
    assert told.recipient == "maja@example.org"
