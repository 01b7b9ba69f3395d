"""What files say of each other: names, circles, variables of letters, and how many letters there are in all."""

from datetime import timedelta

import pytest

from rules.laid import Laid
from rules.library import Library
from rules.load import MOST, weekly, worst_week
from rules.policies import Cap, Pacing
from tests.rules import journeys
from tests.rules.examples import marked, read, told


def journey(name: str, steps: str, trigger: str = "{event: Signed Up}", more: str = "") -> str:
    begun = f"journey: {name}\ntitle: Tried\nclass: marketing\ntopic: offers\ntrigger: {trigger}\n"
    return f"{begun}{more}steps:\n{steps.strip(chr(10))}\n"


LIBRARY = Library(letters=frozenset({"hello", "gift"}), staff=frozenset({"sales"}))
SEGMENT = "segment: loyal\ntitle: Loyal\nwhen: {trait: points, gte: 100}\n"
STAGES = "stages:\n  - {stage: loyal, title: Loyal, when: {segment: loyal}}\n  - {stage: lead, title: Lead}\n"
COUPON = "coupon: gift-10\ntitle: A gift\ncodes: {code: GIFT}\nvalue: {percent: 10}\n"

NAMES = """
  - send: helo #! steps > #1 > send: there is no letter 'helo'; did you mean 'hello'?
  - send: gift
    coupon: gift-20 #! steps > #2 > coupon: there is no coupon 'gift-20'; did you mean 'gift-10'?
  - notify: sale #! steps > #3 > notify: there is nobody 'sale' among the staff; did you mean 'sales'?
    letter: hallo #! steps > #3 > letter: there is no letter 'hallo'; did you mean 'hello'?
  - branch:
      - when: {segment: loyals} #! steps > #4 > branch > #1 > when > segment: there is no segment 'loyals'; did you mean 'loyal'?
      - when: {stage: [lead, royal]} #! steps > #4 > branch > #2 > when > stage > #2: there is no stage 'royal'; did you mean 'loyal'?
      - when: {in_journey: tied} #! steps > #4 > branch > #3 > when > in_journey: there is no journey 'tied'; did you mean 'tried'?
      - when: {letter: bye} #! steps > #4 > branch > #4 > when > letter: there is no letter 'bye'
      - when: {topic: ofers} #! warning: steps > #4 > branch > #5 > when > topic: no journey writes about the topic 'ofers'; did you mean 'offers'?
  - enrol: second #! steps > #5 > enrol: 'second' cannot be entered from a journey; add '- api: true' to its triggers in journeys/second.yaml
"""
GOOD = """
  - send: hello
  - send: gift
    coupon: gift-10
  - notify: sales
    letter: hello
  - branch:
      - when: {segment: loyal}
      - when: {stage: [lead, loyal]}
      - when: {in_journey: tried, within: 3d}
      - when: {letter: gift}
      - when: {topic: offers}
  - enrol: third
"""


def test_names_are_looked_up_in_all_that_there_is() -> None:
    files = {
        "journeys/tried.yaml": journey("tried", NAMES),
        "journeys/second.yaml": journey("second", "  - send: hello"),
        "journeys/third.yaml": journey("third", "  - send: hello", "{api: true}"),
        "segments/loyal.yaml": SEGMENT,
        "policies/stages.yaml": STAGES,
        "coupons/gift-10.yaml": COUPON,
    }
    reading = read(files, LIBRARY)
    assert told(reading) == marked(files)
    assert set(reading.journeys) == {"second", "third"}
    assert reading.broken == {("journeys", "tried")}
    files["journeys/tried.yaml"] = journey("tried", GOOD)
    assert told(read(files, LIBRARY)) == []


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


def test_segments_that_ask_for_each_other_are_refused_with_the_circle() -> None:
    circle = "this goes round in a circle, so nobody can tell who is in it: "
    files = {
        "segments/a.yaml": f"segment: a\ntitle: A\nwhen: {{not: {{segment: b}}}} #! when > not > segment: {circle}a -> b -> c -> a\n",
        "segments/b.yaml": f"segment: b\ntitle: B\nwhen: {{segment: c}} #! when > segment: {circle}b -> c -> a -> b\n",
        "segments/c.yaml": f"segment: c\ntitle: C\nwhen: {{segment: a}} #! when > segment: {circle}c -> a -> b -> c\n",
        "segments/d.yaml": "segment: d\ntitle: D\nwhen: {trait: x, exists: true}\n",
    }
    reading = read(files)
    assert told(reading) == marked(files)
    assert set(reading.segments) == {"d"}


def test_stages_that_rest_on_themselves_through_a_segment_are_refused() -> None:
    files = {
        "segments/loyal.yaml": "segment: loyal\ntitle: Loyal\nwhen: {stage: loyal}\n",
        "policies/stages.yaml": STAGES,
    }
    first, second = told(read(files))
    assert "the stages of the lifecycle -> loyal -> the stages of the lifecycle" in first
    assert "loyal -> the stages of the lifecycle -> loyal" in second


AGAIN = "re_entry: always\n"


def test_journeys_that_enrol_each_other_for_ever_are_refused() -> None:
    advice = "take one 'enrol' out, or let one of them be 're_entry: never'"
    told_of = "these journeys start each other without end: "
    files = {
        "journeys/a.yaml": journey("a", f"  - wait: 1d\n  - enrol: b #! steps > #2 > enrol: {told_of}a -> b -> a; {advice}", "{api: true}", AGAIN),
        "journeys/b.yaml": journey("b", f"  - enrol: a #! steps > #1 > enrol: {told_of}b -> a -> b; {advice}", "{api: true}", AGAIN),
    }
    assert told(read(files)) == marked(files)
    files["journeys/b.yaml"] = journey("b", "  - send: hello", "{api: true}", AGAIN)
    assert told(read(files)) == []


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


