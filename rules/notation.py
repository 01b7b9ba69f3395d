"""The YAML that authors write: plain values, each with its line.

A careful subset: scalars mean what they mean in JSON and everything else is text, so that `no`, `09:30`, `2026-01-01`
and `0123` are not guessed at. Anchors, tags and keys written twice are mistakes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from rules.mistakes import Fault, InvalidFileError, Mistake, Path

_DEEPEST = 60
_TAG = "tag:yaml.org,2002:"
_CONSTANTS = {"true": True, "false": False}


class _Loader(yaml.SafeLoader):
    """Resolves the scalars of JSON alone."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"(null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(true|True|false|False)$"), list("tTfF"))
# Numbers of more than 18 digits are text: they number things, and as numbers they would lose digits.
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"-?(0|[1-9][0-9]{0,17})$"), list("-0123456789"))
_Loader.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?$"),
    list("-0123456789"),
)


@dataclass(frozen=True)
class Source:
    """A file's text as nodes, which know their lines."""

    file: str
    root: yaml.Node

    def value(self) -> Any:
        """The text as plain lists, mappings and scalars. Of a key that is written twice, the last counts."""
        return _value(self.root)

    def node(self, path: Path) -> yaml.Node:
        """The node at a place, or the one nearest to it."""
        return self._follow(path)[0]

    def mistake(self, path: Path, message: str) -> Mistake:
        """What is wrong at a place. When the last part of the path is a key, the line is the key's."""
        _, line, names = self._follow(path)
        return Mistake(self.file, line, " > ".join(names) or "the file", message)

    def _follow(self, path: Path) -> tuple[yaml.Node, int, list[str]]:
        node, line, names = self.root, self.root.start_mark.line, list[str]()
        for part in path:
            match node, part:
                case yaml.MappingNode(), str():
                    # The last pair of a key counts, as in the value.
                    pair = next((pair for pair in reversed(node.value) if _key(pair[0]) == part), None)
                    if pair is not None:
                        node, line = pair[1], pair[0].start_mark.line
                        names.append(part)
                case yaml.SequenceNode(), int() if part < len(node.value):
                    node = node.value[part]
                    line = node.start_mark.line
                    names.append(_entry(node, part))
                case _:  # a list of one that is written as its entry
                    pass
        return node, line + 1, names


def parse(file: str, text: str) -> tuple[Source, list[Mistake]]:
    """The file's nodes, and mistakes in them beside which it can still be understood. Raises InvalidFileError."""
    try:
        foreign = [Mistake(file, line, "the file", why) for line, why in _foreign(text)]
        if foreign:
            raise InvalidFileError(foreign)
        root = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        raise InvalidFileError([_unreadable(file, text, error)]) from error
    if root is None:
        raise InvalidFileError([Mistake(file, 1, "the file", "it is empty")])
    source = Source(file, root)
    return source, [source.mistake(fault.path, fault.message) for fault in _repeated(root, ())]


def _foreign(text: str) -> Iterator[tuple[int, str]]:
    """What YAML knows and we do not, by line. The depth is looked at first: the rest is recursive."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if getattr(event, "anchor", None) is not None:
            yield line, "'&' and '*' are not known here; write it out where it is used, or put quotes round the text"
        elif getattr(event, "tag", None) is not None:
            yield line, "'!' is not known here; leave it out, or put quotes round the text"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            yield line, "it is nested too deeply"
            return


def _key(node: yaml.Node) -> str:
    """The text of a key; lists and mappings, which YAML allows as keys, are told as what nobody knows."""
    return node.value if isinstance(node, yaml.ScalarNode) else "{...}"


def _repeated(node: yaml.Node, path: Path) -> Iterator[Fault]:
    """Keys that are written twice in one mapping."""
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _repeated(item, (*path, number))
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name = _key(key)
            if name in first:
                yield Fault((*path, name), f"'{name}' was written on line {first[name]} already")
            first.setdefault(name, key.start_mark.line + 1)
            yield from _repeated(value, (*path, name))


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {_key(key): _value(value) for key, value in node.value}
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return _CONSTANTS[node.value.lower()]
        case "int":
            return int(node.value)
        case "float":
            return float(node.value)
        case _:
            return node.value


def _entry(node: yaml.Node, number: int) -> str:
    """The name of a list's entry: its `id`, or its number as people count."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    given = next((value.value for key, value in pairs if _key(key) == "id"), None)
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
