"""What holds for the whole shop: the stages of the lifecycle, quiet hours and caps. Files of `policies/`."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from rules.clocks import Clock, Weekdays
from rules.conditions import Condition
from rules.definition import Definition, OneOrMany, Slug
from rules.durations import Duration
from rules.matches import listed

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 (what a clock shows, in no zone)
_MINUTES_A_WEEK = 7 * 24 * 60


class Stage(Definition):
    """One stage of the lifecycle. Only the last one has no condition: it is everybody's who is at no other."""

    stage: Slug
    title: str = Field(min_length=1, max_length=120)
    when: Condition | None = None


class Lifecycle(Definition):
    """The stages of the lifecycle. A contact is at the first one whose condition holds. The file `stages.yaml`."""

    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _the_last_is_for_all_others(self) -> Self:
        *named, last = self.stages
        if last.when is not None or any(stage.when is None for stage in named):
            raise ValueError("every stage but the last has a 'when'; the last is for everybody else")
        if len({stage.stage for stage in self.stages}) < len(self.stages):
            raise ValueError("two stages have one name")
        return self


class QuietHours(Definition):
    """No marketing letter leaves between these times, where the contact lives (on these weekdays, else on all).

    Hours that pass midnight belong to the weekday on which they begin; `00:00` to `00:00` is the whole day.
    """

    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    weekday: Weekdays = ()

    def shows(self, wall: datetime) -> bool:
        """Whether a clock that shows this shows quiet hours."""
        today, yesterday = (not self.weekday or _DAYS[day] in self.weekday for day in _days(wall))
        if self.begin < self.end:
            return today and self.begin <= wall.time() < self.end
        return (today and wall.time() >= self.begin) or (yesterday and wall.time() < self.end)


def _days(wall: datetime) -> tuple[int, int]:
    return wall.weekday(), wall.weekday() - 1


class Cap(Definition):
    """So many marketing letters a contact gets at most in any such while: of all topics, or of the one named."""

    at_most: int = Field(ge=1)
    per: Duration
    class_: Literal["marketing"] = Field(default="marketing", alias="class")
    topic: Slug | None = None

    @model_validator(mode="after")
    def _is_a_while(self) -> Self:
        if self.per < timedelta(minutes=1):
            raise ValueError("a cap counts over a minute at least, such as 'per: 7d'")
        return self


class Pacing(Definition):
    """When marketing letters rest, and how many a contact gets. The file `pacing.yaml`."""

    quiet_hours: Annotated[tuple[QuietHours, ...], BeforeValidator(listed), OneOrMany()] = ()
    caps: Annotated[tuple[Cap, ...], BeforeValidator(listed), OneOrMany()] = ()

    @model_validator(mode="after")
    def _leaves_time(self) -> Self:
        week = (_A_MONDAY + timedelta(minutes=minute) for minute in range(_MINUTES_A_WEEK))
        if all(any(hours.shows(wall) for hours in self.quiet_hours) for wall in week):
            raise ValueError("it is quiet the whole week, so that no marketing letter would ever leave")
        return self
