"""Durations as authors write them: `30s`, `45m`, `12h`, `3d`, `2w`, and sums such as `1d12h`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST = timedelta(days=36_525)
WRITTEN = "([0-9]{1,6}[wdhms])+"
"""What a duration looks like."""

_WORDS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}


def parse(text: object) -> timedelta:
    """Turn `3d` into three days. Raises ValueError that shows what to write."""
    if isinstance(text, timedelta):
        return text
    if isinstance(text, str) and re.fullmatch(WRITTEN, text):
        parts = re.findall(r"(\d+)([wdhms])", text)
        seconds = sum(int(number) * _SECONDS[unit] for number, unit in parts)
        if seconds > _LONGEST.total_seconds():
            raise ValueError(f"{text!r} is more than a hundred years")
        return timedelta(seconds=seconds)
    raise ValueError(f"{text!r} is no duration; write a number and s, m, h, d or w, such as '3d' or '1d12h'")


def _parts(value: timedelta) -> list[tuple[int, str]]:
    rest, parts = int(value.total_seconds()), []
    for unit, size in _SECONDS.items():
        # Only a whole number of weeks is told in weeks: people say "10 days", not "1 week 3 days".
        if unit == "w" and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append((count, unit))
    return parts or [(0, "s")]


def render(value: timedelta) -> str:
    """The shortest way to write the duration; `parse` reads it back."""
    return "".join(f"{count}{unit}" for count, unit in _parts(value))


def spell(value: timedelta) -> str:
    """The duration in words, such as `1 day 12 hours`."""
    return " ".join(f"{count} {_WORDS[unit]}{'s' * (count != 1)}" for count, unit in _parts(value))


Duration = Annotated[
    timedelta,
    BeforeValidator(parse, json_schema_input_type=Annotated[str, Field(pattern=f"^{WRITTEN}$")]),
    PlainSerializer(render, return_type=str),
]


def parse_offset(text: object) -> timedelta:
    """Turn `3d` into three days after, and `-3d` into three days before. Raises ValueError that shows what to write."""
    if isinstance(text, str) and text.startswith("-"):
        return -parse(text.removeprefix("-"))
    return parse(text)


def render_offset(value: timedelta) -> str:
    """The shortest way to write the offset; `parse_offset` reads it back."""
    return f"-{render(-value)}" if value < timedelta(0) else render(value)


def spell_offset(value: timedelta) -> str:
    """The offset in words, such as `3 days before`."""
    return f"{spell(-value)} before" if value < timedelta(0) else f"{spell(value)} after"


Offset = Annotated[
    timedelta,
    BeforeValidator(parse_offset, json_schema_input_type=Annotated[str, Field(pattern=f"^-?{WRITTEN}$")]),
    PlainSerializer(render_offset, return_type=str),
]
"""So long after something, or (with a minus) before it."""
