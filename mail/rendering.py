"""Letters from their folders: `templates/<letter>/{subject.txt, body.mjml, body.txt}`, and the shared `_base/`.

Two things happen at two times, with two kinds of delimiters:

- Once per letter: `[% extends "_base/layout.mjml" %]`, `[% block body %]`, `[% include %]`, `[% macro %]`, `[= ... =]`
  and `[# ... #]` put MJML files together, before MJML is compiled to HTML. No contact is at hand here.
- Once per contact: `{{ ... }}`, `{% if %}`, `{% for %}` in what was compiled. Between MJML elements they stand in
  `<mj-raw>`; inside texts, tables and attributes they stand as they are.

Subjects and text parts need no compilation: they use `{{ }}` and `{% %}` for everything, includes too.

The language is chosen once per contact: `{% trans %}` and `_()` look up messages, filters write by locale.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError

from mail.filters import Unfit
from mail.markup import MarkupBroken, to_html
from mail.reading import Message, full_name, joins_files, locate, messages_of, variables_of
from mail.sandbox import (
    LANGUAGE,
    OutputTooLarge,
    composing_environment,
    html_environment,
    render_capped,
    text_environment,
)
from mail.translations import SOURCE, Translations

LOCALES, LOCALE = "locales", "locale"
"""The context's wishes for a language, the best one first; and, for letters, the tag of the one that was chosen."""

_BY_VALUE = "_base/topics.txt"
_WIDTH = 76

# LetterError
# ├── LetterNotFound      no such folder
# ├── LetterBroken        syntax, MJML, a missing part, or an operation that no data makes right
# ├── VariableMissing     the context lacks what the letter reads
# ├── ValueUnfit          a filter was given what it cannot write
# └── LetterTooLarge      a part passes the cap


class LetterError(Exception):
    """A letter cannot be rendered. Messages name files and variables, never a contact's data."""


class LetterNotFound(LetterError):
    """There is no folder of that name."""

    def __init__(self, letter: str) -> None:
        super().__init__(f"there is no letter {letter!r}")
        self.letter = letter


class LetterBroken(LetterError):
    """A letter's files are wrong, at `file` and, where known, `line`."""

    def __init__(self, message: str, file: str, line: int | None = None) -> None:
        super().__init__(f"{file}{f':{line}' if line else ''}: {message}")
        self.file = file
        self.line = line


class VariableMissing(LetterError):
    """The context lacks `variable`, which `letter` reads."""

    def __init__(self, letter: str, variable: str) -> None:
        super().__init__(f"letter {letter!r} reads {variable!r}, which is not given")
        self.letter = letter
        self.variable = variable


class ValueUnfit(LetterError):
    """A value of the context does not fit the filter that it meets."""


class LetterTooLarge(LetterError):
    """One part of the letter grew beyond what a mail may be."""


@dataclass(frozen=True)
class Content:
    """What one contact gets to read, and the tag of its language; `subject` is a single line."""

    subject: str
    html: str
    text: str
    language: str = SOURCE


@dataclass(frozen=True)
class _Compiled:
    """One letter, ready for any contact. `sources` are what each part was compiled from."""

    subject: Template
    html: Template
    text: Template
    sources: Mapping[str, str]
    variables: frozenset[str]