def test_nobody_enrols_into_the_journey_that_they_are_in() -> None:
    (line,) = told(read({"journeys/a.yaml": journey("a", "  - enrol: a", "{api: true}", AGAIN)}))
    assert line.endswith("nobody enters a journey that they are in; write a 'repeat' instead")


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


NEEDED = {
    "gift": frozenset({"coupon.code", "contact.email"}),
    "hello": frozenset({"contact.city"}),
    "order": frozenset({"event.order_id", "order.total"}),
}
VARIABLES = {
    "a coupon that is not given": (
        "  - send: gift #! steps > #1 > send: 'gift' shows a coupon, and none is given here; add 'coupon: ' and its name"
        " to this step; within one run a contact keeps the same code",
        "  - {send: gift, coupon: gift-10}",
        "{event: Signed Up}",
    ),
    "an order, though a segment starts the run, too": (
        "  - send: order #! steps > #1 > send: 'order' reads event.order_id, which a run that a segment starts does not"
        " have; send another letter, or test for it there with '{% if %}'",
        "  - send: gift\n    coupon: gift-10",
        "[{event: Order Completed}, {segment: loyal}]",
    ),
    "a trait that not everybody has": (
        """
  - branch:
      - when: {trait: points, gte: 3}
        then: [{wait: 1d}]
      - otherwise:
          - set: {traits: {city: Turku}}
  - send: hello #! warning: steps > #2 > send: 'hello' reads the trait 'city', which not everybody has who comes here; ask before with '{trait: city, exists: true}', or give it a default in the letter
""",
        """
  - branch:
      - when: {trait: city, in: [Turku, Oslo]}
        then: [{wait: 1d}]
      - when: {all: [{trait: city, exists: true}, {trait: points, gte: 3}]}
      - otherwise:
          - set: {traits: {city: Turku}}
  - send: hello
""",
        "{event: Signed Up}",
    ),
}


@pytest.mark.parametrize(("bad", "good", "trigger"), VARIABLES.values(), ids=VARIABLES)
def test_a_letter_that_misses_a_variable_on_some_way_is_told(bad: str, good: str, trigger: str) -> None:
    library = Library(needed=NEEDED)
    beside = {"segments/loyal.yaml": SEGMENT}
    files = {"journeys/a.yaml": journey("a", bad, trigger), **beside}
    assert told(read(files, library)) == marked(files) != []
    assert told(read({"journeys/a.yaml": journey("a", good, trigger), **beside}, library)) == []


def test_the_trait_of_a_date_and_of_a_segment_is_known() -> None:
    segment = "segment: loyal\ntitle: Loyal\nwhen: {trait: city, is: Turku}\n"
    for trigger in ("{segment: loyal}", "{date: city}", "{schedule: 0 9 * * *, segment: loyal}"):
        files = {"journeys/a.yaml": journey("a", "  - send: hello", trigger), "segments/loyal.yaml": segment}
        assert told(read(files, Library(needed=NEEDED))) == []


WEEKS = {
    "letters far apart": ("[{send: a}, {wait: 2d}, {send: b}, {wait: 6d}, {send: c}]", {}, 2),
    "one a week": ("[{repeat: {every: 7d, at_most: 5, steps: [{send: a}]}}]", {}, 1),
    "one a day, five times": ("[{repeat: {every: 1d, at_most: 5, steps: [{send: a}]}}]", {}, 5),
    "two a day": ("[{repeat: {every: 1d, at_most: 50, steps: [{send: a}, {wait: 12h}, {send: b}]}}]", {}, 14),
    "rounds within rounds": (
        "[{repeat: {every: 2d, until: {trait: x, is: 1}, steps: [{repeat: {every: 1h, at_most: 3, steps: [{send: a}]}}]}}]",
        {},
        12,
    ),
    "one a minute": ("[{repeat: {every: 1m, at_most: 1000, steps: [{send: a}]}}]", {}, MOST),
    "whoever comes again after two days": ("[{send: a}]", {"re_entry": "after 2d"}, 4),
    "the way with most letters": (
        "[{wait_for: X, timeout: 3d, otherwise: [{send: a}, {send: b}]}, {send: c}]",
        {},
        3,
    ),
    "confirmations, which are no marketing": ("[{send: a}, {send: b}]", {"class": "transactional"}, 0),
}


@pytest.mark.parametrize(("steps", "more", "count"), WEEKS.values(), ids=WEEKS)
def test_the_worst_week_is_counted_over_every_path(steps: str, more: dict[str, str], count: int) -> None:
    assert weekly(Laid(journeys.journey(steps, **more))) == count


def test_the_worst_week_of_all_journeys_keeps_the_caps() -> None:
    some = [journeys.journey("[{send: a}, {send: b}]", journey=name) for name in ("one", "two")]
    assert worst_week(some, None) == (4, {"one": 2, "two": 2})
    assert worst_week(some, Pacing(caps=(Cap(at_most=3, per=timedelta(days=7)),)))[0] == 3
    assert worst_week(some, Pacing(caps=(Cap(at_most=1, per=timedelta(days=3)),)))[0] == 3


def test_more_letters_than_a_week_has_days_are_a_warning_unless_a_cap_holds_them_back() -> None:
    steps = "  - repeat: {every: 12h, at_most: 9, steps: [{send: hello}]}"
    files = {"journeys/a.yaml": journey("a", steps)}
    (line,) = told(read(files))
    assert "a contact may get 9 marketing letters of this journey in a week" in line
    capped = {"policies/pacing.yaml": "caps: {at_most: 3, per: 7d}\n"}
    assert told(read({**files, **capped})) == []
