"""Every shipped journey is tried through its every way, with skipped time, and its letters written as sent there."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from activities.context import letter_context
from activities.orders import Shop
from activities.refusal import Look
from mail.rendering import Content, Letters
from mail.translations import Translations
from rules.arrivals import Arrival, Inside, version
from rules.entering import Start, enter
from rules.facts import Happening
from rules.layout import lay_out
from rules.matches import EventMatch
from rules.names import DATE_REACHED, UNSUBSCRIBED
from rules.routing import entered
from rules.run import Run
from rules.state import begin
from tests.content.contexts import LANGUAGES, LOCALE, MARKETING, SHOP, TEMPLATES
from tests.content.customers import CUSTOMERS
from tests.content.playing import MONDAY, SHIPPED, Playing, Script, Sent, ways
from tests.content.readers import READERS

SCRIPTS = (*READERS, *CUSTOMERS)
MAIN = {script.journey: script for script in reversed(SCRIPTS)}
EXITS = [
    pytest.param(name, match, event, id=f"{name}-{event}")
    for name, script in sorted(MAIN.items())
    for match in script.plan.exit_on
    for event in match.event
]


def told(script: Script) -> str:
    return f"{script.journey}: {script.told}"


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters(TEMPLATES, Translations(LOCALE))


@pytest.mark.parametrize("script", SCRIPTS, ids=told)
def test_a_journey_sends_its_letters_on_their_days(script: Script) -> None:
    played = Playing(script).to_its_end()
    assert played.letters == script.letters
    assert played.run.state.over == script.ends


@pytest.mark.parametrize("name", SHIPPED.journeys)
def test_the_scripts_take_every_way_through_a_journey(name: str) -> None:
    taken = {way for script in SCRIPTS if script.journey == name for way in Playing(script).to_its_end().ways}
    assert set(ways(MAIN[name].plan)) - taken == set()


@pytest.mark.parametrize(("name", "match", "event"), EXITS)
def test_what_ends_a_journey_ends_it_at_once_and_for_its_own_order_alone(
    name: str, match: EventMatch, event: str
) -> None:
    own = {"status": "processing", "topic": SHIPPED.journeys[name].topic} | dict(MAIN[name].entering().start)
    assert heard(MAIN[name], Happening(event, MONDAY, own, seq=2)) == event
    other = own | ({match.same: "another"} if match.same else {"topic": "another topic"})
    if match.same or event == UNSUBSCRIBED:
        assert heard(MAIN[name], Happening(event, MONDAY, other, seq=2)) is None


def heard(script: Script, event: Happening) -> str | None:
    """Why a run is over that has just begun, and now hears of this event."""
    run = Run(script.plan, begin(script.plan, MONDAY, script.entering().start, script.lot))
    run.hear(event, MONDAY)
    return run.state.over


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", SCRIPTS, ids=told)
def test_every_letter_can_be_written_with_what_its_way_gives(letters: Letters, script: Script, language: str) -> None:
    for sent in Playing(script).to_its_end().sent:
        content = letters.render(sent.letter, context(sent, language))
        assert content.language == language
        assert content.subject
        assert len(content.subject) <= 60
        for words in (content.html, content.text):
            assert not [mark for mark in ("{{", "{%", "[=", "None", "%(") if mark in words]
        assert_can_be_left(sent, content)


def assert_can_be_left(sent: Sent, content: Content) -> None:
    link = "https://letters.shop.example/u/anna"
    for words in (content.html, content.text):
        assert (link in words) == (sent.letter in MARKETING)
    assert (sent.context["topic"] is not None) == (sent.letter in MARKETING)


def context(sent: Sent, language: str) -> dict[str, Any]:
    """What the activity that sends would hand to the letter."""
    given = sent.context
    look = SimpleNamespace(
        to=SimpleNamespace(traits={**given["traits"], "locale": language}, start=given["start"]),
        events=given["events"],
        draft=SimpleNamespace(topic=given["topic"]),
        order=SimpleNamespace(now=sent.at, staff=sent.staff),
    )
    shop = Shop(**SHOP, sender="shop@shop.example", locale=language)
    leave = "https://letters.shop.example/u/anna" if given["topic"] else None
    confirm = "https://letters.shop.example/c/anna"
    return letter_context(cast("Look", look), shop, leave, given["coupon"], confirm) | {"untold": 0}


def test_a_birthday_does_not_wait_for_that_of_another_child() -> None:
    journey = SHIPPED.journeys["birthday"]
    known, inside = version(journey, lay_out(journey, 1)), list[Inside]()
    days = (("children.birthday", "2026-12-07"), ("children.birthday", "2026-12-08"), ("birthday", "2026-11-23"))
    for seq, (trait, day) in enumerate(days, 1):
        event = Happening(DATE_REACHED, MONDAY, {"journey": "birthday", "trait": trait, "date": day}, seq)
        arrival = Arrival(event, MONDAY, MONDAY)
        start = enter(arrival, known, inside)
        assert isinstance(start, Start), (day, start)
        inside.append(entered(start, arrival, UUID(int=seq), day))


def test_every_shipped_letter_is_sent_by_a_script() -> None:
    assert {sent.letter for script in SCRIPTS for sent in Playing(script).to_its_end().sent} == set(
        Letters(TEMPLATES).names()
    )
