"""MJML to HTML, once per letter, with the Jinja that runs for each contact carried through unharmed.

MJML never sees Jinja: each `{{ ... }}` and `{% ... %}` becomes an inert word before the compilation and comes back
after it. Quotes, `<` and `&` in expressions are therefore free, and a tag that MJML would drop in silence is found.
"""

import re
from html.parser import HTMLParser

from mjml import mjml2html

_TEXT = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_JINJA = re.compile(rf"\{{\{{(?:{_TEXT}|.)*?\}}\}}|\{{%(?:{_TEXT}|.)*?%\}}|\{{#.*?#\}}", re.DOTALL)
_WORD = re.compile(r"jnj(\d{5})jnj")
_LEFT_OVER = re.compile(r"<(mj-[a-z-]+)")


class MarkupBroken(Exception):
    """The MJML cannot be compiled; `line` counts in the composed source, None where MJML does not tell."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def to_html(source: str) -> str:
    """Compile composed MJML, Jinja inside; raise `MarkupBroken`."""
    _check_nesting(source)
    tags: list[re.Match[str]] = []
    html = _compiled(_JINJA.sub(lambda tag: _shield(tag, tags), source))
    if unknown := _LEFT_OVER.search(html):
        raise MarkupBroken(f"MJML knows no <{unknown[1]}> here", _line_of(source, source.find(unknown[0])))
    _check_kept(html, tags, source)
    return _WORD.sub(lambda word: tags[int(word[1])][0], html)


def _compiled(source: str) -> str:
    try:
        # Without `fonts={}` MJML would fetch web fonts from a third party, telling it who opens letters.
        return mjml2html(source, disable_comments=True, fonts={})
    except ValueError as error:
        raise MarkupBroken(f"MJML: {error}") from error


def _shield(tag: re.Match[str], tags: list[re.Match[str]]) -> str:
    if tag[0].startswith("{#"):
        return ""
    tags.append(tag)
    return f"jnj{len(tags) - 1:05}jnj"


def _check_kept(html: str, tags: list[re.Match[str]], source: str) -> None:
    """Raise if MJML dropped a tag of the body; in the head it may (defaults of elements that the letter lacks)."""
    kept = {int(word[1]) for word in _WORD.finditer(html)}
    body = source.find("<mj-body")
    for number, tag in enumerate(tags):
        if number not in kept and tag.start() > body:
            advice = f"MJML drops {tag[0]} here; put it into <mj-raw>, into text, or into an attribute that MJML knows"
            raise MarkupBroken(advice, _line_of(source, tag.start()))


def _line_of(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1


def _check_nesting(source: str) -> None:
    """Raise at the first MJML element that is not closed, with its line: the compiler itself tells no place."""
    nesting = _Nesting()
    nesting.feed(_JINJA.sub(lambda tag: re.sub(r"[^\n]", " ", tag[0]), source))
    nesting.close()
    if nesting.open:
        name, line = nesting.open[-1]
        raise MarkupBroken(f"<{name}> is never closed", line)


class _Nesting(HTMLParser):
    """The MJML elements that are open; HTML between them is left to the compiler."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("mj"):
            self.open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing is left open by `<mj-divider />`."""

    def handle_endtag(self, tag: str) -> None:
        if not tag.startswith("mj"):
            return
        if not self.open or self.open[-1][0] != tag:
            inside = f" inside <{self.open[-1][0]}>" if self.open else ""
            raise MarkupBroken(f"</{tag}> closes nothing{inside}", self.getpos()[0])
        self.open.pop()
