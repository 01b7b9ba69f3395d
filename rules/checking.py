"""The second look at a file: whether what is written makes sense, in the file and beside the rest of the library.

`check` needs the file alone, `refer` also what there is beside it. What they ask is in `rules/checks/`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rules.checks import asking, circles, clockwork, letters, naming, reaching, references, texts
from rules.coupon import Coupon
from rules.journey import Journey
from rules.laid import Laid
from rules.library import Library, Whole
from rules.mistakes import Fault
from rules.places import Places
from rules.policies import Lifecycle
from rules.privacy import personal_data_stays_out, plans_name_nobody
from rules.segment import Segment

Rule = Callable[..., Iterator[Fault]]

_EVERYWHERE: tuple[Rule, ...] = (
    asking.where_asks_properties,
    asking.conditions_can_hold,
    asking.patterns_are_portable,
    clockwork.zones_exist,
    texts.texts_can_be_kept,
)
_JOURNEYS: tuple[Rule, ...] = (
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
    plans_name_nobody,
    reaching.every_step_is_reached,
    reaching.ways_are_taken,
    reaching.waits_fit_the_limit,
    reaching.rounds_take_time,
)

_BESIDE: tuple[Rule, ...] = (
    references.names_exist,
    references.enrolled_journeys_may_be_requested,
    references.topics_are_written_about,
    circles.nothing_rests_on_itself,
)
_JOURNEYS_BESIDE: tuple[Rule, ...] = (
    letters.letters_have_what_they_read,
    letters.letters_leave_people_alone,
    circles.journeys_end,
)


def look(whole: Whole) -> Places[Any]:
    """The file as the checks look at it."""
    return Laid(whole) if isinstance(whole, Journey) else Places(whole)


def check(places: Places[Any]) -> list[Fault]:
    """Everything in the file that makes no sense."""
    found = _asked(_EVERYWHERE, places)
    match places.whole:
        case Journey():
            found += _asked(_JOURNEYS, places)
        case Segment():
            found += asking.contacts_have_no_run(places)
        case Lifecycle():
            found += [*asking.contacts_have_no_run(places), *reaching.stages_are_taken(places)]
        case Coupon():
            found += clockwork.coupons_last(places)
        case _:
            pass
    return found


def refer(places: Places[Any], library: Library) -> list[Fault]:
    """Everything that makes no sense beside what there is: names of what is not there, circles, too many letters."""
    rules = (*_BESIDE, *_JOURNEYS_BESIDE) if isinstance(places.whole, Journey) else _BESIDE
    return _asked(rules, places, library)


def _asked(rules: Iterable[Rule], *about: Any) -> list[Fault]:
    return [fault for rule in rules for fault in rule(*about)]
