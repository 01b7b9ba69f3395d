"""The filters of letters: money, dates and links. What does not fit raises `Unfit`."""

import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
# ISO 4217 currencies without a minor unit that a shop is likely to meet.
_WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})
_SCHEMES = frozenset({"http", "https", "mailto"})
_DATE_FORMATS = {
    "long": "{day} {moment:%B} {year}",
    "short": "{day} {moment:%b} {year}",
    "weekday": "{moment:%A} {day} {moment:%B}",
    "month": "{moment:%B} {year}",
    "time": "{moment:%H:%M}",
    "iso": "{moment:%Y-%m-%d}",
}


class Unfit(ValueError):
    """A filter was given what it cannot write; the message tells the author, without the value."""


def money(amount: object, currency: str) -> str:
    """Return an amount (number or numeric text) as English writes it: `€1,234.50`, `SEK 99.00`, `JPY 1,200`."""
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Unfit("money needs a number and a currency of three letters")
    code = currency.upper()
    figures = f"{abs(value):,.{0 if code in _WHOLE else 2}f}"
    sign = "-" if value < 0 and figures.strip("0.,") else ""
    # A no-break space keeps code and figures on one line.
    return f"{sign}{_SYMBOLS.get(code, code + chr(0xA0))}{figures}"


def date(moment: object, style: str = "long") -> str:
    """Return a date, datetime or ISO 8601 text in one of the styles long, short, weekday, month, time, iso.

    A datetime is shown in the zone that it carries: the caller hands in the contact's own time.
    """
    if style not in _DATE_FORMATS:
        raise Unfit(f"date has no style {style!r}; there are {', '.join(_DATE_FORMATS)}")
    if isinstance(moment, str):
        moment = _parsed(moment)
    if not isinstance(moment, datetime.date):
        raise Unfit("date needs a date, a datetime or ISO 8601 text")
    if style == "time" and not isinstance(moment, datetime.datetime):
        raise Unfit("a date without a clock has no time")
    return _DATE_FORMATS[style].format(day=moment.day, year=moment.year, moment=moment)


def _parsed(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Unfit("date needs ISO 8601 text") from None


def safe_url(url: object) -> str:
    """Return `url` if it is an http, https or mailto link; autoescaping alone lets `javascript:` through."""
    text = str(url).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Unfit("safe_url needs a link that can be read") from None
    harmless = text.isprintable() and " " not in text and parts.scheme in _SCHEMES
    if not harmless or not (parts.netloc or (parts.scheme == "mailto" and parts.path)):
        raise Unfit("safe_url needs a full http, https or mailto link")
    return text
