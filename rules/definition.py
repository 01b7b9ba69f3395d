"""What authors write: strict, immutable data, told apart by the key that each form begins with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Definition(BaseModel):
    """Something an author writes: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


@dataclass(frozen=True)
class OneOrMany:
    """Tells editors that a list of one may be written as its entry, and each entry (`text`) as a text."""

    text: bool = False

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The list, or its entry."""
        several = handler(core)
        if "minLength" in several:  # what pydantic makes of the bound when a validator stands before the list
            several["minItems"] = several.pop("minLength")
        one = {"anyOf": [{"type": "string", "minLength": 1}, several["items"]]} if self.text else several["items"]
        return {"anyOf": [one, {**several, "items": one}]}


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
"""A name of ours: lower-case letters, digits and hyphens."""

EventName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
"""The name of an event, such as `Order Completed`."""


def _property(value: Any) -> Any:
    return "" if value is False else value


Same = Annotated[str | None, BeforeValidator(_property, json_schema_input_type=str | Literal[False] | None)]
"""The property that an event shares with the one that began the run; `false` (kept as "") asks on purpose for none."""


def told_by(keys: Iterable[str]) -> Callable[[Any], str | None]:
    """Tell the form of a mapping (or of a parsed definition) by which of these keys it has."""
    known = tuple(keys)

    def tag(value: Any) -> str | None:
        fields = value if isinstance(value, dict) else _written(value)
        return next((key for key in known if key in fields), None)

    return tag


def _written(value: Any) -> Iterable[str]:
    if not isinstance(value, BaseModel):
        return ()
    fields = type(value).model_fields
    return {field.alias or name for name, field in fields.items()}
