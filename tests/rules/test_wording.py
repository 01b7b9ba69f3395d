from datetime import UTC, datetime, timedelta

import pytest

from rules.run import Run
from rules.state import begin
from rules.story import story
from rules.wording import label, purpose, stage
from tests.rules.journeys import plan

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEPS = """
- wait: 1h
- send: reminder
- wait_for: {event: Email Link Clicked}
  timeout: 23h
  otherwise: [{send: nudge}]
- wait_until: {time: "09:30", weekday: [mon, tue]}
- branch: [{when: {trait: a, is: 1}, then: [{exit: enough}]}]
- set: {traits: {seen: true}, topics: {news: true}}
"""


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("wait-1h", "Wait 1 hour"),
        ("reminder", "Send reminder"),
        ("for-email-link-clicked", "Wait for Email Link Clicked, at most 23 hours"),
        ("until-0930-mon-tue", "Wait until 09:30 on mon, tue"),
        ("branch", "Branch (2 ways)"),
        ("exit", "Exit: enough"),
        ("set", "Set seen, topic news"),
    ],
)
def test_a_step_is_told_in_a_few_words(step: str, words: str) -> None:
    assert label(plan(STEPS).steps[step]) == words


EVERYTHING = """
- wait_until: {trait: trial.ends, offset: -3d, time: "09:00"}
- wait_until: {property: departs}
- wait_for: [{event: [A, B]}, {condition: {trait: a, is: 1}}]
- id: trial
  split: [{share: 45, name: new, then: [{send: new}]}, {share: 45, name: old}, {holdout: 10}]
- repeat: {every: 7d, at_most: 4, until: {trait: done, is: true}, steps: [{send: tip}]}
- webhook: https://crm.example/hook?token=secret
- notify: sales
  letter: new-lead
- enrol: nurture
"""


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("until-trial-ends-3d", "Wait until 3 days before trial.ends, at 09:00"),
        ("until-departs", "Wait until departs"),
        ("for-a", "Wait for A or B or a is 1"),
        ("trial", "Split: new 45, old 45, holdout 10"),
        ("every-1w", "Repeat every 1 week, at most 4 times"),
        ("webhook", "Call crm.example"),
        ("notify-sales", "Notify sales: new-lead"),
        ("nurture", "Enrol in nurture"),
    ],
)
def test_every_step_has_words_and_none_tells_a_secret(step: str, words: str) -> None:
    assert label(plan(EVERYTHING).steps[step]) == words


def test_a_pause_between_two_rounds_tells_what_comes_then() -> None:
    told = purpose(plan(EVERYTHING), "every-1w")
    assert told == "Repeat every 1 week, at most 4 times: send tip, at last call crm.example"


def test_the_story_tells_when_the_run_ends_at_the_latest() -> None:
    laid = plan(STEPS, limit="10d")
    assert "Ends at the latest 2026-12-01 12:00:00 UTC." in story(laid, begin(laid, START, {}))


def test_the_story_tells_which_round_it_is_and_when_the_run_looks_again() -> None:
    laid = plan("[{repeat: {every: 7d, at_most: 4, steps: [{wait_for: {condition: {trait: a, is: 1}}}]}}]")
    machine = Run(laid, begin(laid, START, {}))
    machine.next(START)
    machine.decided(None, START, START + timedelta(days=2))
    machine.next(START)
    told = story(laid, machine.state)
    assert "**Now:** Wait for a is 1, then repeat every 1 week, at most 4 times." in told
    assert "Looks again **2026-11-23 12:00:00 UTC**." in told
    assert "- ✓ Repeat every 1 week, at most 4 times (round 1) — round 1" in told


def test_a_wait_tells_how_long_and_what_then() -> None:
    laid = plan(STEPS)
    assert purpose(laid, "wait-1h") == "Wait 1 hour, then send reminder"
    assert (
        purpose(laid, "for-email-link-clicked")
        == "Wait 23 hours for Email Link Clicked, then wait until 09:30 on mon, tue, else send nudge"
    )
    assert stage(laid, "reminder") == "2/8 Send reminder"


def test_the_story_tells_what_the_run_waits_for_until_when_and_what_was() -> None:
    laid = plan(STEPS, exit_on=["Order Completed"])
    machine = Run(laid, begin(laid, START, {}))
    machine.next(START + timedelta(hours=1))
    machine.delivered("sent", None, START + timedelta(hours=1))
    machine.next(START + timedelta(hours=1))
    told = story(laid, machine.state)
    assert "**Now:** Wait 23 hours for Email Link Clicked" in told
    assert "Until **Sun 2026-11-22 12:00:00 UTC**" in told
    assert "✓ Wait 1 hour — 1 hour over" in told
    assert "✓ Send reminder — sent" in told
    assert "Ends at once on: Order Completed, Unsubscribed." in told
    machine.pause()
    assert "**Paused**" in story(laid, machine.state)
    machine.end("enough", START)
    assert "**Ended:** enough." in story(laid, machine.state)
