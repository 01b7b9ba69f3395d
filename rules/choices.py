"""What authors choose, for each change of a journey, for the people who are inside when it is published."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Manner = Literal["pin", "migrate", "drain", "end"]
MANNERS: Mapping[Manner, str] = {
    "pin": "who is inside finishes what they started",
    "migrate": "who is inside goes on with the new version, at the same step",
    "drain": "nobody enters until everybody inside has finished, and then the new version goes live",
    "end": "who is inside ends now",
}


@dataclass(frozen=True)
class Choice:
    """How to go over to a version. `mapping`, for `migrate`: where to go on from steps that it does not have."""

    manner: Manner = "pin"
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inside:
    """People at a step of a version. `step` None: nobody knows at which. `gone`: the new version does not have it.

    `people` None: nobody knows how many. `successor` is the step of the new version that comes nearest.
    """

    version: int
    step: str | None
    people: int | None
    gone: bool = False
    successor: str | None = None


def unmapped(choice: Choice, inside: list[Inside]) -> list[Inside]:
    """Those who could not migrate, because their step is gone and nothing is named for it."""
    if choice.manner != "migrate":
        return []
    return [each for each in inside if each.gone and each.people != 0 and each.step not in choice.mapping]
