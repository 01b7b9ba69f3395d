from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.durations import parse, render, spell


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("30s", 30), ("45m", 2700), ("12h", 43_200), ("3d", 259_200), ("2w", 1_209_600), ("1d12h", 129_600)],
)
def test_a_duration_is_a_sum_of_numbers_with_units(text: str, seconds: int) -> None:
    assert parse(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "3", "d", "3 d", "3days", "-3d", "1.5h", "3d 4h", "3M", 3, None, True, ["3d"]])
def test_what_is_no_duration_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="such as '3d'"):
        parse(text)


@pytest.mark.parametrize("text", ["5218w", "999999w", "999999w" * 200])
def test_more_than_a_hundred_years_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a hundred years"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0s", "0 seconds"),
        ("1m", "1 minute"),
        ("23h", "23 hours"),
        ("36h", "1 day 12 hours"),
        ("10d", "10 days"),
        ("14d", "2 weeks"),
    ],
)
def test_a_duration_is_spelt_as_people_say_it(text: str, words: str) -> None:
    assert spell(parse(text)) == words


@given(st.integers(0, 36_525 * 86_400))
def test_what_is_rendered_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse(render(duration)) == duration
