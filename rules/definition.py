"""What authors write: strict, immutable data, told apart by the key that each form begins with."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Definition(BaseModel):
    """Something an author writes: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
"""A name of ours: lower-case letters, digits and hyphens."""

EventName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
"""The name of an event, such as `Order Completed`."""


def _property(value: Any) -> Any:
    return "" if value is False else value


Same = Annotated[str | None, BeforeValidator(_property)]
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
