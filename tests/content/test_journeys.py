"""The journeys that ship: they are code, so they are checked like code."""

from datetime import timedelta
from pathlib import Path

import pytest

from rules.drawing import mermaid, tree
from rules.journey import Journey
from rules.matches import EventMatch
from rules.reading import read_journey, read_journeys, read_library
from rules.steps import Send, Wait, WaitFor, walk
from rules.triggers import OnEvent

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "journeys").glob("*.yaml"))


def shipped(name: str) -> Journey:
    return read_journey(ROOT / "journeys" / f"{name}.yaml")


def letters(name: str) -> list[str]:
    return [step.send for step in walk(shipped(name).steps) if isinstance(step, Send)]


def test_every_journey_reads_without_mistakes_and_its_letters_exist() -> None:
    reading = read_journeys(ROOT / "journeys", read_library(ROOT / "templates"))
    assert reading.mistakes == []
    assert set(reading.journeys) == {"cart-abandonment", "order-thanks", "welcome"}


def test_every_letter_is_sent_by_a_journey() -> None:
    sent = {letter for path in FILES for letter in letters(path.stem)}
    assert sent == read_library(ROOT / "templates").letters


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_journey_can_be_drawn_with_all_its_letters(path: Path) -> None:
    journey = read_journey(path)
    for letter in letters(path.stem):
        assert f'["Send {letter}"]' in mermaid(journey)
        assert any(line.endswith(f"Send {letter}") for line in tree(journey))


def test_an_order_ends_the_welcome_and_the_win_back() -> None:
    for name in ("welcome", "cart-abandonment"):
        journey = shipped(name)
        assert journey.class_ == "marketing"
        assert journey.exit_on == (EventMatch(event=("Order Completed",)),)
        assert journey.goal is not None
        assert journey.goal.event == ("Order Completed",)


def test_the_welcome_thanks_at_once_and_tells_the_rest_later() -> None:
    assert letters("welcome") == ["welcome-thanks", "welcome-story", "welcome-favourites"]
    first, second, *_ = shipped("welcome").steps
    assert isinstance(first, Send)
    assert isinstance(second, Wait)
    assert second.wait == timedelta(days=2)


def test_a_cart_goes_quiet_before_its_reminder_and_a_click_spares_the_last_call() -> None:
    quiet, reminder, click = shipped("cart-abandonment").steps
    assert isinstance(quiet, Wait)
    assert {name for match in quiet.restart_on for name in match.event} >= {"Product Added", "Product Removed"}
    assert isinstance(reminder, Send)
    assert isinstance(click, WaitFor)
    assert [step.send for step in click.otherwise if isinstance(step, Send)] == ["cart-last-call"]


def test_every_order_is_thanked_for_and_asked_about_unless_that_very_order_is_undone() -> None:
    journey = shipped("order-thanks")
    assert journey.trigger == (OnEvent(event=("Order Completed",)),)
    assert (journey.class_, journey.key, journey.re_entry.allowed) == ("transactional", "properties.order_id", True)
    assert journey.exit_on == (EventMatch(event=("Order Refunded", "Order Cancelled"), same="order_id"),)
    thanks, wait, review = journey.steps
    assert isinstance(wait, Wait)
    assert wait.wait == timedelta(days=14)
    assert thanks == Send(send="order-thanks")
    assert isinstance(review, Send)
    assert (review.send, review.class_, review.topic) == ("order-review", "marketing", "offers")
