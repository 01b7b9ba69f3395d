"""Lines of the calendar: what cron allows is allowed, and what it does not is told in words."""

import pytest

from rules.cron import wrong_with


@pytest.mark.parametrize(
    "line",
    [
        "0 9 * * *",
        "*/15 8-17 * * mon-fri",
        "0 9 1,15 * *",
        "0 9 * JAN,jul *",
        "30 6 29 2 *",
        "0 0 * * 0",
        "0 0 * * 7",
        "5/10 * * * *",
        "0 9 30 2 mon",
    ],
)
def test_a_line_of_five_fields_is_right(line: str) -> None:
    assert wrong_with(line) is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0 9 * *", "has 4 fields; write five"),
        ("@daily", "has 1 fields; write five"),
        ("60 9 * * *", "'60' is no minute; write 0 to 59, or '*'"),
        ("0 24 * * *", "'24' is no hour; write 0 to 23, or '*'"),
        ("0 9 0 * *", "'0' is no day of the month; write 1 to 31, or '*'"),
        ("0 9 * 13 *", "'13' is no month; write 1 to 12, or '*'"),
        ("0 9 * * 8", "'8' is no weekday; write 0 to 7, or '*'"),
        ("0 9 * * monday", "'monday' is no weekday; write 0 to 7, or '*'"),
        ("*/0 9 * * *", "'*/0' is no minute; write a step such as '*/15'"),
        ("0 17-8 * * *", "'17-8' ends before it begins"),
        ("0 9 -1 * *", "'' is no day of the month"),
        ("0 9 31 4,6 *", "there is no such day in any of these months"),
        ("0 9 30 feb *", "there is no such day in any of these months"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(line: str, told: str) -> None:
    assert told in (wrong_with(line) or "")
