"""The manual of the language, as Markdown: made of the models, so that it says what they do."""

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from rules import patterns, values
from rules.conditions import Comparison
from rules.manual.chapter import Chapter, Entry
from rules.manual.conditions import CONDITIONS
from rules.manual.journeys import JOURNEYS
from rules.manual.policies import POLICIES
from rules.meanings import meanings
from rules.steps import Step

_BEGINNING = """\
# The language of journeys

<!-- Made of the models by `kundresa language`. Edit rules/manual/ and rules/meanings.py, then write it anew. -->

What a shop wants to happen stands in short YAML files that marketers and developers write and review together:
journeys, segments, policies and coupons. `kundresa check` reads them all and tells every mistake at once, with its line
and what to write instead; `kundresa draw` shows a journey as a picture; `kundresa plan` tells what a change would do.

## How to write

- **A file holds one thing**, named like the file: `journeys/welcome.yaml` begins with `journey: welcome`. Names are
  lower-case letters, digits and hyphens.
- **Durations** are numbers with `s`, `m`, `h`, `d` or `w`: `45m`, `3d`, `1d12h`.
- **Dates** are `2026-12-24` or `2026-12-24T18:00:00+02:00`; dates that move with the clock are `now`, `30d ago` and
  `in 7d`. A date without a time is its midnight, and a time without an offset is in UTC.
- **Times of day** are `"09:30"`, on the clock where the contact lives, else where the shop is.
- **A list of one** may be written as its entry: `event: Order Completed`.
- **Nothing is guessed**: `no` is a text, `5` is a number, `"5"` is a text, `true` and `false` are neither. Anchors,
  tags and keys that are written twice are mistakes.
- **Events** are called as in the Segment specs, `Order Completed`, and words of our own are lower-case.

In the tables, keys that must be written are **bold**.
"""

CHAPTERS = (*JOURNEYS, *CONDITIONS, *POLICIES)
_KEY_AND_ID = 2

_PLACES = {
    "patterns are those of `patterns.py`": "see [patterns](#patterns)",
    "moment (`instants.py`)": "date ([how to write](#how-to-write))",
}
"""Where the manual tells what the code has in modules."""

_END = """\
## Mistakes and warnings

`kundresa check` looks at all files together: at their shape, at their sense, and at what they refer to. A file with a
**mistake** is not published and keeps none of the others from it; a **warning** is told, and the file is used. Among
what is found: steps that nobody comes to, ways of a branch that nobody takes, conditions that contradict themselves,
waits that outlast the journey's `limit`, rounds without a pause, names of what is not there, segments that rest on
themselves, journeys that start each other in a circle, letters that show a coupon which is not given, marketing
letters without a topic, and more letters in a week than anybody wants.

```text
journeys/cart.yaml:12: steps > #2 > send: there is no letter 'cart-reminde'; did you mean 'cart-reminder'?
```

## In an editor

`kundresa schema journey` prints a JSON Schema (also of a `segment`, `stages`, `pacing` or `coupon`). With the YAML
extension of VS Code (yaml-language-server), write it into a file once, and name that file in the first line of yours:

```sh
kundresa schema journey > journey.schema.json
```

```text
# yaml-language-server: $schema=../journey.schema.json
```

The editor then completes keys, explains them, and underlines what is wrong as you type.
"""


def manual(files: Mapping[str, str]) -> str:
    """The whole manual; `files` are those that ship, by paths such as `journeys/welcome.yaml`."""
    chapters = "\n".join("\n".join(_chapter(chapter, files)) for chapter in CHAPTERS)
    return f"{_BEGINNING}\n{chapters}\n{_END}"


def _chapter(chapter: Chapter, files: Mapping[str, str]) -> Iterator[str]:
    yield f"## {chapter.heading}\n{chapter.words}"
    if chapter.file in files:
        yield _block(files[chapter.file])
    for entry in chapter.entries:
        yield from _entry(entry)
    if chapter.compares:
        yield from _comparisons()


def _entry(entry: Entry) -> Iterator[str]:
    yield f"### {entry.heading}\n"
    yield f"{_said(entry.form)}\n"
    if entry.example:
        yield _block(entry.example)
    # A step that has its key alone is told by its parts.
    if not (entry.parts and issubclass(entry.form, Step) and len(meanings(entry.form)) == _KEY_AND_ID):
        yield from _table(entry.form)
    for part in entry.parts:
        yield f"{_said(part)}\n"
        yield from _table(part)


def _said(form: type[BaseModel]) -> str:
    """The docstring of a form, paragraph by paragraph."""
    lines = (line.strip() for line in (form.__doc__ or "").strip().splitlines())
    return "\n".join(lines)


def _table(form: type[BaseModel]) -> Iterator[str]:
    required = {field.alias or name for name, field in form.model_fields.items() if field.is_required()}
    explained = meanings(form)
    if issubclass(form, Comparison) and form is not Comparison:
        explained = {key: explained[key] for key in form.__annotations__}
    keys = [key for key in explained if key != "id"]
    yield "| key | meaning |"
    yield "|---|---|"
    for key in sorted(keys, key=lambda key: key not in required):
        name = f"**`{key}`**" if key in required else f"`{key}`"
        yield f"| {name} | {explained[key]} |"
    yield ""
    if issubclass(form, Comparison) and form is not Comparison:
        yield "Beside it stand one or more [comparisons](#comparisons).\n"


def _comparisons() -> Iterator[str]:
    """The table of what comparisons mean, which stands beside the code that they mean it by."""
    yield "### What a value must be\n"
    told = values.__doc__ or ""
    for module, place in _PLACES.items():
        told = told.replace(module, place)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in told.splitlines() if line.startswith("|")]
    whole: list[list[str]] = []
    for row in rows:
        if row[0]:
            whole.append(row)
        else:  # the line before goes on
            whole[-1] = [" ".join(filter(None, pair)) for pair in zip(whole[-1], row, strict=True)]
    for written, holds, never in whole:
        if written.startswith("-"):
            yield "|---|---|---|"
        else:
            yield f"| {_quoted(written)} | {holds} | {never} |"
    yield ""
    yield told.rpartition("|\n")[2].strip() + "\n"
    yield f"### Patterns\n\n{(patterns.__doc__ or '').partition('.')[0]}.\n"
    yield (patterns.__doc__ or "").partition("\n\n")[2].strip() + "\n"


def _quoted(cell: str) -> str:
    return cell if cell == "written" else re.sub(r"[a-z_]+(: (?:true|false))?", lambda key: f"`{key[0]}`", cell)


def _block(text: str) -> str:
    return f"```yaml\n{text.strip()}\n```\n"
