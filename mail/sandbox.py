"""The Jinja environments of letters: sandboxed, strict about what is missing, bounded in what they make."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mail.filters import date, mailto_link, mailto_text, money, number, safe_url
from mail.translations import Language

LANGUAGE = "_language"
"""The name in the context that holds the `Language` of the letter."""

Made = TypeVar("Made", bound=Environment)

OUTPUT_CAP = 512 * 1024
LONGEST_RANGE = 1000

# `lipsum`, `cycler`, `joiner` and `namespace` have no place in a letter, and the first makes text without end.
_REMOVED_GLOBALS = ("lipsum", "cycler", "joiner", "namespace")
# A retry must render the same bytes (`random`); one `safe` on a first name is an injection; the others make text of any
# length out of one number.
_REMOVED_FILTERS = ("random", "safe", "format", "center", "indent", "pprint", "urlize", "xmlattr")
_REPEATABLE = (str, bytes, list, tuple)
_PADDING_METHODS = frozenset({"center", "expandtabs", "ljust", "rjust", "zfill"})


class OutputTooLarge(Exception):
    """More than `OUTPUT_CAP` bytes came out of one part of a letter."""


class Missing(StrictUndefined):
    """A name that the context lacks; any use of it raises `UndefinedError` whose message is that name."""

    @property
    def _undefined_message(self) -> str:
        return self._undefined_hint or str(self._undefined_name)


class LetterEnvironment(ImmutableSandboxedEnvironment):
    """What an author may do in a letter: read data, loop, compare and format; nothing that grows without bound."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply and divide numbers only: on text and lists these operators make a gigabyte out of one number."""
        if operator == "**" or isinstance(left, _REPEATABLE) or isinstance(right, _REPEATABLE):
            raise SecurityError(f"`{operator}` is for plain numbers")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse, beside what the sandbox refuses, the methods that pad text to any length."""
        return attr not in _PADDING_METHODS and super().is_safe_attribute(obj, attr, value)


def html_environment() -> LetterEnvironment:
    """Return the environment of the HTML part: autoescaped, without files (MJML is composed and compiled before)."""
    environment = _furnished(LetterEnvironment(autoescape=True, undefined=Missing))
    environment.filters["mailto"] = mailto_link
    return translating(environment)


def text_environment(folder: Path) -> LetterEnvironment:
    """Return the environment of subjects and text parts: nothing is escaped; includes come from `folder`."""
    environment = _furnished(LetterEnvironment(autoescape=False, undefined=Missing, loader=FileSystemLoader(folder)))
    environment.filters["mailto"] = mailto_text
    return translating(environment)


def composing_environment(folder: Path) -> LetterEnvironment:
    """Return the environment that puts MJML files together; see `mail.rendering` for its delimiters."""
    environment = LetterEnvironment(
        autoescape=False,
        undefined=Missing,
        loader=FileSystemLoader(folder),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[=",
        variable_end_string="=]",
        comment_start_string="[#",
        comment_end_string="#]",
    )
    environment.globals["_"] = _postponed
    return _furnished(environment)


def render_capped(template: Template, context: Mapping[str, object]) -> str:
    """Render `template`, and raise `OutputTooLarge` as soon as its output passes `OUTPUT_CAP`."""
    chunks: list[str] = []
    size = 0
    for chunk in template.generate(context):
        size += len(chunk.encode("utf-8", "replace"))
        if size > OUTPUT_CAP:
            raise OutputTooLarge(f"more than {OUTPUT_CAP // 1024} kB")
        chunks.append(chunk)
    return "".join(chunks)


def _furnished(environment: LetterEnvironment) -> LetterEnvironment:
    for name in _REMOVED_GLOBALS:
        del environment.globals[name]
    for name in _REMOVED_FILTERS:
        del environment.filters[name]
    environment.globals["range"] = _short_range
    environment.filters |= {
        name: _local(write) for name, write in (("money", money), ("number", number), ("date", date))
    }
    environment.filters["safe_url"] = safe_url
    return environment


def _local(write: Callable[..., str]) -> Callable[..., str]:
    """A filter that writes in the locale of the letter."""

    @pass_context
    def written(context: Context, *arguments: object, **named: object) -> str:
        return write(_language(context).locale, *arguments, **named)

    return written


def translating(environment: Made) -> Made:
    """Add `{% trans %}` and `_()`. One compiled letter serves all languages: they look messages up for each contact."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    extended: Any = environment  # the extension has added a method
    extended.install_gettext_callables(_gettext, _ngettext, newstyle=True)
    return environment


def _language(context: Context) -> Language:
    language: Language = context[LANGUAGE]
    return language


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _language(context).messages.gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, count: int) -> str:
    return _language(context).messages.ngettext(singular, plural, count)


def _postponed(message: str) -> str:
    """While a letter is put together nobody's language is known: leave the look-up to when it is written."""
    return f"{{{{ _({json.dumps(message, ensure_ascii=False)}) }}}}"


def _short_range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > LONGEST_RANGE:
        raise SecurityError(f"a range of more than {LONGEST_RANGE} numbers")
    return numbers
