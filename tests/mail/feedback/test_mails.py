"""Mail that comes back is read for what it is."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.feedback.errors import FeedbackDisowned
from mail.feedback.mails import Envelope, Mails
from mail.verp import Verp
from rules.feedback import Kind, References
from tests.mail.feedback import samples
from tests.mail.feedback.samples import ENROLMENT, MESSAGE_ID

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
VERP = Verp("a secret of the tests")
MAILS = Mails(VERP)
NOBODY = Envelope(sender="<>")
MESSAGE = UUID("0198c5a0-9999-7222-8333-444455556666")
OURS = References(message_id=MESSAGE_ID, enrolment=ENROLMENT)


@pytest.mark.parametrize(
    ("raw", "kind", "hardness", "code"),
    [
        (samples.POSTFIX, Kind.BOUNCED, "hard", "5.1.1"),
        (samples.POSTFIX_DELAY, Kind.DEFERRED, "soft", "4.4.1"),
        (samples.EXIM, Kind.BOUNCED, "hard", "5.0.0"),
        (samples.EXCHANGE, Kind.BOUNCED, "hard", "5.1.10"),
        (samples.EXPIRED, Kind.BOUNCED, "soft", "4.4.7"),
        (samples.SPAM_BLOCK, Kind.BOUNCED, "block", "5.7.1"),
        (samples.QMAIL, Kind.BOUNCED, "hard", "5.1.1"),
        (samples.EXIM_WITHOUT_REPORT, Kind.BOUNCED, "hard", "550"),
    ],
    ids=["postfix", "postfix delay", "exim", "exchange", "expired", "spam", "qmail", "exim without report"],
)
def test_a_bounce_tells_what_happened_and_to_which_message(raw: bytes, kind: Kind, hardness: str, code: str) -> None:
    (told,) = MAILS.read(raw, NOBODY, NOW)
    assert (told.kind, told.hardness, told.code, told.at) == (kind, hardness, code, NOW)
    assert told.references == OURS
    assert told.recipient
    assert told.recipient.lower() == "maja@example.org"


def test_each_recipient_of_a_report_has_a_fate_of_its_own() -> None:
    told = MAILS.read(samples.SEVERAL, NOBODY, NOW)
    assert [(each.recipient, each.kind) for each in told] == [
        ("maja@example.org", Kind.BOUNCED),
        ("nils@example.org", Kind.DELIVERED),
    ]
    assert len({each.event_id for each in told}) == 2
    # The transport was told the message's number, and tells it again.
    assert {each.references for each in told} == {References(message=str(MESSAGE))}


def test_the_sealed_address_that_a_bounce_was_sent_to_counts_before_all_that_it_quotes() -> None:
    to = VERP.bounce(MESSAGE, "shop.example").upper()
    (told,) = MAILS.read(samples.POSTFIX, Envelope("", to), NOW)
    assert told.references == References(message=str(MESSAGE))
    (told,) = MAILS.read(samples.report("\n\nAction: failed\nStatus: 5.1.1\n", to=to), NOBODY, NOW)
    assert told.references == References(message=str(MESSAGE))


@pytest.mark.parametrize("raw", [samples.POSTFIX, samples.QMAIL, samples.complaint(), samples.REPLY])
def test_mail_to_an_address_that_somebody_made_up_is_worth_nothing(raw: bytes) -> None:
    forged = Verp("another secret").bounce(MESSAGE, "shop.example")
    with pytest.raises(FeedbackDisowned):
        MAILS.read(raw, Envelope("", forged), NOW)


@pytest.mark.parametrize("raw", [samples.POSTFIX, samples.QMAIL, samples.EXIM_WITHOUT_REPORT])
def test_a_bounce_that_has_a_sender_is_none(raw: bytes) -> None:
    assert MAILS.read(raw, Envelope("mallory@example.net"), NOW) == []


@pytest.mark.parametrize("sort", ["abuse", "fraud", "virus", "other"])
def test_a_complaint_tells_which_message_it_is_about_though_the_address_is_blotted_out(sort: str) -> None:
    (told,) = MAILS.read(samples.complaint(sort), Envelope("feedback@mailbox.example"), NOW)
    assert (told.kind, told.category, told.references) == (Kind.COMPLAINED, sort, OURS)


@pytest.mark.parametrize("sort", ["not-spam", "auth-failure", ""])
def test_a_report_of_another_sort_is_no_complaint(sort: str) -> None:
    assert MAILS.read(samples.complaint(sort), NOBODY, NOW) == []


@pytest.mark.parametrize("sender", [None, "maja@example.org", "<>"])
def test_a_holiday_note_is_neither_a_bounce_nor_a_reply(sender: str | None) -> None:
    assert MAILS.read(samples.HOLIDAY, Envelope(sender), NOW) == []


def test_a_reply_names_the_message_that_it_answers() -> None:
    (told,) = MAILS.read(samples.REPLY, Envelope("maja@example.org"), NOW)
    assert (told.kind, told.references) == (Kind.REPLIED, References(message_id=MESSAGE_ID))


def test_a_mail_to_the_unsubscribe_address_unsubscribes_unless_a_program_wrote_it() -> None:
    to = VERP.unsubscribe(MESSAGE, "shop.example")
    (told,) = MAILS.read(samples.PLAIN_MAIL, Envelope("maja@example.org", to), NOW)
    assert (told.kind, told.references) == (Kind.UNSUBSCRIBED, References(message=str(MESSAGE)))
    assert MAILS.read(samples.HOLIDAY, Envelope("maja@example.org", to), NOW) == []


def test_other_mail_tells_nothing() -> None:
    assert MAILS.read(samples.PLAIN_MAIL, Envelope(), NOW) == []
    assert MAILS.read(samples.PLAIN_MAIL, NOBODY, NOW) == []


def test_the_same_mail_tells_the_same_however_often_it_comes() -> None:
    first, again = (MAILS.read(samples.POSTFIX, NOBODY, at) for at in (NOW, NOW.replace(year=2027)))
    assert [replace(each, at=NOW) for each in again] == first


RAW = [samples.POSTFIX, samples.EXCHANGE, samples.SEVERAL, samples.QMAIL, samples.EXIM_WITHOUT_REPORT]


@given(st.sampled_from([*RAW, samples.complaint(), samples.REPLY]), st.data())
def test_no_mail_however_broken_makes_the_reader_stumble(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    broken = raw[:start] + data.draw(st.binary(max_size=20)) + raw[end:]
    told = MAILS.read(broken, NOBODY, NOW)
    assert all(isinstance(each.kind, Kind) for each in told)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_mail_tell_nothing(raw: bytes) -> None:
    assert [each for each in MAILS.read(raw, NOBODY, NOW) if each.kind is Kind.BOUNCED] == []
