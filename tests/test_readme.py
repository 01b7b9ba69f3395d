"""What the documents say is so: settings, commands, files, and the first journey, which is really read and rendered."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cli
from api.reading import Clock, plain
from mail.rendering import Letters
from rules.reading import read_journeys, read_library
from rules.steps import STEP_KEYS, Wait
from tests.content.contexts import full
from tests.settings_table import BEGIN, END, table
from tests.test_rooms import MAY_IMPORT

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = {
    command.name or command.callback.__name__ for command in cli.app.registered_commands if command.callback is not None
} | {group.name for group in cli.app.registered_groups}

# A file that the text tells to write: its path in backticks and a colon, then its content in a block.
WRITTEN = re.compile(r"`(?P<path>(?:journeys|templates)/[\w./-]+)`:\n\n```\w*\n(?P<content>.*?)^```$", re.M | re.S)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_table_of_settings_is_the_settings() -> None:
    between = README.partition(BEGIN)[2].partition(END)[0].strip()
    assert between == table(), "write it anew: python -m tests.settings_table"


def test_every_room_is_told() -> None:
    told = set(re.findall(r"^\| `([\w/.]+?)/?` \|", README.partition("## Where things are")[2], re.M))
    assert told >= MAY_IMPORT.keys() - {"settings.py"}
    assert {each for each in told if not (ROOT / each).exists()} == set()


def test_every_step_of_the_language_is_told() -> None:
    assert {step for step in STEP_KEYS if f"| `{step}` |" not in README} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", document.read_text())
    assert {target for target in targets if not (document.parent / target).exists()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_that_are_told_exist(document: Path) -> None:
    text = document.read_text()
    used = re.findall(r"(?:\.venv/bin/|`)kundresa ([a-z]+)", text) + re.findall(r"run --rm (?!temporal)([a-z]+)", text)
    assert set(used) <= COMMANDS
    targets = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"\bmake (run|test|check|bench|[a-z]+)`", text)) <= targets


@pytest.fixture
def first_journey(tmp_path: Path) -> Path:
    """The folder of somebody who has followed the README."""
    shutil.copytree(ROOT / "templates" / "_base", tmp_path / "templates" / "_base")
    for found in WRITTEN.finditer(README):
        file = tmp_path / found["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found["content"])
    return tmp_path


def test_the_first_journey_is_without_mistakes(first_journey: Path) -> None:
    reading = read_journeys(first_journey / "journeys", read_library(first_journey / "templates"))
    assert reading.mistakes == []
    wait = reading.journeys["parcel-check"].steps[0]
    assert isinstance(wait, Wait)
    assert wait.wait == timedelta(days=2)
    assert "advance 2d --journey parcel-check" in README


def test_the_first_letter_can_be_written(first_journey: Path) -> None:
    content = Letters(first_journey / "templates").render("parcel-check", full("order-thanks"))
    assert content.subject == "Has your parcel arrived?"
    assert "Your order 1042 left us two days ago" in content.text
    assert "1042" in content.html


def test_the_first_event_is_taken_and_starts_the_first_journey(first_journey: Path) -> None:
    (body,) = re.findall(r"/v1/events -d '(.*?)'$", README, re.M | re.S)
    event = plain(json.loads(body), Clock(datetime.now(UTC)))
    reading = read_journeys(first_journey / "journeys", read_library(first_journey / "templates"))
    journey = reading.journeys["parcel-check"]
    assert [event.name in getattr(trigger, "event", ()) for trigger in journey.trigger] == [True]
    assert journey.key == "properties.order_id"
    assert event.properties == {"order_id": "o-9001"}


def test_decisions_are_numbered_without_gaps_and_say_context_decision_and_consequences() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(each.name[:4]) for each in decisions] == list(range(1, len(decisions) + 1))
    for decision in decisions:
        text = decision.read_text()
        assert text.startswith(f"# {int(decision.name[:4])}. ")
        assert re.findall(r"^## (.+)$", text, re.M) == ["Context", "Decision", "Consequences"], name(decision)


def test_the_changelog_begins_with_what_is_not_released() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == "[Unreleased]"
