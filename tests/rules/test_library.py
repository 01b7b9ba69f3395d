"""What files say of each other: names, circles, variables of letters, and how many letters there are in all."""

from datetime import timedelta

import pytest

from rules.library import Library
from rules.load import Week, worst_week
from rules.policies import Cap, Pacing
from tests.rules import journeys
from tests.rules.examples import read, told


def journey(name: str, steps: str, trigger: str = "{event: Signed Up}", more: str = "") -> str:
    begun = f"journey: {name}\ntitle: Tried\nclass: marketing\ntopic: offers\ntrigger: {trigger}\n"
    return f"{begun}{more}steps:\n{steps.strip(chr(10))}\n"


SEGMENT = "segment: loyal\ntitle: Loyal\nwhen: {trait: points, gte: 100}\n"
STAGES = "stages:\n  - {stage: loyal, title: Loyal, when: {segment: loyal}}\n  - {stage: lead, title: Lead}\n"


def test_where_nobody_knows_what_there_is_nothing_is_looked_up() -> None:
    assert told(read({"journeys/tried.yaml": journey("tried", "  - send: unheard-of\n    coupon: none")})) == []


def test_a_folder_that_is_empty_tells_where_to_write_what_is_missing() -> None:
    files = {
        "segments/loyal.yaml": "segment: loyal\ntitle: Loyal\nwhen: {in_journey: welcome}\n",
        "policies/stages.yaml": "stages: [{stage: lead, title: Lead}]\n",
    }
    (line,) = told(read(files, Library(journeys={})))
    assert line.endswith("there is no journey 'welcome'; write it in journeys/welcome.yaml")


def test_who_rests_on_a_broken_file_is_told_so_and_the_others_are_read() -> None:
    files = {
        "segments/loyal.yaml": "segment: loyal\ntitle: Loyal\nwhen: {trait: points}\n",
        "segments/happy.yaml": "segment: happy\ntitle: Happy\nwhen: {segment: loyal}\n",
        "segments/new.yaml": "segment: new\ntitle: New\nwhen: {event: Signed Up}\n",
        "journeys/tried.yaml": journey("tried", "  - send: hello", "{segment: happy}"),
    }
    reading = read(files)
    lines = told(reading)
    assert len(lines) == 3
    assert lines[0].endswith("'happy' cannot be used, since segments/happy.yaml has mistakes of its own")
    assert lines[1].endswith("'loyal' cannot be used, since segments/loyal.yaml has mistakes of its own")
    assert "nothing is compared" in lines[2]
    assert set(reading.segments) == {"new"}


def test_what_is_live_already_may_be_named() -> None:
    live = read({"segments/loyal.yaml": SEGMENT})
    files = {"journeys/tried.yaml": journey("tried", "  - send: hello", "{segment: loyal}")}
    assert told(read(files, Library(segments=live.segments))) == []
    assert len(told(read(files, Library(segments={})))) == 1


def test_stages_that_rest_on_themselves_through_a_segment_are_refused() -> None:
    files = {
        "segments/loyal.yaml": "segment: loyal\ntitle: Loyal\nwhen: {stage: loyal}\n",
        "policies/stages.yaml": STAGES,
    }
    first, second = told(read(files))
    assert "the stages of the lifecycle -> loyal -> the stages of the lifecycle" in first
    assert "loyal -> the stages of the lifecycle -> loyal" in second


AGAIN = "re_entry: always\n"


def test_a_circle_of_journeys_that_ends_at_the_second_round_is_a_warning() -> None:
    files = {
        "journeys/a.yaml": journey("a", "  - enrol: b", "{api: true}", AGAIN),
        "journeys/b.yaml": journey("b", "  - enrol: a", "{api: true}"),
    }
    reading = read(files)
    assert reading.mistakes == []
    assert [warning.message for warning in reading.warnings] == [
        f"these journeys start each other: {way}; it ends only because one of them is entered once"
        for way in ("a -> b -> a", "b -> a -> b")
    ]


@pytest.mark.parametrize(
    ("steps", "trigger", "how"),
    [
        ("  - set: {traits: {points: 200}}", "{segment: loyal}", "'a' changes who is in 'loyal'"),
        ("  - set: {traits: {points: 0}}", "{segment: loyal, on: left}", "'a' changes who is in 'loyal'"),
        ("  - set: {topics: {offers: true}}", "{event: Subscribed}", "'a' causes Subscribed"),
        ("  - set: {traits: {x: 1}}", "{event: Traits Changed}", "'a' causes Traits Changed"),
        ("  - set: {traits: {points: 200}}", "{event: Stage Changed}", "'a' causes Stage Changed"),
    ],
)
def test_a_journey_that_causes_what_starts_it_is_a_warning(steps: str, trigger: str, how: str) -> None:
    stages = STAGES.replace("{segment: loyal}", "{trait: points, gte: 100}")
    beside = {"segments/loyal.yaml": SEGMENT, "policies/stages.yaml": stages}
    reading = read({"journeys/a.yaml": journey("a", steps, trigger, AGAIN), **beside})
    assert reading.mistakes == []
    (warning,) = reading.warnings
    assert f"this may go round in a circle ({how})" in warning.message
    assert told(read({"journeys/a.yaml": journey("a", steps, trigger), **beside})) == []


def test_setting_a_mark_that_keeps_a_contact_out_is_no_circle() -> None:
    segment = "segment: loyal\ntitle: Loyal\nwhen: {all: [{trait: points, gte: 9}, {not: {trait: asked, is: true}}]}\n"
    steps = "  - set: {traits: {asked: true}}"
    files = {"segments/loyal.yaml": segment, "journeys/a.yaml": journey("a", steps, "{segment: loyal}", AGAIN)}
    assert told(read(files)) == []


NEEDED = {"hello": frozenset({"contact.city"})}


def test_the_trait_of_a_date_and_of_a_segment_is_known() -> None:
    segment = "segment: loyal\ntitle: Loyal\nwhen: {trait: city, is: Turku}\n"
    for trigger in ("{segment: loyal}", "{date: city}", "{schedule: 0 9 * * *, segment: loyal}"):
        files = {"journeys/a.yaml": journey("a", "  - send: hello", trigger), "segments/loyal.yaml": segment}
        assert told(read(files, Library(needed=NEEDED))) == []


def test_the_worst_week_of_all_journeys_keeps_the_caps() -> None:
    some = [journeys.journey("[{send: a}, {send: b}]", journey=name) for name in ("one", "two")]
    uncapped = worst_week(some, None)
    assert uncapped == Week(4, {"one": 2, "two": 2})
    assert str(uncapped) == "A contact gets 4 marketing letters in a week at the worst."
    capped = worst_week(some, Pacing(caps=(Cap(at_most=3, per=timedelta(days=7)),)))
    assert str(capped) == "A contact gets 3 marketing letters in a week at the worst; without caps, 4."
    assert worst_week(some, Pacing(caps=(Cap(at_most=1, per=timedelta(days=3)),))).at_most == 3
