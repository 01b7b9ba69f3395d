"""The hash of a segment is that of all that its truth rests on."""

from typing import Any

from rules.mentions import dates_digest, digests

BOUGHT = {"event": "Order Completed"}


def segment(name: str, when: dict[str, Any], title: str = "A segment") -> dict[str, Any]:
    return {"segment": name, "title": title, "when": when}


def hashes(*segments: dict[str, Any], stages: dict[str, Any] | None = None) -> tuple[dict[str, str], str | None]:
    return digests({each["segment"]: each for each in segments}, stages)


def test_a_title_changes_nothing_and_a_condition_does() -> None:
    before, _ = hashes(segment("buyers", BOUGHT))
    assert hashes(segment("buyers", BOUGHT, title="Renamed"))[0] == before
    assert hashes(segment("buyers", {"not": BOUGHT}))[0] != before


def test_a_change_is_seen_in_all_that_refer_to_it_however_far_away() -> None:
    stages = {
        "stages": [
            {"stage": "chosen", "title": "Chosen", "when": {"segment": "outer"}},
            {"stage": "rest", "title": "R"},
        ]
    }
    around = (
        segment("middle", {"all": [{"segment": "inner"}, BOUGHT]}),
        segment("outer", {"any": [{"not": {"segment": "middle"}}]}),
        segment("by-stage", {"stage": ["chosen"]}),
        segment("apart", BOUGHT),
    )
    before, lifecycle_before = hashes(segment("inner", BOUGHT), *around, stages=stages)
    after, lifecycle_after = hashes(segment("inner", {"not": BOUGHT}), *around, stages=stages)
    assert {name for name in before if before[name] != after[name]} == {"inner", "middle", "outer", "by-stage"}
    assert lifecycle_before != lifecycle_after


def test_a_circle_is_hashed_too_and_left_to_others_to_refuse() -> None:
    told, lifecycle = hashes(segment("a", {"segment": "b"}), segment("b", {"segment": "a"}))
    assert told["a"] != told["b"]
    assert lifecycle is None


def test_only_triggers_of_dates_count_for_the_dates_of_a_journey() -> None:
    dated = {"trigger": [{"date": "birthday"}, {"event": ["Signed Up"]}], "title": "One"}
    assert dates_digest({"trigger": {"event": ["Signed Up"]}}) is None
    assert dates_digest({**dated, "title": "Two", "trigger": [{"date": "birthday"}]}) == dates_digest(dated)
    assert dates_digest({"trigger": {"date": "birthday", "yearly": True}}) != dates_digest(dated)
