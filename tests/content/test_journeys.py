"""The journeys that ship: they are code, so they are checked like code."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mail.rendering import Letters
from mail.required import required_by_letters
from rules.drawing import mermaid, tree
from rules.files import Folders
from rules.journey import Journey
from rules.library import Library
from rules.matches import EventMatch
from rules.reading import read_all, read_journey, read_library
from rules.steps import Notify, Send, Wait, WaitFor, walk
from rules.triggers import OnEvent, OnSegment

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "journeys").glob("*.yaml"))
STAFF = frozenset({"sales", "support"})


def shipped(name: str) -> Journey:
    return read_journey(ROOT / "journeys" / f"{name}.yaml")


def letters(name: str) -> list[str]:
    steps = walk(shipped(name).steps)
    return [step.send if isinstance(step, Send) else step.letter for step in steps if isinstance(step, Send | Notify)]


def test_everything_that_ships_reads_without_mistakes_and_without_warnings() -> None:
    library = Library(needed=required_by_letters(ROOT / "templates"), staff=STAFF)
    letters = read_library(ROOT / "templates").letters
    reading = read_all(Folders.under(ROOT), replace(library, letters=letters))
    assert reading.mistakes == []
    assert reading.warnings == []
    assert set(reading.journeys) == {path.stem for path in FILES}


def test_nineteen_journeys_ship_beside_the_first_three() -> None:
    first = {"welcome", "cart-abandonment", "order-thanks"}
    assert len({path.stem for path in FILES} - first) == 19


def test_every_letter_is_sent_by_a_journey() -> None:
    sent = {letter for path in FILES for letter in letters(path.stem)}
    assert sent == set(Letters(ROOT / "templates").names())


def test_every_coupon_and_every_segment_is_of_use() -> None:
    steps = [step for path in FILES for step in walk(shipped(path.stem).steps)]
    assert {path.stem for path in (ROOT / "coupons").glob("*.yaml")} == {
        step.coupon for step in steps if isinstance(step, Send) and step.coupon is not None
    }
    triggers = [trigger for path in FILES for trigger in shipped(path.stem).trigger]
    entered = {trigger.segment for trigger in triggers if isinstance(trigger, OnSegment)}
    assert entered <= {path.stem for path in (ROOT / "segments").glob("*.yaml")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_journey_can_be_drawn_with_all_its_letters(path: Path) -> None:
    journey = read_journey(path)
    for letter in letters(path.stem):
        assert letter in mermaid(journey)
        assert any(letter in line for line in tree(journey))


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
