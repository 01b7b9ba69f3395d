"""A journey as its author writes it: what starts it, what ends it, and a tree of steps."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from rules.definition import Definition, OneOrMany, Slug
from rules.durations import WRITTEN, Duration
from rules.matches import EventMatch, EventMatches, listed
from rules.steps import AnyStep, MessageClass
from rules.triggers import Trigger


class ReEntry(Definition):
    """Whether a contact may come again: `never`, `always`, or `after` a time since the last run began."""

    allowed: bool
    after: Duration | None = None


_Text = Annotated[str, Field(pattern=rf"^(never|always|after {WRITTEN})$")]


def _re_entry(value: Any) -> Any:
    if value in ("never", "always"):
        return {"allowed": value == "always"}
    if isinstance(value, str) and value.startswith("after "):
        return {"allowed": True, "after": value.removeprefix("after ").strip()}
    if isinstance(value, ReEntry | dict):
        return value
    raise ValueError(f"{value!r} is no rule of re-entry; write never, always or 'after 7d'")


class Goal(EventMatch):
    """What the journey is for. Reaching it is recorded, also after the run has ended."""

    within: Duration


Manner = Literal["defer", "skip"]
"""What becomes of a marketing letter that may not leave now: it waits until it may, or the run goes on without it."""


class Journey(Definition):
    """A journey: one file of `journeys/`.

    `limit` ends a run that long after it began. Of two journeys that want to write at the same moment, the one with
    the higher `priority` (1 to 100) does, and the other waits.
    """

    journey: Slug
    title: str = Field(min_length=1, max_length=120)
    class_: MessageClass = Field(alias="class")
    topic: Slug | None = None
    sender: Slug | None = None
    trigger: Annotated[tuple[Trigger, ...], BeforeValidator(listed), Field(min_length=1), OneOrMany()]
    key: str | None = Field(default=None, pattern=r"^properties\.[A-Za-z0-9_.]+$")
    re_entry: Annotated[ReEntry, BeforeValidator(_re_entry, json_schema_input_type=_Text)] = ReEntry(allowed=False)
    exit_on: EventMatches = ()
    goal: Goal | None = None
    limit: Duration | None = None
    priority: int = Field(default=50, ge=1, le=100)
    when_capped: Manner = "defer"
    in_quiet_hours: Manner = "defer"
    steps: tuple[AnyStep, ...] = Field(min_length=1)


Journey.model_rebuild()
