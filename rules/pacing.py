"""When a marketing letter may leave: quiet hours on the contact's clock, and caps over what the contact got. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from rules.durations import spell
from rules.policies import Cap, QuietHours

_MINUTE = timedelta(minutes=1)
_A_WEEK = 8 * 24 * 60


@dataclass(frozen=True)
class Counted:
    """A letter that the contact got, or may get any moment (`open`). `at` is when it left or was claimed."""

    at: datetime
    topic: str | None = None
    open: bool = False


@dataclass(frozen=True)
class Counts:
    """A cap, and how many letters count against it. `until`: when there may be room again; None: nobody knows yet."""

    cap: Cap
    number: int
    until: datetime | None = None

    @property
    def room(self) -> int:
        """How many more letters may leave now."""
        return max(0, self.cap.at_most - self.number)

    def __str__(self) -> str:
        return f"{self.number} of {told(self.cap)}"


def told(cap: Cap) -> str:
    """The cap in words, such as `3 letters about offers in 7 days`."""
    about = f" about {cap.topic}" if cap.topic else ""
    kind = "" if cap.topic else "marketing "
    return f"{cap.at_most} {kind}letter{'s' * (cap.at_most != 1)}{about} in {spell(cap.per)}"


def counts(caps: Sequence[Cap], topic: str | None, letters: Sequence[Counted], now: datetime) -> list[Counts]:
    """How full each cap is that holds for a marketing letter about this topic."""
    return [_count(cap, letters, now) for cap in caps if cap.topic in (None, topic)]


def _count(cap: Cap, letters: Sequence[Counted], now: datetime) -> Counts:
    own = [letter for letter in letters if cap.topic in (None, letter.topic)]
    gone = sorted(letter.at for letter in own if not letter.open and abs(now - letter.at) < cap.per)
    number = len(gone) + sum(letter.open for letter in own)
    # Letters that are open may yet come to nothing: only those that are gone tell exactly when there may be room again.
    excess = len(gone) - cap.at_most
    return Counts(cap, number, gone[excess] + cap.per if excess >= 0 else None)


@dataclass(frozen=True)
class Quiet:
    """It is quiet where the contact lives, until then."""

    hours: QuietHours
    until: datetime

    def __str__(self) -> str:
        return f"quiet hours {_clock(self.hours.begin)} to {_clock(self.hours.end)}"


def quiet(policy: Sequence[QuietHours], now: datetime, zone: tzinfo) -> Quiet | None:
    """The quiet hours that it is now; their end is the first minute at which the clock shows none of them.

    Minute by minute, by what the clock shows: so every change of the clock is right, whatever it skips or repeats.
    """
    begun = _shown(policy, now.astimezone(zone))
    if begun is None:
        return None
    until = next((at for at in _minutes(now) if _shown(policy, at.astimezone(zone)) is None), now + timedelta(days=8))
    return Quiet(begun, until)


def open_for(policy: Sequence[QuietHours], now: datetime, zone: tzinfo, within: timedelta) -> timedelta | None:
    """How long from now it stays open when it grows quiet `within` that time; None: it stays open for longer."""
    soon = (at for at in _minutes(now) if at > now + within or _shown(policy, at.astimezone(zone)) is not None)
    first = next(soon, now + within)
    return first - now if first < now + within else None


def _shown(policy: Sequence[QuietHours], wall: datetime) -> QuietHours | None:
    return next((hours for hours in policy if hours.shows(wall)), None)


def _minutes(now: datetime) -> Iterator[datetime]:
    """The whole minutes after now, for more than a week."""
    begin = now.astimezone(UTC).replace(second=0, microsecond=0)
    return (begin + number * _MINUTE for number in range(1, _A_WEEK))


def _clock(shown: time) -> str:
    return shown.isoformat("minutes")


@dataclass(frozen=True)
class Wished:
    """A letter that wants to leave. Of several, the highest priority leaves first, then the older wish."""

    send_key: str
    priority: int
    at: datetime
    topic: str | None = None
    journey: str = ""

    @property
    def rank(self) -> tuple[int, datetime, str]:
        """The first in order leaves first."""
        return -self.priority, self.at, self.send_key


def precedent(own: Wished, others: Sequence[Wished], full: Sequence[Counts]) -> Wished | None:
    """The letter that takes the last room under one of the caps before one's own does; None: there is room for it."""
    for count in full:
        first = sorted(
            (other for other in others if count.cap.topic in (None, other.topic) and other.rank < own.rank),
            key=lambda other: other.rank,
        )
        if len(first) >= count.room:
            return first[count.room - 1]
    return None
