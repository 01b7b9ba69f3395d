"""The filters of letters: what they write, and what they refuse."""

from datetime import UTC, date, datetime

import pytest

from mail.rendering import (
    ValueUnfit,
)
from tests.mail.letter_folder import Write, written


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1234.5 | money('EUR')", "€1,234.50"),
        ("'1234.555' | money('usd')", "US$1,234.56"),
        ("-5 | money('GBP')", "-£5.00"),
        ("-0.001 | money('GBP')", "£0.00"),
        ("199 | money('SEK')", "SEK\xa0199.00"),
        ("1200 | money('JPY')", "JP¥1,200"),
        ("when | date", "21 November 2026"),
        ("when | date('short')", "21 Nov 2026"),
        ("when | date('weekday')", "Saturday 21 November"),
        ("when | date('month')", "November 2026"),
        ("when | date('time')", "09:05"),
        ("when | date('iso')", "2026-11-21"),
        ("day | date", "1 February 2027"),
        ("'2026-11-21T09:05:00+02:00' | date('time')", "09:05"),
        ("'mailto:a@b.example' | safe_url", "mailto:a@b.example"),
        ("' https://å.example/ö?q=1 ' | safe_url", "https://å.example/ö?q=1"),
    ],
)
def test_a_filter_writes(write: Write, expression: str, expected: str) -> None:
    context = {"when": datetime(2026, 11, 21, 9, 5, tzinfo=UTC), "day": date(2027, 2, 1)}
    assert written(write, text=f"{{{{ {expression} }}}}", context=context).text == expected


@pytest.mark.parametrize(
    "expression",
    [
        "'x' | money('EUR')", "none | money('EUR')", "'NaN' | money('EUR')", "1 | money('EURO')", "1 | money('')",
        "'x' | date", "5 | date", "none | date", "'2026-11-21' | date('long ago')", "day | date('time')",
        "'javascript:alert(1)' | safe_url", "'JaVaScript:alert(1)' | safe_url", "'java\nscript:x' | safe_url",
        "'//x.example' | safe_url", "'/path' | safe_url", "'https:' | safe_url", "'data:text/html,x' | safe_url",
        "'https://x.example/a b' | safe_url", "'' | safe_url", "none | safe_url", "'http://[' | safe_url",
        "'mailto:' | safe_url", "'\x01javascript:x' | safe_url",
    ],
)  # fmt: skip
def test_a_filter_refuses(write: Write, expression: str) -> None:
    with pytest.raises(ValueUnfit):
        written(write, text=f"{{{{ {expression} }}}}", context={"day": date(2027, 2, 1)})
