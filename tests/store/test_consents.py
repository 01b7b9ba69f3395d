"""What contacts said about topics."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from store.consents import TopicMissingError, statements, subscribed, word
from store.incoming import Incoming, Statement
from store.intake import Intake
from store.session import Database
from tests.store.happening import AT, happened, value


def said(name: str, topic: str, **fields: Any) -> Incoming:
    granted = name == "Subscribed"
    return happened(name, properties={"topic": topic}, consents=(Statement(topic, granted),), **fields)


async def ask(database: Database, topic: str) -> bool:
    contact: UUID = await value(database, "SELECT contact_id FROM identities WHERE kind = 'user'")
    async with database.transaction() as session:
        return await subscribed(session, contact, topic)


async def test_who_said_nothing_is_not_subscribed(intake: Intake, database: Database) -> None:
    await intake.accept([happened(user_id="u1")])
    assert not await ask(database, "offers")


async def test_the_latest_word_stands(intake: Intake, database: Database) -> None:
    for name, expected in (("Subscribed", True), ("Unsubscribed", False), ("Subscribed", True)):
        await intake.accept([said(name, "offers", user_id="u1")])
        assert await ask(database, "offers") is expected
    assert not await ask(database, "news")


async def test_ending_one_of_several_topics_leaves_the_others(intake: Intake, database: Database) -> None:
    for name, topics in (("Subscribed", ["offers", "news"]), ("Unsubscribed", ["news"])):
        told = {"topics": topics}
        await intake.accept([happened(name, user_id="u1", properties=told, consents=statements(name, told))])
    assert (await ask(database, "offers"), await ask(database, "news")) == (True, False)


async def test_ending_all_topics_ends_each_and_a_later_yes_begins_one_again(intake: Intake, database: Database) -> None:
    await intake.accept([said("Subscribed", "offers", user_id="u1"), said("Unsubscribed", "*", user_id="u1")])
    assert not await ask(database, "offers")
    await intake.accept([said("Subscribed", "news", user_id="u1")])
    assert (await ask(database, "news"), await ask(database, "offers")) == (True, False)


@pytest.mark.parametrize("together", [True, False])
async def test_an_old_yes_that_comes_late_takes_no_no_back(intake: Intake, database: Database, together: bool) -> None:
    no = said("Unsubscribed", "offers", user_id="u1", occurred_at=AT)
    old_yes = said("Subscribed", "offers", user_id="u1", occurred_at=AT - timedelta(days=1))
    for events in [[no, old_yes]] if together else [[no], [old_yes]]:
        await intake.accept(events)
    assert not await ask(database, "offers")
    assert await value(database, "SELECT count(*) FROM events") == 2


async def test_a_duplicate_of_an_old_yes_changes_nothing(intake: Intake, database: Database) -> None:
    yes = said("Subscribed", "offers", user_id="u1")
    await intake.accept([yes])
    await intake.accept([said("Unsubscribed", "offers", user_id="u1")])
    await intake.accept([yes])
    assert not await ask(database, "offers")


async def test_a_word_given_before_the_merge_counts_after_it(intake: Intake, database: Database) -> None:
    await intake.accept([said("Subscribed", "offers", anonymous_id="x1")])
    gone: UUID = await value(database, "SELECT id FROM contacts")
    await intake.accept([happened(user_id="u1")])
    await intake.accept([happened(user_id="u1", anonymous_id="x1")])
    assert await ask(database, "offers")
    async with database.transaction() as session:
        assert await subscribed(session, gone, "offers")


async def test_an_unknown_contact_has_no_word(database: Database) -> None:
    async with database.transaction() as session:
        assert await word(session, uuid4(), "offers") is None
        assert not await subscribed(session, uuid4(), "offers")


def test_subscribing_names_its_topics() -> None:
    assert statements("Subscribed", {"topic": "offers"}) == (Statement("offers", granted=True),)
    assert statements("Subscribed", {"topics": ["offers", "news"]})[1] == Statement("news", granted=True)
    assert statements("Order Completed", {"topic": "offers"}) == ()


def test_topic_and_topics_are_both_heard() -> None:
    told = {"topic": "offers", "topics": ["news", " offers "]}
    assert statements("Subscribed", told) == (Statement("offers", granted=True), Statement("news", granted=True))
    assert statements("Unsubscribed", {"topic": "offers", "topics": None}) == (Statement("offers", granted=False),)


def test_unsubscribing_without_a_topic_means_all() -> None:
    assert statements("Unsubscribed", {}) == (Statement("*", granted=False),)


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"topic": None},
        {"topic": "*"},
        {"topic": " * "},
        {"topics": []},
        {"topic": ""},
        {"topic": 7},
        {"topics": [None]},
    ],
)
def test_nobody_agrees_to_everything_by_leaving_something_out(properties: dict[str, Any]) -> None:
    with pytest.raises(TopicMissingError):
        statements("Subscribed", properties)


@pytest.mark.parametrize("topics", [[""], [3], ["x" * 61], "", {"a": 1}, [], 7])
def test_unsubscribing_from_something_that_is_no_topic_is_refused(topics: Any) -> None:
    with pytest.raises(TopicMissingError):
        statements("Unsubscribed", {"topics": topics})
