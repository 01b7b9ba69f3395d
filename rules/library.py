"""What authors have written beside one file, and may refer to in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from rules.coupon import Coupon
from rules.journey import Journey
from rules.policies import Lifecycle, Pacing, Stage
from rules.segment import Segment

Whole: TypeAlias = Journey | Segment | Lifecycle | Pacing | Coupon
"""What one file holds."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Library:
    """What a file may refer to, by name. Where this says None, nobody knows, and nothing is looked up.

    `needed` tells of letters which variables they cannot do without, such as `coupon` or `event.order_id`. `broken`
    are the names of files that are there but hold mistakes, as (kind, name).
    """

    letters: frozenset[str] | None = None
    needed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    staff: frozenset[str] | None = None
    senders: frozenset[str] | None = None
    journeys: Mapping[str, Journey] | None = None
    segments: Mapping[str, Segment] | None = None
    coupons: Mapping[str, Coupon] | None = None
    stages: tuple[Stage, ...] | None = None
    pacing: Pacing | None = None
    broken: frozenset[tuple[str, str]] = frozenset()

    def covering(self, kinds: Collection[str]) -> "Library":
        """The library, where of these kinds (the names of folders) nothing else is known than what it says."""
        return replace(
            self,
            journeys=_certain(self.journeys, "journeys" in kinds),
            segments=_certain(self.segments, "segments" in kinds),
            coupons=_certain(self.coupons, "coupons" in kinds),
            stages=() if self.stages is None and "policies" in kinds else self.stages,
        )


def _certain(known: Mapping[str, Thing] | None, certain: bool) -> Mapping[str, Thing] | None:
    return {} if known is None and certain else known
