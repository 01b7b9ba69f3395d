"""The schemas for editors: they take what the models take, and refuse what these refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from rules.files import KINDS as FOLDERS
from rules.files import POLICIES
from rules.journey import Journey
from rules.meanings import MEANINGS, meanings
from rules.notation import parse
from rules.schema import KINDS, schema
from tests.rules import strategies

ROOT = Path(__file__).parent.parent.parent
CASES = Path(__file__).parent / "cases"
FILES = sorted(path for folder in (*FOLDERS, "policies") for path in (ROOT / folder).glob("*.yaml"))
VALIDATORS = {kind: Draft202012Validator(schema(kind)) for kind in KINDS}


def kind_of(path: Path) -> str:
    return path.stem if path.parent.name == "policies" else path.parent.name.removesuffix("s")


def written(text: str) -> Any:
    return parse("tried.yaml", text)[0].value()


def wrong(kind: str, value: Any) -> list[str]:
    return [error.json_path for error in VALIDATORS[kind].iter_errors(value)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))


def test_there_is_a_schema_for_every_file_that_is_read() -> None:
    assert {*(folder.removesuffix("s") for folder in FOLDERS), *POLICIES} == set(KINDS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_file_is_taken(path: Path) -> None:
    assert wrong(kind_of(path), written(path.read_text())) == []


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.yaml")), ids=lambda path: path.relative_to(CASES).as_posix())
def test_what_is_of_the_right_shape_is_taken_whether_it_makes_sense_or_not(path: Path) -> None:
    of_shape = path.relative_to(CASES).parts[:2] == ("a-goal-without-its-while", "broken")
    assert wrong(kind_of(path), written(path.read_text())) == (["$.goal"] if of_shape else [])


HEAD: dict[str, Any] = {
    "journey": "tried",
    "title": "Tried",
    "class": "transactional",
    "trigger": {"event": "Signed Up"},
    "steps": [{"send": "hello"}],
}
SHORT = [
    {"exit_on": "Order Completed"},
    {"exit_on": ["Order Completed", {"event": ["A", "B"]}]},
    {"exit_on": {"event": "Order Completed", "same": False}},
    {"trigger": [{"event": "A"}, {"api": True}]},
    {"re_entry": "after 1d12h"},
    {"steps": [{"wait": "3d", "restart_on": "Cart Viewed"}]},
    {"steps": [{"wait_for": "Email Opened", "timeout": "1d"}]},
    {"steps": [{"wait_for": [{"event": "A"}, {"condition": {"stage": "loyal"}}]}]},
    {"steps": [{"wait_until": {"time": "9:30", "weekday": "mon"}}]},
    {"steps": [{"wait_until": {"trait": "birthday", "offset": "-3d"}}]},
    {"steps": [{"webhook": "https://shop.example/hook"}]},
    {"steps": [{"set": {"traits": {"a": None, "b": 1.5, "c": True}}}]},
]


@pytest.mark.parametrize("part", SHORT, ids=map(json.dumps, SHORT))
def test_short_forms_are_taken(part: dict[str, Any]) -> None:
    assert Journey.model_validate({**HEAD, **part})
    assert wrong("journey", {**HEAD, **part}) == []


BROKEN = [
    {"exit_on": ""},
    {"trigger": []},
    {"trigger": {"event": "A", "wheer": {"property": "a", "is": 1}}},
    {"trigger": {"api": False}},
    {"class": "markting"},
    {"re_entry": "after 7 days"},
    {"key": "order_id"},
    {"limit": "soon"},
    {"steps": []},
    {"steps": [{"send": "Hello"}]},
    {"steps": [{"send": "hello", "wait": "1d"}]},
    {"steps": [{"wait": "three days"}]},
    {"steps": [{"wait_until": {"time": "25:00"}}]},
    {"steps": [{"wait_for": {"event": "A"}, "timeout": 5}]},
    {"steps": [{"branch": [{"when": {"trait": "city"}}]}]},
    {"steps": [{"branch": [{"when": {"trait": "born", "before": "soon"}}]}]},
    {"steps": [{"branch": [{"when": {"trait": "total", "gt": "5"}}]}]},
    {"steps": [{"branch": [{"when": {"event": "A", "times": {}}}]}]},
    {"steps": [{"branch": [{"when": {"event": "A", "within": "long"}}]}]},
    {"steps": [{"branch": [{"when": {"trait": "a", "is": 1, "event": "A"}}]}]},
    {"steps": [{"split": [{"holdout": 5}]}]},
    {"steps": [{"repeat": {"every": "1d", "steps": [{"send": "hello"}]}}]},
    {"steps": [{"set": {}}]},
    {"steps": [{"webhook": 5}]},
    {"steps": [{"exit": ""}]},
]


@pytest.mark.parametrize("part", BROKEN, ids=map(json.dumps, BROKEN))
def test_what_the_models_refuse_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Journey.model_validate({**HEAD, **part})
    assert wrong("journey", {**HEAD, **part}) != []


OTHERS = [
    ("segment", {"segment": "a", "title": "A"}),
    ("stages", {"stages": []}),
    ("pacing", {"quiet_hours": {"from": "21:00"}}),
    ("pacing", {"caps": [{"at_most": 0, "per": "1d"}]}),
    ("coupon", {"coupon": "a", "title": "A", "codes": {"code": "!"}, "value": {"percent": 5}}),
    ("coupon", {"coupon": "a", "title": "A", "codes": {"code": "ABC"}, "value": {"percent": 5}, "valid": {}}),
]


@pytest.mark.parametrize(("kind", "value"), OTHERS)
def test_other_files_are_held_to_their_shapes_too(kind: str, value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        KINDS[kind].model_validate(value)
    assert wrong(kind, value) != []


@settings(max_examples=60)
@given(strategies.journeys)
def test_every_journey_is_taken_as_it_is_dumped(journey: Journey) -> None:
    dumped = json.loads(journey.model_dump_json(by_alias=True, exclude_defaults=True))
    dumped.pop("re_entry", None)  # people write it as a text, and it is kept as an object
    assert wrong("journey", dumped) == []


@pytest.mark.parametrize("form", MEANINGS, ids=lambda form: form.__name__)
def test_every_key_has_a_meaning_and_every_meaning_a_key(form: type[Any]) -> None:
    assert all(text.endswith((".", "`")) for text in meanings(form).values())
    assert MEANINGS[form].keys() <= meanings(form).keys()


def test_every_key_is_explained_to_editors() -> None:
    for kind in KINDS:
        whole = schema(kind)
        told = [*whole["$defs"].values(), whole]
        silent = [
            key for form in told for key, value in form.get("properties", {}).items() if "description" not in value
        ]
        assert silent == []
