"""What refusals mean. The sentences are ours, in the manner of those that servers write."""

import pytest

from mail.feedback.classifying import classify


@pytest.mark.parametrize(
    ("status", "text", "hardness", "category"),
    [
        ("5.1.1", "smtp; 550 5.1.1 <a@x.example>: user unknown in virtual table", "hard", "no such mailbox"),
        ("5.0.0", "smtp; 550 5.1.1 nobody of that name", "hard", "no such mailbox"),
        (None, "550-5.1.1 The account that you wrote to is not here", "hard", "no such mailbox"),
        ("5.1.10", "RESOLVER.ADR.RecipientNotFound; not found", "hard", "no such mailbox"),
        ("5.4.4", "Host or domain name not found. Name service error", "hard", "no such domain"),
        ("5.0.0", "Unrouteable address", "hard", "no such domain"),
        (None, "Sorry, no mailbox here by that name. (#5.1.1)", "hard", "no such mailbox"),
        (None, "550 No Such User Here", "hard", "no such mailbox"),
        (None, "554 delivery error: this user doesn't have an example account", "hard", "no such mailbox"),
        ("5.4.1", "550 Recipient address rejected: Access denied. AS(201806281)", "hard", "no such mailbox"),
        ("5.2.1", "The mailbox is switched off", "hard", "mailbox disabled"),
        ("5.7.13", "User account is disabled", "hard", "mailbox disabled"),
        (None, "554 30 Sorry, this mailbox is disabled (554.30)", "hard", "mailbox disabled"),
        (None, "550", "hard", "refused for good"),
        ("5.2.2", "over quota", "soft", "mailbox full"),
        (None, "552 Requested action aborted: exceeded storage allocation", "soft", "mailbox full"),
        (None, "451 Greylisted, come again", "soft", "greylisted"),
        ("4.4.7", "message expired", "soft", "took too long"),
        ("4.4.1", "connection timed out", "soft", "not told"),
        ("5.4.7", "delivery time expired", "soft", "took too long"),
        ("5.7.1", "550 5.7.1 user unknown, or so we say", "block", "policy or spam"),
        ("5.7.1", "Our system found this message likely unsolicited", "block", "policy or spam"),
        (None, "550 Message blocked: your address is on our blocklist", "block", "policy or spam"),
        (None, "550 rejected for policy: no such user anyway, spam", "block", "policy or spam"),
        ("5.7.26", "not authenticated: SPF and DKIM failed", "block", "sender not authenticated"),
        ("5.7.515", "550 access denied, sending domain does not meet the level", "block", "sender not authenticated"),
        ("5.7.606", "banned sending address", "block", "policy or spam"),
        (None, "421 4.7.28 unusual rate of mail", "block", "rate or reputation"),
        (None, "421 4.7.0 [TSS04] messages temporarily deferred", "block", "rate or reputation"),
        (None, "550 SC-001 (BAY) part of their network is on our block list (S3140)", "block", "policy or spam"),
        ("5.6.0", "the contents were not liked", "block", "policy or spam"),
        (None, "550 Mail rejected", "block", "policy or spam"),
        (None, "", "soft", "not told"),
    ],
)
def test_a_refusal_is_read_by_code_then_text_then_basic_code(
    status: str | None, text: str, hardness: str, category: str
) -> None:
    meaning = classify(status, text)
    assert (meaning.hardness, meaning.category) == (hardness, category)


@pytest.mark.parametrize("text", ["450 user unknown", "4.1.1 no such user", "421 mailbox is disabled"])
def test_nothing_that_may_pass_by_itself_says_that_an_address_is_dead(text: str) -> None:
    assert classify(None, text).hardness == "soft"


@pytest.mark.parametrize("words", ["user unknown", "no such mailbox", "account disabled", "recipient not found"])
@pytest.mark.parametrize("code", ["5.7.1", "5.7.26", "5.7.0", "5.7.515"])
def test_policy_never_condemns_an_address_whatever_its_words_are(code: str, words: str) -> None:
    assert classify(code, f"550 {code} {words}").hardness == "block"


def test_numbers_in_addresses_of_servers_are_no_codes() -> None:
    assert classify(None, "host mx.example[203.0.113.550] said nothing; 192.0.2.5.1.1").code is None
