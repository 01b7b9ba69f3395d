"""JSON Schemas of the files of authors, for their editors: made of the models, so that they take what these take."""

from typing import Any, Final, get_args

from pydantic import BaseModel

from rules.conditions import Condition
from rules.coupon import Coupon
from rules.journey import Journey
from rules.meanings import MEANINGS, meanings
from rules.policies import Lifecycle, Pacing
from rules.segment import Segment
from rules.steps import AnyStep
from rules.triggers import Trigger

Schema = dict[str, Any]

KINDS: Final[dict[str, type[BaseModel]]] = {
    "journey": Journey,
    "segment": Segment,
    "stages": Lifecycle,
    "pacing": Pacing,
    "coupon": Coupon,
}

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _forms(union: Any) -> tuple[str, ...]:
    """The names of the models of a union."""
    return tuple(get_args(form)[0].__name__ for form in get_args(get_args(union)[0]))


# Lists of forms that stand in many places.
_UNIONS: Final[dict[str, tuple[str, ...]]] = {
    "AnyCondition": _forms(Condition),
    "AnyStep": _forms(AnyStep),
    "AnyTrigger": _forms(Trigger),
}

# What models look at as a whole, beside their fields.
_WHOLE: Final[dict[str, Schema]] = {
    "TraitIs": {"minProperties": 2},
    "PropertyIs": {"minProperties": 2},
    "Measure": {"minProperties": 2},
    "Times": {"minProperties": 1},
    "Change": {"minProperties": 1},
    "Rounds": {"anyOf": [{"required": ["at_most"]}, {"required": ["until"]}]},
    "Validity": {"oneOf": [{"required": ["until"]}, {"required": ["for"]}]},
}


def schema(kind: str) -> Schema:
    """The schema of a kind of file. Raises KeyError when there is no such kind."""
    model = KINDS[kind]
    whole = model.model_json_schema(by_alias=True)
    forms: dict[str, Schema] = whole.pop("$defs", {})
    models = {form.__name__: form for form in MEANINGS}
    for name, form in {**forms, model.__name__: whole}.items():
        if name in models:  # all but what is only ever written as a text
            _explain(form, meanings(models[name]))
            form.update(_WHOLE.get(name, {}))
    unions = {name: union for name, union in _UNIONS.items() if union[0] in forms}
    forms = {name: _told_once(form, unions) for name, form in forms.items()}
    named = {name: {"anyOf": [_reference(form) for form in union]} for name, union in unions.items()}
    return {"$schema": _DIALECT, **_told_once(whole, unions), "$defs": {**forms, **named}}


def _explain(form: Schema, meaning: dict[str, str]) -> None:
    """Say what each key means. Titles made of keys and defaults that nobody writes say nothing."""
    for key, value in form["properties"].items():
        value.pop("title", None)
        if not isinstance(value.get("default"), str | int):
            value.pop("default", None)
        value["description"] = meaning[key]


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _told_once(value: Any, unions: dict[str, tuple[str, ...]]) -> Any:
    """The same, with a name where all forms of something are listed."""
    if isinstance(value, list):
        return [_told_once(item, unions) for item in value]
    if not isinstance(value, dict):
        return value
    listed = tuple(item.get("$ref", "").rpartition("/")[2] for item in value.get("oneOf", ()))
    name = next((name for name, union in unions.items() if union == listed), None)
    inner = {key: _told_once(item, unions) for key, item in value.items() if name is None or key != "oneOf"}
    return inner if name is None else {**inner, **_reference(name)}
