"""Waits that last too long, zones and calendar lines that do not exist, dates that come once and for all."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from zoneinfo import available_timezones

from rules.advice import meant
from rules.clocks import LocalTime, PropertyDate, TraitDate
from rules.coupon import Coupon, Pool, Validity
from rules.cron import wrong_with
from rules.durations import render, spell
from rules.instants import Relative
from rules.journey import Journey
from rules.library import Whole
from rules.mistakes import Fault, Path, warning
from rules.places import Places
from rules.steps import Wait, WaitFor
from rules.triggers import OnDate, OnEvent, OnSchedule

LONGEST_WAIT = timedelta(days=731)
SHORTEST_YEAR = timedelta(days=365)
LATE = timedelta(hours=1)
"""An event that comes later than this starts a journey only if its trigger allows the age."""


def otherwise_has_a_timeout(places: Places[Journey]) -> Iterator[Fault]:
    """Without a timeout nobody comes to `otherwise`."""
    for path, step in places.of(WaitFor):
        if step.otherwise and step.timeout is None:
            yield Fault(
                (*path, "otherwise"), "without a 'timeout' this is never reached; add one, such as 'timeout: 1d'"
            )


def waits_end(places: Places[Journey]) -> Iterator[Fault]:
    """No wait is longer than two years."""
    for path, step in places.all:
        match step:
            case Wait(wait=duration):
                yield from _too_long((*path, "wait"), duration)
            case WaitFor(timeout=timedelta() as duration):
                yield from _too_long((*path, "timeout"), duration)
            case _:
                pass


def _too_long(path: Path, duration: timedelta) -> Iterator[Fault]:
    if duration > LONGEST_WAIT:
        yield Fault(path, f"{spell(duration)} is too long; a wait lasts two years at most")


def zones_exist(places: Places[Whole]) -> Iterator[Fault]:
    """A time zone has a name that the world knows."""
    for path, thing in places.all:
        if isinstance(thing, LocalTime | TraitDate | PropertyDate | OnDate | OnSchedule):
            zone = thing.zone
            if zone is not None and zone not in _zones():
                advice = meant(zone, _zones()) or "; write one such as 'Europe/Helsinki'"
                yield Fault((*path, "zone"), f"there is no time zone {zone!r}{advice}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def calendar_lines_are_right(places: Places[Journey]) -> Iterator[Fault]:
    """A schedule is a line of cron."""
    for path, trigger in places.of(OnSchedule):
        if (why := wrong_with(trigger.schedule)) is not None:
            yield Fault((*path, "schedule"), why)


def years_come_again(places: Places[Journey]) -> Iterator[Fault]:
    """Who may come once only is not there next year."""
    for path, trigger in places.of(OnDate):
        if trigger.yearly and not places.whole.re_entry.allowed:
            advice = "write 're_entry: always', or leave 'yearly' out"
            yield Fault((*path, "yearly"), f"a contact enters once ever, and so never in the second year; {advice}")
        if trigger.yearly and (after := places.whole.re_entry.after) is not None and after > SHORTEST_YEAR:
            advice = "write 're_entry: always'"
            yield Fault((*path, "yearly"), f"'re_entry: after {render(after)}' leaves out years; {advice}")


def lateness_is_late(places: Places[Journey]) -> Iterator[Fault]:
    """Up to an hour nothing is late."""
    for path, trigger in places.of(OnEvent):
        if trigger.late is not None and trigger.late <= LATE:
            yield warning((*path, "late"), "events of the last hour always count; 'late' is for older ones")


def coupons_last(places: Places[Coupon]) -> Iterator[Fault]:
    """A date at which a code ends does not move with the clock; one that does is a duration."""
    for path, validity in places.of(Validity):
        if isinstance(validity.until, Relative):
            advice = f"write how long from the letter, such as 'for: {render(abs(validity.until.offset))}'"
            yield Fault((*path, "until"), f"'{validity.until}' is never the same day; {advice}")
    for path, pool in places.of(Pool):
        if pool.pool == "generated" and pool.warn_below >= pool.generate:
            yield warning((*path, "warn_below"), f"only {pool.generate} codes are made ahead, so this always warns")
