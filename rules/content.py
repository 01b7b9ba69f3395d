"""All that authors' files say, by kind and name: what is to become live."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.coupon import Coupon
from rules.definition import Definition
from rules.journey import Journey
from rules.policies import Lifecycle, Pacing
from rules.reading import Reading
from rules.segment import Segment

STAGES, PACING = "stages", "pacing"
"""The names of the two policies."""


@dataclass(frozen=True)
class Content:
    """What is to become live. A kind that is None is left as it is; so are the files that are `broken`.

    `broken` are (kind, name) such as `("journeys", "welcome")`; `letters` are the hashes of their folders. Without
    `whole`, nothing is gone because it is not in here.
    """

    journeys: Mapping[str, Journey] | None = None
    segments: Mapping[str, Segment] | None = None
    coupons: Mapping[str, Coupon] | None = None
    policies: Mapping[str, Lifecycle | Pacing] | None = None
    letters: Mapping[str, str] | None = None
    broken: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    whole: bool = True

    def definitions(self) -> dict[str, Mapping[str, Definition] | None]:
        """All but the letters, by kind."""
        return {
            "journeys": self.journeys,
            "segments": self.segments,
            "coupons": self.coupons,
            "policies": self.policies,
        }

    def gone(self, kind: str, live: Iterable[str]) -> list[str]:
        """The names of a kind that are live and gone: they were not read, and are not broken."""
        kept = {*(getattr(self, kind) or ()), *(name for of, name in self.broken if of == kind)}
        return sorted(set(live) - kept) if self.whole else []


def content(reading: Reading, kinds: frozenset[str], letters: Mapping[str, str] | None) -> Content:
    """What was read, of the kinds that were there to be read (`journeys`, `segments`, `coupons`, `policies`)."""
    policies = {STAGES: reading.stages, PACING: reading.pacing}
    return Content(
        journeys=reading.journeys if "journeys" in kinds else None,
        segments=reading.segments if "segments" in kinds else None,
        coupons=reading.coupons if "coupons" in kinds else None,
        policies={name: each for name, each in policies.items() if each} if "policies" in kinds else None,
        letters=letters,
        broken=reading.broken,
    )
