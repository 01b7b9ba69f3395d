"""The languages of letters: their messages out of `.po` files (gettext), their dates and sums by locale (CLDR).

`locale/<language>/LC_MESSAGES/*.po` are read as they are, when a process starts; nothing is compiled beforehand. What
is written in the letters themselves is English, so English needs no file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations as Messages

SOURCE = "en"
"""The language in which letters are written."""

DOMAIN = "letters"
"""The name of the `.po` files."""

# English that names no country is written as in Britain, the day before the month, as everywhere but in America.
_UNPLACED = {SOURCE: Locale(SOURCE, "GB")}


class TranslationBroken(Exception):
    """A `.po` file cannot be read; the message names the file and the line."""


@dataclass(frozen=True)
class Language:
    """One language of letters: its tag (RFC 5646), the locale of dates and sums, and its messages."""

    tag: str
    locale: Locale
    messages: NullTranslations


class Translations:
    """All languages of a folder, each with the messages of all its files. Without a folder there is English alone."""

    def __init__(self, folder: Path | None = None) -> None:
        self._messages: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
        for path in catalogues(folder, "*") if folder else ():
            read, language = _read(path), path.parts[-3]
            known = self._messages.get(language)
            self._messages[language] = known.merge(read) if isinstance(known, Messages) else read

    def choose(self, *wanted: object) -> Language:
        """The first of the wanted locales (`sv-FI`, `sv_SE.UTF-8`, None for not known) that there are messages in."""
        for told in wanted:
            locale = _locale(told) if isinstance(told, str) else None
            messages = self._spoken(locale) if locale else None
            if locale and messages:
                return Language(str(locale).replace("_", "-"), _UNPLACED.get(str(locale), locale), messages)
        return Language(SOURCE, _UNPLACED[SOURCE], self._messages[SOURCE])

    def _spoken(self, locale: Locale) -> NullTranslations | None:
        return self._messages.get(str(locale)) or self._messages.get(locale.language)


def catalogues(folder: Path, domain: str) -> Iterator[Path]:
    """The `.po` files of a domain (`*`: of all), one a language."""
    yield from sorted(folder.glob(f"*/LC_MESSAGES/{domain}.po"))


def _read(path: Path) -> Messages:
    compiled = BytesIO()
    try:
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=path.parts[-3], abort_invalid=True))
    except (PoFileError, UnknownLocaleError, ValueError) as error:
        raise TranslationBroken(f"{path}: {error}") from error
    compiled.seek(0)
    return Messages(compiled)


@lru_cache(maxsize=1024)
def _locale(told: str) -> Locale | None:
    """The locale that a shop tells in one of the many ways to write it; None when it is none."""
    name = re.split(r"[.,;@]", told.strip(), maxsplit=1)[0]
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return None
