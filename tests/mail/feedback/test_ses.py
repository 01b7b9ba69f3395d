"""Amazon's notices: signed by a certificate from Amazon's own host, about a topic that the shop has named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mail.feedback.errors import FeedbackError, FeedbackForged
from mail.feedback.ses import Ses
from mail.feedback.sns import Notices
from rules.feedback import Kind
from tests.mail.feedback.samples import ENROLMENT, MESSAGE_ID
from tests.mail.feedback.signing import CERTIFICATE_URL, TOPIC, Amazon

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MAIL = {
    "timestamp": NOW.isoformat(),
    "messageId": "0100-ses",
    "destination": ["maja@example.org"],
    "headers": [{"name": "X-Kundresa-Ref", "value": ENROLMENT}, {"name": "Message-ID", "value": MESSAGE_ID}],
}


def bounce(sort: str = "Permanent", **recipient: str) -> dict[str, Any]:
    concerned = [{"emailAddress": "maja@example.org"} | recipient]
    return {"eventType": "Bounce", "mail": MAIL, "bounce": {"bounceType": sort, "bouncedRecipients": concerned}}


@pytest.fixture
def amazon() -> Amazon:
    return Amazon(NOW)


@pytest.fixture
def ses(amazon: Amazon) -> Ses:
    return Ses(Notices([TOPIC], amazon.fetch))


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_signed_notice_is_read(amazon: Amazon, ses: Ses, version: str) -> None:
    (told,) = await ses.read(*amazon.notice(bounce(diagnosticCode="550 5.1.1 none"), version=version), NOW)
    assert (told.kind, told.hardness, told.code, told.event_id) == (Kind.BOUNCED, "hard", "5.1.1", "notice-1/0")
    assert (told.references.enrolment, told.references.message_id) == (ENROLMENT, MESSAGE_ID)
    assert (told.recipient, told.at) == ("maja@example.org", NOW)


async def test_the_certificate_is_fetched_once(amazon: Amazon, ses: Ses) -> None:
    for number in range(3):
        await ses.read(*amazon.notice(bounce(), {"MessageId": f"notice-{number}", "Subject": "Hello"}), NOW)
    assert amazon.fetched == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    ("event", "kind", "hardness"),
    [
        (bounce(), Kind.BOUNCED, "hard"),
        (bounce(diagnosticCode="smtp; 550 5.7.1 not wanted here"), Kind.BOUNCED, "block"),
        (bounce("Transient", diagnosticCode="550 5.1.1 none"), Kind.BOUNCED, "soft"),
        (bounce("Undetermined"), Kind.BOUNCED, "soft"),
        ({"notificationType": "Complaint", "mail": MAIL, "complaint": {}}, Kind.COMPLAINED, None),
        ({"eventType": "Delivery", "mail": MAIL, "delivery": {"recipients": ["m@example.org"]}}, Kind.DELIVERED, None),
        ({"eventType": "Reject", "mail": MAIL, "reject": {"reason": "Bad content"}}, Kind.REJECTED, None),
        ({"eventType": "DeliveryDelay", "mail": MAIL, "deliveryDelay": {}}, Kind.DEFERRED, "soft"),
        ({"eventType": "Open", "mail": MAIL, "open": {}}, Kind.OPENED, None),
        ({"eventType": "Click", "mail": MAIL, "click": {"link": "https://shop.example/"}}, Kind.CLICKED, None),
    ],
)
async def test_each_event_becomes_one_of_ours(
    amazon: Amazon, ses: Ses, event: Any, kind: Kind, hardness: str | None
) -> None:
    (told,) = await ses.read(*amazon.notice(event), NOW)
    assert (told.kind, told.hardness) == (kind, hardness)


async def test_that_something_is_no_spam_takes_nothing_back(amazon: Amazon, ses: Ses) -> None:
    event = {"eventType": "Complaint", "mail": MAIL, "complaint": {"complaintFeedbackType": "not-spam"}}
    assert await ses.read(*amazon.notice(event), NOW) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-north-1:999999999999:mallory"},
        {"TopicArn": None},
        {"Type": "UnsubscribeConfirmation"},
        {"Timestamp": (NOW - timedelta(days=2)).isoformat()},
        {"Timestamp": None},
        {"SigningCertURL": None},
        {"SigningCertURL": "http://sns.eu-north-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-north-1.amazonaws.com.mallory.example/x.pem"},
        {"SigningCertURL": "https://mallory.example/sns.eu-north-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://mallory@sns.eu-north-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-north-1.amazonaws.com@mallory.example/x.pem"},
        {"SigningCertURL": "https://sns.eu-north-1.amazonaws.com:444/x.pem"},
        {"SigningCertURL": "https://s3.eu-north-1.amazonaws.com/x.pem"},
    ],
    ids=str,
)
async def test_a_notice_that_is_signed_but_not_for_us_or_not_by_amazon_is_not_believed(
    amazon: Amazon, ses: Ses, changes: dict[str, str | None]
) -> None:
    with pytest.raises(FeedbackForged):
        await ses.read(*amazon.notice(bounce(), changes), NOW)
    assert {url for url in amazon.fetched if "mallory" in url} == set()


async def test_a_notice_signed_with_another_key_is_not_believed(amazon: Amazon, ses: Ses) -> None:
    with pytest.raises(FeedbackForged):
        await ses.read(*Amazon(NOW).notice(bounce()), NOW)


async def test_a_notice_that_was_changed_is_not_believed(amazon: Amazon, ses: Ses) -> None:
    headers, body = amazon.notice(bounce("Transient"))
    with pytest.raises(FeedbackForged):
        await ses.read(headers, body.replace(b"Transient", b"Permanent"), NOW)


async def test_a_certificate_that_has_run_out_is_not_believed(amazon: Amazon, ses: Ses) -> None:
    later = NOW + timedelta(days=31)
    headers, body = amazon.notice(bounce(), {"Timestamp": later.isoformat()})
    with pytest.raises(FeedbackForged):
        await ses.read(headers, body, later)


async def test_the_subscription_to_a_topic_of_ours_is_confirmed_at_amazon_alone(amazon: Amazon, ses: Ses) -> None:
    asked = "https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
    confirmation = {"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": asked}
    assert await ses.read(*amazon.notice("please", confirmation), NOW) == []
    assert amazon.fetched == [CERTIFICATE_URL, asked]
    with pytest.raises(FeedbackForged):
        await ses.read(
            *amazon.notice("please", confirmation | {"SubscribeURL": "https://mallory.example/?Token=abc"}), NOW
        )
    assert amazon.fetched == [CERTIFICATE_URL, asked]


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b'{"Type": []}', b"{}"])
async def test_what_is_no_notice_is_refused(ses: Ses, body: bytes) -> None:
    with pytest.raises(FeedbackError):
        await ses.read({}, body, NOW)
