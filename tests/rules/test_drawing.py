import re

import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

from rules.conditions import Condition
from rules.drawing import mermaid, tree
from rules.journey import Journey
from rules.layout import lay_out
from rules.matches import EventMatch
from rules.phrases import matched, words
from tests.rules import strategies

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
JOURNEY = Journey.model_validate(
    {
        "journey": "cart",
        "title": "Win back a cart",
        "class": "marketing",
        "topic": "offers",
        "trigger": [
            {"event": ["Cart Viewed", "Product Added"], "where": {"property": "total", "gt": 5}},
            {"api": True},
        ],
        "re_entry": "after 7d",
        "exit_on": "Order Completed",
        "goal": {"event": "Order Completed", "within": "5d"},
        "steps": [
            {"wait": "1h", "restart_on": "Product Added"},
            {
                "branch": [
                    {"when": {"trait": "name", "is": 'a "b" <c> #1'}, "then": [{"send": "one"}, {"exit": "done"}]},
                    {"otherwise": [{"send": "two"}]},
                ]
            },
            {"wait_for": {"event": "Email Opened"}, "timeout": "2d", "otherwise": [{"send": "three"}]},
            {"wait_until": {"time": "09:30", "weekday": ["mon", "tue"]}},
            {"set": {"traits": {"warm": True}}},
        ],
    }
)
PLAIN = {
    "journey": "plain",
    "title": "Plain",
    "class": "marketing",
    "topic": "offers",
    "trigger": {"event": "Signed Up"},
    "steps": [{"send": "hello"}],
}


def test_a_journey_is_drawn_as_a_flowchart() -> None:
    assert mermaid(JOURNEY).splitlines() == [
        "flowchart TD",
        '    start(["Cart Viewed or Product Added (total is over 5); a request to the API"]) --> step1',
        '    step1(["Wait 1 hour"])',
        '    step2{"Branch (2 ways)"}',
        '    step3["Send one"]',
        '    step4["Exit: done"]',
        '    step5["Send two"]',
        '    step6(["Wait for Email Opened, at most 2 days"])',
        '    step7["Send three"]',
        '    step8(["Wait until 09:30 on mon, tue"])',
        '    step9["Set warm"]',
        "    step1 --> step2",
        '    step2 -->|"name is #quot;a #quot;b#quot; #lt;c#gt; #35;1#quot;"| step3',
        '    step2 -->|"otherwise"| step5',
        "    step3 --> step4",
        "    step4 --> finish",
        "    step5 --> step6",
        '    step6 -->|"Email Opened"| step8',
        '    step6 -->|"after 2 days"| step7',
        "    step7 --> step8",
        "    step8 --> step9",
        "    step9 --> finish",
        '    finish(["End"])',
        '    exits{{"Ends at once on: Order Completed; Unsubscribed from offers"}} -.-> finish',
        '    goal[["Goal: Order Completed within 5 days"]]',
    ]


def test_a_journey_is_drawn_as_a_tree() -> None:
    assert tree(JOURNEY) == [
        "cart: Win back a cart (marketing, topic offers)",
        "├─ Starts on Cart Viewed or Product Added (total is over 5); a request to the API",
        "├─ A contact enters again after 1 week",
        "├─ Ends at once on Order Completed",
        "├─ Ends at once on Unsubscribed from offers",
        "├─ Goal: Order Completed within 5 days",
        "└─ Steps",
        "   ├─ Wait 1 hour, begun anew by Product Added",
        "   ├─ Branch (2 ways)",
        '   │  ├─ when name is "a "b" <c> #1"',
        "   │  │  ├─ Send one",
        "   │  │  └─ Exit: done",
        "   │  └─ otherwise",
        "   │     └─ Send two",
        "   ├─ Wait for Email Opened, at most 2 days",
        "   │  └─ otherwise",
        "   │     └─ Send three",
        "   ├─ Wait until 09:30 on mon, tue",
        "   └─ Set warm",
    ]


def test_a_journey_without_exits_and_goal_is_drawn_without_them() -> None:
    plain = JOURNEY.model_copy(update={"exit_on": (), "goal": None, "class_": "transactional"})
    assert not any(line.strip().startswith(("exits", "goal")) for line in mermaid(plain).splitlines())
    assert not any("Ends at once" in line or "Goal" in line for line in tree(plain))


STEPS = [
    {"wait_for": [{"event": "Clicked"}, {"condition": {"trait": "a", "is": 1}}], "timeout": "1d"},
    {
        "id": "trial",
        "split": [{"share": 9, "name": "new", "then": [{"webhook": "https://a.example/x"}]}, {"holdout": 1}],
    },
    {"repeat": {"every": "7d", "at_most": 3, "until": {"trait": "b", "is": 2}, "steps": [{"send": "tip"}]}},
]


def test_splits_repeats_and_limits_are_drawn_as_a_flowchart() -> None:
    drawn = mermaid(Journey.model_validate({**PLAIN, "limit": "90d", "steps": STEPS})).splitlines()
    for line in (
        '    step1 -->|"Clicked; a is 1"| step2',
        '    step1 -->|"after 1 day"| step2',
        '    step2{"Split: new 9, holdout 1"}',
        '    step2 -->|"new 9"| step3',
        '    step2 -->|"holdout 1"| finish',
        '    step3["Call a.example"]',
        '    step4(["Repeat every 1 week, at most 3 times"])',
        '    step4 -->|"another round"| step5',
        '    step4 -->|"after 3 rounds or once b is 2"| finish',
        "    step5 --> step4",
        '    limit{{"Ends at the latest after 90 days"}} -.-> finish',
    ):
        assert line in drawn, line


