"""What holds for the whole shop: the stages of the lifecycle, quiet hours and caps. Files of `policies/`."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from rules.clocks import Clock, Weekdays
from rules.conditions import Condition
from rules.definition import Definition, Slug
from rules.durations import Duration
from rules.matches import listed
from rules.steps import MessageClass


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
    """No marketing letter leaves between these times, where the contact lives (on these weekdays, else on all)."""

    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    weekday: Weekdays = ()


class Cap(Definition):
    """So many letters a contact gets at most in any such while: of this class, topic and journey, if they are named."""

    at_most: int = Field(ge=1)
    per: Duration
    class_: MessageClass = Field(default="marketing", alias="class")
    topic: Slug | None = None


class Pacing(Definition):
    """When marketing letters rest, and how many a contact gets. The file `pacing.yaml`."""

    quiet_hours: Annotated[tuple[QuietHours, ...], BeforeValidator(listed)] = ()
    caps: Annotated[tuple[Cap, ...], BeforeValidator(listed)] = ()