class Letters:
    """All letters of a folder, in all languages. Each is compiled at its first use and kept."""

    def __init__(self, folder: Path, translations: Translations | None = None) -> None:
        self._folder = folder
        self._translations = translations or Translations()
        self._composing = composing_environment(folder)
        self._html = html_environment()
        self._text = text_environment(folder)
        self._compiled: dict[str, _Compiled] = {}

    def names(self) -> list[str]:
        """Return the names of all letters, in order."""
        folders = (path for path in self._folder.iterdir() if path.is_dir())
        return sorted(path.name for path in folders if not path.name.startswith(("_", ".")))

    def variables(self, letter: str) -> frozenset[str]:
        """Return the top-level names that `letter` reads from its context."""
        return self._get(letter).variables

    def messages(self, letter: str) -> Iterator[Message]:
        """Yield the messages of a letter that are to be translated, those of shared files too."""
        for source in self._get(letter).sources.values():
            yield from messages_of(self._text, source)

    def looked_up(self) -> Iterator[tuple[str, Message]]:
        """Yield the messages that letters look up by a value, such as the names of topics: `_(topic)`."""
        path = self._folder / _BY_VALUE
        for message in messages_of(self._text, path.read_text(encoding="utf-8")) if path.exists() else ():
            yield _BY_VALUE, message

    def render(self, letter: str, context: Mapping[str, object]) -> Content:
        """Write `letter` for one contact, in the first of its `locales` that is spoken here; raise a `LetterError`."""
        compiled = self._get(letter)
        wanted = context.get(LOCALES)
        language = self._translations.choose(*(wanted if isinstance(wanted, Iterable) else ()))
        context = {**context, LOCALE: language.tag, LANGUAGE: language}
        subject = self._part(letter, "subject.txt", compiled.subject, context)
        html = self._part(letter, "body.mjml", compiled.html, context)
        text = self._part(letter, "body.txt", compiled.text, context)
        return Content(_one_line(subject), html, _folded(text), language.tag)

    def _part(self, letter: str, part: str, template: Template, context: Mapping[str, object]) -> str:
        try:
            return render_capped(template, context)
        except UndefinedError as error:
            source = self._compiled[letter].sources[part]
            raise VariableMissing(letter, full_name(self._text, source, str(error.message))) from error
        except OutputTooLarge as error:
            raise LetterTooLarge(f"{letter}/{part}: {error}") from error
        except Unfit as error:
            raise ValueUnfit(f"{letter}/{part}: {error}") from error
        except TemplateError as error:
            raise LetterBroken(str(error), f"{letter}/{part}") from error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            # Python's own words may quote the value, which may be a contact's: only their kind is told.
            raise LetterBroken(f"{type(error).__name__} while rendering", f"{letter}/{part}") from error

    def _get(self, letter: str) -> _Compiled:
        if letter not in self._compiled:
            if letter not in self.names():
                raise LetterNotFound(letter)
            self._compiled[letter] = self._compile(letter)
        return self._compiled[letter]

    def _compile(self, letter: str) -> _Compiled:
        try:
            subject, text = (self._text.get_template(f"{letter}/{part}") for part in ("subject.txt", "body.txt"))
            composed = self._composing.get_template(f"{letter}/body.mjml").render()
            html = self._compile_html(letter, composed)
            texts = {part: self._source(letter, part) for part in ("subject.txt", "body.txt")}
            sources = {"body.mjml": composed, **texts}
            names = (variables_of(self._text, source, f"{letter}/{part}") for part, source in sources.items())
            return _Compiled(subject, html, text, sources, frozenset().union(*names) - {LOCALE})
        except TemplateSyntaxError as error:
            raise LetterBroken(str(error.message), error.name or letter, error.lineno) from error
        except TemplateNotFound as error:
            raise LetterBroken("there is no such file", str(error.name)) from error
        except (TemplateError, TypeError, ValueError) as error:
            raise LetterBroken(f"while composing: {error}", f"{letter}/body.mjml") from error

    def _compile_html(self, letter: str, composed: str) -> Template:
        try:
            if line := joins_files(self._html.parse(composed)):
                raise MarkupBroken("MJML files are put together by [% %], before a contact is known", line)
            self._html.compile(composed)  # for the line of a mistake: what MJML makes has other lines
            return self._html.from_string(to_html(composed))
        except TemplateSyntaxError as error:
            place = locate(self._folder, f"{letter}/body.mjml", composed, error.lineno)
            raise LetterBroken(str(error.message), *place) from error
        except MarkupBroken as error:
            raise LetterBroken(
                str(error), *locate(self._folder, f"{letter}/body.mjml", composed, error.line)
            ) from error

    def _source(self, letter: str, part: str) -> str:
        return (self._folder / letter / part).read_text(encoding="utf-8")


def _one_line(text: str) -> str:
    """Fold every run of blanks and control characters: a name may carry a line break, a subject may not."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def _folded(text: str) -> str:
    """Break lines where every reader shows them whole, and leave one blank line where there are several."""
    lines = (broken for line in text.splitlines() for broken in _broken(line.rstrip()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _broken(line: str) -> list[str]:
    """The line in pieces; links stay whole, however long they are, and items of lists stay set in."""
    if len(line) <= _WIDTH:
        return [line]
    indent = re.match(r"\s*(\* )?", line)
    return wrap(
        line,
        _WIDTH,
        subsequent_indent=" " * (indent.end() if indent else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )
