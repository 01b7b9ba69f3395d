"""The second look at a file: whether what is written makes sense, in the file and beside the rest of the library.

`check` needs the file alone, `refer` also what there is beside it. What they ask is in `rules/checks/`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rules.checks import asking, clockwork, letters, naming, reaching, references
from rules.coupon import Coupon
from rules.journey import Journey
from rules.library import Library, Whole
from rules.mistakes import Fault
from rules.places import Places
from rules.policies import Lifecycle
from rules.privacy import personal_data_stays_out
from rules.segment import Segment

__all__ = ["Library", "check", "refer"]

Kind = TypeVar("Kind", bound=Whole)

_EVERYWHERE: tuple[Callable[[Places[Whole]], Iterator[Fault]], ...] = (
    asking.where_asks_properties,
    asking.conditions_can_hold,
    asking.patterns_are_portable,
    clockwork.zones_exist,
)
_JOURNEYS: tuple[Callable[[Places[Journey]], Iterator[Fault]], ...] = (
    naming.ids_are_unique,
    naming.signals_are_distinct,
    naming.same_can_be_told,
    naming.keys_come_with_every_trigger,
    naming.keyed_runs_hear_their_own,
    letters.marketing_has_a_topic,
    asking.somebody_tells,
    clockwork.otherwise_has_a_timeout,
    clockwork.waits_end,
    clockwork.calendar_lines_are_right,
    clockwork.years_come_again,
    clockwork.lateness_is_late,
    personal_data_stays_out,
    reaching.every_step_is_reached,
    reaching.ways_are_taken,
    reaching.waits_fit_the_limit,
    reaching.rounds_take_time,
)

_BESIDE: tuple[Callable[[Places[Whole], Library], Iterator[Fault]], ...] = (
    references.names_exist,
    references.enrolled_journeys_may_be_requested,
)


def check(whole: Whole) -> list[Fault]:
    """Everything in the file that makes no sense."""
    found = _asked(Places[Whole](whole), _EVERYWHERE)
    match whole:
        case Journey():
            places = Places(whole)
            found += _asked(places, _JOURNEYS)
        case Segment():
            found += asking.contacts_have_no_run(Places[Whole](whole))
        case Lifecycle():
            found += [*asking.contacts_have_no_run(Places[Whole](whole)), *reaching.stages_are_taken(Places(whole))]
        case Coupon():
            found += clockwork.coupons_last(Places(whole))
        case _:
            pass
    return found


def refer(whole: Whole, library: Library) -> list[Fault]:
    """Everything that makes no sense beside what there is: names of what is not there, circles, too many letters."""
    return [fault for rule in _BESIDE for fault in rule(Places[Whole](whole), library)]


def _asked(places: Places[Kind], rules: Iterable[Callable[[Places[Kind]], Iterator[Fault]]]) -> list[Fault]:
    return [fault for rule in rules for fault in rule(places)]
