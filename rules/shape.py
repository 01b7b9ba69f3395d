"""The first look at a file: whether it has the shape of a definition, and if not, what to write instead.

pydantic finds the faults; here they get back the place that the author knows, and words that help.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from rules.advice import advice, joined, misspelt, noun, two_forms, unknown_form, unknown_key
from rules.mistakes import Fault, Mistake, Path
from rules.notation import Listing, Node, Source

Model = TypeVar("Model", bound=BaseModel)
Forms = dict[str, type[BaseModel]]


@dataclass
class Place:
    """Where an error is. Of a union, pydantic's location also names the form that was tried; the path does not.

    `forms` may stand at the path, by the key that tells them apart; `union` are those out of which one was told.
    `form` is the mapping that the path's last key is in, `kin` what could stand in its stead, `outer` what is around.
    """

    path: Path
    forms: Forms
    union: Forms = field(default_factory=dict)
    form: type[BaseModel] | None = None
    kin: Forms = field(default_factory=dict)
    outer: type[BaseModel] | None = None


def shape(source: Source, model: type[Model]) -> tuple[Model | None, list[Mistake]]:
    """The definition that a file holds, or all that keeps it from being one."""
    try:
        return model.model_validate(source.value()), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    faults = _faults(source, model, errors)
    return None, list(map(source.mistake, faults))


def _faults(source: Source, model: type[BaseModel], errors: list[ErrorDetails]) -> Iterator[Fault]:
    placed = [(locate(model, error["loc"]), error) for error in errors]
    mixed = {place.path[:-1] for place, error in placed if _is_second(place, error)}
    for _, group in groupby(placed, key=lambda each: _identity(source, *each)):
        (place, error), *others = group
        match error["type"]:
            case "extra_forbidden" if place.path[:-1] in mixed:
                if _is_second(place, error):
                    yield Fault(place.path, _two(place))
            case "extra_forbidden":
                yield Fault(place.path, _unknown(place))
            case "missing" if misspelt(error["input"], place.path[-1:]):
                pass  # told as a key that is not known
            case "union_tag_not_found":
                yield _formless(place, error["input"])
            case "too_short" if _has_entries(source.node(place.path)):
                pass  # pydantic counts the entries that are right; those that are not are told already
            case _:
                yield Fault(place.path, joined([error, *(each for _, each in others)]) if others else advice(error))


def locate(model: type[BaseModel], location: tuple[int | str, ...]) -> Place:
    """The place in the author's file that pydantic's location means."""
    place = Place((), {"": model})
    for part in location:
        if isinstance(part, int):
            place.path = (*place.path, part)
        elif len(place.forms) > 1:
            place.union, place.forms = place.forms, {"": place.forms[part]}
        else:
            place = _enter(place, part)
    return place


def _enter(place: Place, key: str) -> Place:
    form = place.forms.get("")
    annotation = next((f.annotation for name, f in _fields(form).items() if name == key), None)
    return Place((*place.path, key), dict(_forms(annotation)), {}, form, place.union, place.form)


def _fields(form: type[BaseModel] | None) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that authors write."""
    return {f.alias or name: f for name, f in form.model_fields.items()} if form is not None else {}


def _forms(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """The models in an annotation, by the keys that tell them apart."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield tag, annotation
    elif get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        yield from _forms(inner, next((note.tag for note in notes if isinstance(note, Tag)), tag))
    else:
        for inner in get_args(annotation):
            yield from _forms(inner, tag)


def _identity(source: Source, place: Place, error: ErrorDetails) -> tuple[int, Path]:
    """Errors of one identity are attempts to read one value as several types."""
    own = error["type"] in ("missing", "extra_forbidden")
    return id(source.node(place.path)), place.path if own else ()


def _has_entries(node: Node) -> bool:
    return isinstance(node, Listing) and bool(node.items)


def _is_second(place: Place, error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden" and place.path[-1] in place.kin


def _two(place: Place) -> str:
    first = next(tag for tag, form in place.kin.items() if form is place.form)
    return two_forms(first, str(place.path[-1]), noun(place.kin))


def _unknown(place: Place) -> str:
    inside = next((str(part) for part in reversed(place.path[:-1]) if isinstance(part, str)), "")
    return unknown_key(str(place.path[-1]), _fields(place.form), _fields(place.outer), inside)


def _formless(place: Place, written: object) -> Fault:
    near = misspelt(written, place.forms)
    return Fault((*place.path, near) if near else place.path, unknown_form(written, place.forms))
