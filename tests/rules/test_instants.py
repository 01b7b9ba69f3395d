"""Moments as they are written, and those that move with the clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from rules.instants import Relative, When, instant, settled

WHEN: TypeAdapter[Any] = TypeAdapter(When)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21T12:00",
        "2026-11-21 12:00:00",
        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.000000999Z",
        "2026-11-21T14:00+02",
        "2026-11-21T14:00+0200",
        "2026-11-21T17:45:00.0+05:45",
        datetime(2026, 11, 21, 12, tzinfo=UTC),
    ],
)
def test_a_moment_is_read(written: object) -> None:
    assert instant(written) == NOON


@pytest.mark.parametrize("written", ["2026-11-21", date(2026, 11, 21)])
def test_a_date_is_its_midnight_in_utc(written: object) -> None:
    assert instant(written) == NOON - timedelta(hours=12)


@pytest.mark.parametrize(
    "written",
    [
        *("", "soon", "20261121", "2026-W47-6", "2026-325", "2026-1-2", "2026-02-29", "0999-01-01", " 2026-11-21"),
        *("2026-11-21\n", "2026-11-21T12", "2026-11-21T24:00", "2026-11-21T12:00:60", "2026-11-21T12:00,5"),
        *(
            "2026-11-21T12:00+16:00",
            "2026-11-21t12:00z",
            "\uff12\uff10\uff12\uff16-11-21",
            20261121,
            1.5,
            None,
            True,
            [],
        ),
    ],
)
def test_what_is_no_moment_is_none(written: object) -> None:
    assert instant(written) is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("now", NOON),
        ("30d ago", NOON - timedelta(days=30)),
        ("in 1h30m", NOON + timedelta(hours=1, minutes=30)),
        ("2026-11-21T14:00:00+02:00", NOON),
        (date(2026, 11, 21), NOON - timedelta(hours=12)),
    ],
)
def test_what_an_author_writes_is_settled_against_the_clock(written: object, moment: datetime) -> None:
    assert settled(WHEN.validate_python(written), NOON) == moment


@pytest.mark.parametrize("written", ["now", "30d ago", "in 10d", "2026-12-24T00:00:00Z"])
def test_it_is_written_as_it_was_read(written: str) -> None:
    assert WHEN.dump_python(WHEN.validate_python(written)) == written


@pytest.mark.parametrize("written", ["later", "in a while", "5 ago", "-3d ago", 5])
def test_what_an_author_may_not_write(written: object) -> None:
    with pytest.raises(ValidationError, match="is no d"):
        WHEN.validate_python(written)


def test_a_moment_that_moves_is_told_shortly() -> None:
    told = [str(Relative(offset=timedelta(days=days))) for days in (-30, 0, 7)]
    assert told == ["30d ago", "now", "in 1w"]
