"""Every mistake beside the same files without it: `cases/<what is wrong>/broken/` and `.../mended/`."""

from pathlib import Path

import pytest

from rules.laid import Laid
from rules.library import Library
from rules.load import MOST, weekly
from tests.rules import journeys
from tests.rules.examples import marked, read, told

CASES = sorted((Path(__file__).parent / "cases").iterdir())
LIBRARY = Library(
    letters=frozenset({"a", "b", "c", "hello", "gift", "order", "weather", "loyal", "ambassador"}),
    needed={
        "gift": frozenset({"coupon.code", "contact.email"}),
        "weather": frozenset({"contact.city"}),
        "order": frozenset({"event.order_id", "order.total"}),
    },
    staff=frozenset({"sales"}),
    senders=frozenset({"default", "outlet"}),
)


def files(folder: Path) -> dict[str, str]:
    """The texts of a shop, by their paths in it."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.yaml"))}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_makes_no_sense_is_told_where_it_stands_with_advice(case: Path) -> None:
    broken = files(case / "broken")
    assert told(read(broken, LIBRARY)) == marked(broken) != []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_told_of_it_once_it_is_mended(case: Path) -> None:
    assert told(read(files(case / "mended"), LIBRARY)) == []


def test_a_wait_counts_against_the_limit_from_the_soonest_moment_on() -> None:
    steps = "  - wait_for: Email Opened\n    timeout: 4d\n  - wait: 4d\n"
    head = "journey: tried\ntitle: T\nclass: transactional\ntrigger: {event: A}\nlimit: 5d\nsteps:\n"
    assert told(read({"journeys/tried.yaml": head + steps})) == []


def test_warnings_come_beside_mistakes() -> None:
    head = "journey: tried\ntitle: T\nclass: marketing\ntrigger: {event: A, late: 1m}\nsteps: [{send: a}]\n"
    reading = read({"journeys/tried.yaml": head})
    assert (len(reading.mistakes), len(reading.warnings)) == (1, 1)


WEEKS = {
    "letters far apart": ("[{send: a}, {wait: 2d}, {send: b}, {wait: 6d}, {send: c}]", {}, 2),
    "one a week": ("[{repeat: {every: 7d, at_most: 5, steps: [{send: a}]}}]", {}, 1),
    "one a day, five times": ("[{repeat: {every: 1d, at_most: 5, steps: [{send: a}]}}]", {}, 5),
    "two a day": ("[{repeat: {every: 1d, at_most: 50, steps: [{send: a}, {wait: 12h}, {send: b}]}}]", {}, 14),
    "rounds within rounds": (
        "[{repeat: {every: 2d, at_most: 9, steps: [{repeat: {every: 1h, at_most: 3, steps: [{send: a}]}}]}}]",
        {},
        12,
    ),
    "one a minute": ("[{repeat: {every: 1m, at_most: 1000, steps: [{send: a}]}}]", {}, MOST),
    "whoever comes again after two days": ("[{send: a}]", {"re_entry": "after 2d"}, 4),
    "the way with most letters": ("[{wait_for: X, timeout: 3d, otherwise: [{send: a}, {send: b}]}, {send: c}]", {}, 3),
    "confirmations, which are no marketing": ("[{send: a}, {send: b}]", {"class": "transactional"}, 0),
}


@pytest.mark.parametrize(("steps", "more", "count"), WEEKS.values(), ids=WEEKS)
def test_the_worst_week_is_counted_over_every_path(steps: str, more: dict[str, str], count: int) -> None:
    assert weekly(Laid(journeys.journey(steps, **more))) == count
