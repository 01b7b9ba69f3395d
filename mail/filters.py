"""The filters of letters: money, dates and links, in the language of the letter. What does not fit raises `Unfit`."""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from urllib.parse import urlsplit

from babel import Locale, dates, numbers
from markupsafe import Markup

_SCHEMES = frozenset({"http", "https", "mailto"})
_STYLES = ("long", "short", "weekday", "month", "time", "iso")
_SKELETONS = {"weekday": "MMMMEEEEd", "month": "yMMMM"}


class Unfit(ValueError):
    """A filter was given what it cannot write; the message tells the author, without the value."""


def money(locale: Locale, amount: object, currency: str) -> str:
    """Return an amount (number or numeric text) as people there write it: `€1,234.50`, `1 234,50 €`, `199,00 kr`."""
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Unfit("money needs a currency of three letters")
    code = currency.upper()
    cent = Decimal(1).scaleb(-numbers.get_currency_precision(code))
    value = _decimal(amount).quantize(cent, ROUND_HALF_UP)
    written = numbers.format_currency(value if value else abs(value), code, locale=locale)
    # CLDR's `alphaNextToNumber`, which Babel leaves out: a code of letters does not touch the figures.
    return re.sub(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", "\N{NO-BREAK SPACE}", written)


def number(locale: Locale, amount: object) -> str:
    """Return a number with the signs that people there part thousands and decimals by."""
    return numbers.format_decimal(_decimal(amount), locale=locale)


def date(locale: Locale, moment: object, style: str = "long") -> str:
    """Return a date, datetime or ISO 8601 text in one of the styles long, short, weekday, month, time, iso.

    A datetime is shown in the zone that it carries: the caller hands in the contact's own time.
    """
    if style not in _STYLES:
        raise Unfit(f"date has no style {style!r}; there are {', '.join(_STYLES)}")
    if isinstance(moment, str):
        moment = _parsed(moment)
    if not isinstance(moment, datetime.date):
        raise Unfit("date needs a date, a datetime or ISO 8601 text")
    if style == "iso":
        return f"{moment:%Y-%m-%d}"
    if style == "time":
        return _time(locale, moment)
    if style in _SKELETONS:
        return dates.format_skeleton(_SKELETONS[style], _midday(moment), locale=locale)
    return dates.format_date(moment, "long" if style == "long" else "medium", locale=locale)


def _time(locale: Locale, moment: datetime.date) -> str:
    if not isinstance(moment, datetime.datetime):
        raise Unfit("a date without a clock has no time")
    return dates.format_time(moment.time(), "short", locale=locale)


def _midday(moment: datetime.date) -> datetime.datetime:
    """The day as a moment that no time zone moves to another day."""
    return datetime.datetime(moment.year, moment.month, moment.day, 12, tzinfo=datetime.UTC)


def _decimal(amount: object) -> Decimal:
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.adjusted() > 20:
        raise Unfit("a number is needed here")
    return value


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


def mailto_link(address: object) -> Markup:
    """Return the address as a link that opens a new mail: for the HTML part."""
    return Markup('<a href="{}">{}</a>').format(safe_url(f"mailto:{address}"), address)


def mailto_text(address: object) -> str:
    """Return the address as it is: for subjects and the text part."""
    return safe_url(f"mailto:{address}").removeprefix("mailto:")
