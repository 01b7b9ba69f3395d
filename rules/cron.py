"""Lines of the calendar: the five fields of cron (minute, hour, day of month, month, weekday), and what they name."""

import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class _Field:
    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """The number that a word or digits mean. Raises ValueError."""
        if text.lower() in self.words:
            return self.words.index(text.lower()) + self.lowest
        if not re.fullmatch(r"[0-9]{1,2}", text) or not self.lowest <= int(text) <= self.highest:
            raise ValueError(f"{text!r} is no {self.name}; write {self.lowest} to {self.highest}, or '*'")
        return int(text)

    def numbers(self, text: str) -> frozenset[int]:
        """Every number that the field names: lists, ranges, and steps such as `*/15`. Raises ValueError."""
        return frozenset(number for part in text.split(",") for number in self._part(part))

    def _part(self, part: str) -> range:
        whole, slash, step = part.partition("/")
        if slash and not re.fullmatch(r"[1-9][0-9]?", step):
            raise ValueError(f"{part!r} is no {self.name}; write a step such as '*/15'")
        first, dash, last = whole.partition("-")
        if whole == "*":
            low, high = self.lowest, self.highest
        else:
            low = self.number(first)
            high = self.number(last) if dash else self.highest if slash else low
        if high < low:
            raise ValueError(f"{part!r} ends before it begins")
        return range(low, high + 1, int(step or 1))


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, _DAYS),
)


def wrong_with(line: str) -> str | None:
    """What is wrong with a line; None: nothing is."""
    fields = line.split()
    if len(fields) != len(_FIELDS):
        return f"{line!r} has {len(fields)} fields; write five: minute, hour, day, month and weekday, as '0 9 * * mon'"
    try:
        _, _, days, months, _ = (field.numbers(text) for field, text in zip(_FIELDS, fields, strict=True))
    except ValueError as error:
        return str(error)
    if fields[4] == "*" and min(days) > max(_LONGEST_MONTH[month - 1] for month in months):
        return "there is no such day in any of these months"
    return None
