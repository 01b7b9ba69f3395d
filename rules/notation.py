"""The YAML that authors write: plain values, each with its line.

A careful subset: scalars mean what they mean in JSON and everything else is text, so that `no`, `09:30`, `2026-01-01`
and `0123` are not guessed at. Anchors, aliases and tags are mistakes, and so are keys that are written twice.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from rules.mistakes import Fault, InvalidFileError, Mistake, Path

_DEEPEST = 60
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one, where there is one
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "True": True, "false": False, "False": False}
# Whole numbers of more than 18 digits are text: they name things, and as numbers they would lose digits elsewhere.
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_FRACTION = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Scalar:
    """One value."""

    line: int
    value: Any


@dataclass(frozen=True)
class Listing:
    """A list."""

    line: int
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Mapping:
    """Keys, each with its line and its node, as often as they are written."""

    line: int
    pairs: list[tuple[str, int, "Node"]] = field(default_factory=list)


Node: TypeAlias = Scalar | Listing | Mapping


@dataclass(frozen=True)
class Source:
    """A file's text as nodes."""

    file: str
    root: Node

    def value(self) -> Any:
        """The text as plain lists, mappings and scalars. Of a key that is written twice, the last counts."""
        return _value(self.root)

    def node(self, path: Path) -> Node:
        """The node at a place, or the one nearest to it."""
        return self._follow(path)[0]

    def mistake(self, fault: Fault) -> Mistake:
        """What is wrong at a place. When the last part of the path is a key, the line is the key's."""
        _, line, names = self._follow(fault.path)
        return Mistake(self.file, line, " > ".join(names) or "the file", fault.message, fault.severity)

    def _follow(self, path: Path) -> tuple[Node, int, list[str]]:
        node, line, names = self.root, self.root.line, list[str]()
        for part in path:
            match node, part:
                case Mapping(pairs=pairs), str() if any(key == part for key, _, _ in pairs):
                    _, line, node = next(pair for pair in reversed(pairs) if pair[0] == part)
                    names.append(part)
                case Listing(items=items), int() if part < len(items):
                    node = items[part]
                    line = node.line
                    names.append(_entry(node, part))
                case _:  # a list of one that is written as its entry
                    pass
        return node, line, names


def parse(file: str, text: str) -> tuple[Source, list[Mistake]]:
    """The file's nodes, and mistakes in them beside which it can still be understood. Raises InvalidFileError."""
    reader = _Reader()
    try:
        root = reader.document(yaml.parse(text, _PARSER))
    except yaml.YAMLError as error:
        raise InvalidFileError([_unreadable(file, text, error)]) from error
    if reader.foreign:
        raise InvalidFileError([Mistake(file, line, "the file", why) for line, why in reader.foreign])
    if root is None:
        raise InvalidFileError([Mistake(file, 1, "the file", "it is empty")])
    source = Source(file, root)
    return source, list(map(source.mistake, _repeated(root, ())))


class _Reader:
    """Makes nodes of YAML's events; `foreign` is what YAML knows and we do not, by line."""

    def __init__(self) -> None:
        self.foreign: list[tuple[int, str]] = []

    def document(self, events: Iterator[Any]) -> Node | None:
        """The one document of a file; None when there is none."""
        root = None
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                root = self._node(events, event, 0)
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._refuse(event, "'---' is not known here; a file holds one thing")
                break
        return root

    def _node(self, events: Iterator[Any], event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if event.anchor is not None:
            self._refuse(event, "'&' and '*' are not known here; write it out where it is used, or put quotes round it")
        elif getattr(event, "tag", None) is not None:
            self._refuse(event, "'!' is not known here; leave it out, or put quotes round the text")
        if depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=event.start_mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(
                line, [self._node(events, item, depth + 1) for item in _until(events, yaml.SequenceEndEvent)]
            )
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(line, [self._pair(events, key, depth + 1) for key in _until(events, yaml.MappingEndEvent)])
        return Scalar(line, _meant(event) if isinstance(event, yaml.ScalarEvent) else None)

    def _pair(self, events: Iterator[Any], event: Any, depth: int) -> tuple[str, int, Node]:
        key = self._node(events, event, depth)
        # YAML also allows lists and mappings as keys; nobody here knows a key of this name.
        name = event.value if isinstance(event, yaml.ScalarEvent) else "{...}"
        return name, key.line, self._node(events, next(events), depth)

    def _refuse(self, event: Any, why: str) -> None:
        self.foreign.append((event.start_mark.line + 1, why))


def _until(events: Iterator[Any], end: type[yaml.Event]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _meant(event: yaml.ScalarEvent) -> Any:
    """What a scalar is when nothing is guessed; in quotes it is text."""
    text: str = event.value
    if event.style in ("'", '"', "|", ">"):
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text) and not text.lstrip("-").isdigit() and math.isfinite(float(text)):
        return float(text)
    return text


def _value(node: Node) -> Any:
    match node:
        case Listing(items=items):
            return [_value(item) for item in items]
        case Mapping(pairs=pairs):
            return {key: _value(value) for key, _, value in pairs}
        case Scalar(value=value):
            return value


def _repeated(node: Node, path: Path) -> Iterator[Fault]:
    """Keys that are written twice in one mapping."""
    if isinstance(node, Listing):
        for number, item in enumerate(node.items):
            yield from _repeated(item, (*path, number))
    elif isinstance(node, Mapping):
        first: dict[str, int] = {}
        for key, line, value in node.pairs:
            if key in first:
                yield Fault((*path, key), f"'{key}' was written on line {first[key]} already")
            first.setdefault(key, line)
            yield from _repeated(value, (*path, key))


def _entry(node: Node, number: int) -> str:
    """The name of a list's entry: its `id`, or its number as people count."""
    given = _value(node).get("id") if isinstance(node, Mapping) else None
    return f"'{given}'" if isinstance(given, str) and given else f"#{number + 1}"


def _unreadable(file: str, text: str, error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = getattr(error, "position", None)
    line = mark.line if mark is not None else text.count("\n", 0, position) if isinstance(position, int) else 0
    lines = text.splitlines()
    if line < len(lines) and re.match(r" *\t", lines[line]):
        return Mistake(file, line + 1, "the file", "a tab cannot indent; use spaces")
    said = ", ".join(part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part)
    return Mistake(file, line + 1, "the file", f"it cannot be read as YAML: {said or getattr(error, 'reason', error)}")