def test_splits_and_repeats_are_drawn_as_a_tree() -> None:
    assert tree(Journey.model_validate({**PLAIN, "limit": "90d", "steps": STEPS}))[4:] == [
        "├─ Ends at the latest after 90 days",
        "└─ Steps",
        "   ├─ Wait for Clicked or a is 1, at most 1 day",
        "   ├─ Split: new 9, holdout 1",
        "   │  ├─ new 9",
        "   │  │  └─ Call a.example",
        "   │  └─ holdout 1",
        "   │     └─ Exit: holdout",
        "   └─ Repeat every 1 week, at most 3 times, until b is 2",
        "      └─ Send tip",
    ]


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ({"segment": "loyal"}, "entering the segment loyal"),
        ({"segment": "loyal", "on": "left"}, "leaving the segment loyal"),
        ({"date": "birthday", "offset": "-7d", "yearly": True}, "1 week before birthday of every year, at 09:00"),
        ({"date": "trial_ends", "time": "12:30"}, "trial_ends, at 12:30"),
        (
            {"schedule": "0 9 * * 1", "segment": "all", "zone": "Asia/Tokyo"},
            "the schedule 0 9 * * 1 in Asia/Tokyo, for everybody in the segment all",
        ),
        ({"api": True}, "a request to the API"),
    ],
)
def test_every_trigger_is_told_in_words(trigger: object, said: str) -> None:
    assert tree(Journey.model_validate({**PLAIN, "trigger": trigger}))[1] == f"├─ Starts on {said}"


NODE = r'(?:\(\["[^"]*"\]\)|\{\{"[^"]*"\}\}|\{"[^"]*"\}|\[\["[^"]*"\]\]|\["[^"]*"\])'
LINE = re.compile(rf'    (\w+)({NODE})?( -->(\|"[^"]*"\|)? \w+| -\.-> \w+)?')


@settings(max_examples=50)
@given(strategies.journeys)
def test_no_text_of_an_author_breaks_a_drawing(journey: Journey) -> None:
    head, *lines = mermaid(journey).splitlines()
    assert head == "flowchart TD"
    assert all(LINE.fullmatch(line) and not re.search(r"[<&`\\]", line.replace("-->", "")) for line in lines)
    drawn = [line for line in lines if re.match(r"    step\d+[\[({]", line)]
    assert len(drawn) == len(lay_out(journey, version=1).steps)


@settings(max_examples=50)
@given(strategies.journeys)
def test_every_line_of_a_tree_is_one_line(journey: Journey) -> None:
    assert all(len(line.splitlines()) == 1 for line in tree(journey))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"trait": "orders_count", "gte": 3}, "orders_count is at least 3"),
        ({"trait": "a", "gt": 0.5, "lt": 10}, "a is over 0.5 and is under 10"),
        ({"trait": "a", "lte": 1e6}, "a is at most 1000000"),
        ({"trait": "a", "is": "gold"}, 'a is "gold"'),
        ({"trait": "a", "is": False}, "a is false"),
        ({"trait": "a", "in": [1, "b", True]}, 'a is one of 1, "b" or true'),
        ({"trait": "a", "contains": "x", "starts_with": "y"}, 'a contains "x" and starts with "y"'),
        ({"trait": "a", "matches": "^x"}, 'a matches "^x"'),
        ({"property": "a", "exists": True}, "a is known"),
        ({"property": "a", "exists": False}, "a is not known"),
        ({"trait": "a", "before": "2026-12-24"}, "a is before 2026-12-24 00:00+00:00"),
        ({"not": {"trait": "a", "is": 1}}, "not (a is 1)"),
        (
            {"all": [{"trait": "a", "is": 1}, {"any": [{"trait": "b", "is": 2}, {"trait": "c", "is": 3}]}]},
            "a is 1 and (b is 2 or c is 3)",
        ),
        ({"event": "A"}, "A happened"),
        ({"event": "A", "times": {"at_least": 1}, "within": "30d"}, "A happened in the last 30 days"),
        ({"event": "A", "times": {"at_least": 2, "at_most": 4}}, "A happened at least 2 times and at most 4 times"),
        (
            {"event": "A", "times": {"exactly": 1}, "within": "enrolment"},
            "A happened exactly 1 time since the journey began",
        ),
        ({"event": "A", "times": {"at_most": 0}, "same": "order_id"}, "A of the same order_id did not happen"),
        ({"event": "A", "where": {"property": "total", "gt": 5}}, "A (total is over 5) happened"),
    ],
)
def test_a_condition_is_told_in_words(written: object, said: str) -> None:
    assert words(CONDITION.validate_python(written)) == said


@given(strategies.conditions)
def test_every_condition_has_words(condition: Condition) -> None:
    assert words(condition).strip()


def test_a_match_is_told_in_words() -> None:
    match = EventMatch.model_validate({"event": ["A", "B", "C"], "same": "order_id"})
    assert matched(match) == "A, B or C of the same order_id"
    assert matched(EventMatch.model_validate({"event": "A", "same": False})) == "A"
