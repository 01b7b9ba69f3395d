r"""The patterns of `matches`: those that mean the same to Python and to PostgreSQL, and take no endless time.

Allowed are characters, `.`, `^`, `$`, `[...]`, `(...)`, `(?:...)`, `|`, the repetitions `*`, `+`, `?`, `{n}`, `{n,}`,
`{n,m}` (also with `?` behind), the escapes `\d \D \w \W \s \S \b \n \r \t`, escaped punctuation, and `(?i)` at the
beginning. Classes are of ASCII alone, `.` and `[^...]` are any character, `$` is the very end. What is repeated holds
no repetition and no alternative: such patterns can search for longer than anybody waits.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

LONGEST: Final = 200
_MOST_REPEATED: Final = 255
_PUNCTUATION = re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
_CHARACTER = r"[^\\\[\]{}()*+?^$|.\x00\ud800-\udfff]"
_TOKEN = re.compile(
    rf"""
    (?P<escape>\\[dDwWsSbnrt] | \\[{_PUNCTUATION}])
    | (?P<set>\[\^?(?:\\[dwsnrt] | \\[{_PUNCTUATION}] | [^\\\[\]\x00\ud800-\udfff])+\])
    | (?P<open>\((?:\?:)?(?!\?))
    | (?P<close>\))
    | (?P<either>\|)
    | (?P<repeat>(?:[*+?] | \{{\d{{1,3}}(?:,\d{{0,3}})?\}})\??)
    | (?P<anchor>[\^$])
    | (?P<any>\.)
    | (?P<character>{_CHARACTER})
    """,
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(r"\\.|.", re.DOTALL)


def portable(pattern: str) -> str | None:
    """Why the pattern is not allowed; None when it is."""
    if len(pattern) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    fault = _Reader().read(pattern.removeprefix("(?i)"))
    if fault is None:
        try:
            _python(pattern)
        except re.error as error:
            return str(error)
    return fault


@lru_cache(maxsize=4_096)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern as Python understands it; None when it is not portable: then it is found nowhere."""
    return None if portable(pattern) else _python(pattern)


def _python(pattern: str) -> re.Pattern[str]:
    flags = re.ASCII | re.DOTALL | (re.IGNORECASE if pattern.startswith("(?i)") else re.NOFLAG)
    translated = (r"\Z" if piece == "$" else piece for _, piece in _tokens(pattern.removeprefix("(?i)")))
    return re.compile("".join(translated), flags)


def as_sql(pattern: str) -> str | None:
    """The pattern as PostgreSQL understands it in the collation `C`; None when it is not portable."""
    if portable(pattern):
        return None
    prefix = "(?i)" if pattern.startswith("(?i)") else ""
    # A boundary of words is \y there, and \b a backspace.
    return prefix + "".join(r"\y" if piece == r"\b" else piece for _, piece in _tokens(pattern.removeprefix(prefix)))


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if found is None:
            yield "", pattern[place:]
            return
        yield str(found.lastgroup), found.group()
        place = found.end()


class _Reader:
    """Reads a pattern once, and remembers of each open group whether anything in it is repeated or an alternative."""

    def __init__(self) -> None:
        self._groups = [False]
        self._before = "begin"
        self._heavy = False

    def read(self, pattern: str) -> str | None:
        """The first fault."""
        for kind, piece in _tokens(pattern):
            if fault := self._take(kind, piece):
                return fault
            self._before = "anchor" if piece == r"\b" else kind
        return "a bracket is not closed" if len(self._groups) > 1 else None

    def _take(self, kind: str, piece: str) -> str | None:
        match kind:
            case "":
                return f"what begins with {piece[:10]!r} is not allowed in patterns"
            case "open":
                self._groups.append(False)
            case "close":
                return self._close()
            case "either":
                self._groups[-1] = True
            case "repeat":
                return self._repeat(piece)
            case "set":
                return _members(piece)
        return None

    def _close(self) -> str | None:
        if len(self._groups) == 1:
            return "a bracket is closed that was not opened"
        self._heavy = self._groups.pop()
        self._groups[-1] = self._groups[-1] or self._heavy
        return None

    def _repeat(self, piece: str) -> str | None:
        if self._before in ("begin", "open", "either", "repeat", "anchor"):
            return f"there is nothing before {piece!r} that could be repeated"
        if self._before == "close" and self._heavy and piece not in ("?", "??"):
            return f"what {piece!r} repeats holds a repetition or an alternative, and could search without end"
        if any(int(number) > _MOST_REPEATED for number in re.findall(r"\d+", piece)):
            return f"{piece!r} repeats more than {_MOST_REPEATED} times"
        self._groups[-1] = True
        return None


def _members(piece: str) -> str | None:
    members = _MEMBER.findall(piece.removeprefix("[").removeprefix("^").removesuffix("]"))
    for before, middle, after in zip(members, members[1:], members[2:], strict=False):
        if middle == "-" and (before[0] == "\\" or after[0] == "\\" or before > after):
            return f"{before}-{after} is no range of characters"
    doubled = [one for one, two in pairwise(members) if one == two and one in "&-|~"]
    return f"{doubled[0] * 2!r} stands in a set of characters" if doubled else None
