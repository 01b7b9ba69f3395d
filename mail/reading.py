"""What a letter's source tells without being rendered: the names that it reads, and where a line came from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from jinja2 import Environment, TemplateNotFound, meta, nodes
from jinja2.ext import extract_from_ast

Message: TypeAlias = str | tuple[str, str]
"""What is translated: a text, or one for a single thing and one for several."""


def variables_of(environment: Environment, source: str, name: str) -> set[str]:
    """Return the top-level names that the text of the file `name` reads from its context, through its includes."""
    tree = environment.parse(source, name)
    names = meta.find_undeclared_variables(tree)
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for template in filter(None, meta.find_referenced_templates(tree)):
        names |= variables_of(environment, _loaded(environment, template), template) - own
    return names - environment.globals.keys()


def messages_of(environment: Environment, source: str) -> Iterator[Message]:
    """Yield the messages of a text that are to be translated, and those of its includes; what is data is none."""
    for tree in _trees(environment, source):
        for _, _, told in extract_from_ast(tree, babel_style=False):
            texts = [text for text in (told if isinstance(told, tuple) else (told,)) if text]
            if texts:
                yield texts[0] if len(texts) == 1 else (texts[0], texts[1])


def full_name(environment: Environment, source: str, name: str) -> str:
    """Return `contact.first_name` for `first_name`, if the text reads that attribute in one way only.

    A name that stands nowhere in the text came out of the data: it is not told, since it may be a contact's.
    """
    trees = list(_trees(environment, source))
    attributes = [node for tree in trees for node in tree.find_all(nodes.Getattr) if node.attr == name]
    if dotted := {text for node in attributes if (text := _dotted(node))}:
        return dotted.pop() if len(dotted) == 1 else name
    words = {node.name for tree in trees for node in tree.find_all(nodes.Name)}
    words |= {node.value for tree in trees for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
    return name if name in words else "an item that is looked up"


def joins_files(tree: nodes.Template) -> int | None:
    """Return the line of the first include, import or extends, if there is one."""
    joints = tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
    return next((node.lineno for node in joints), None)


def locate(folder: Path, file: str, composed: str, line: int | None) -> tuple[str, int | None]:
    """Return the file and line that a line of a composed letter came from: `file`, or a shared one.

    A line whose text stands nowhere, or in several places, is told by `file` alone.
    """
    if line is None:
        return file, None
    wanted = composed.splitlines()[line - 1].strip()
    shared = sorted(path.relative_to(folder).as_posix() for path in (folder / "_base").glob("**/*.mjml"))
    for name in (file, *shared):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        places = [number for number, text in enumerate(lines, 1) if text.strip() == wanted]
        if len(places) == 1:
            return name, places[0]
    return file, None


def _trees(environment: Environment, source: str) -> Iterator[nodes.Template]:
    """Yield the text and, through its includes, all that belongs to it."""
    tree = environment.parse(source)
    yield tree
    for template in filter(None, meta.find_referenced_templates(tree)):
        yield from _trees(environment, _loaded(environment, template))


def _loaded(environment: Environment, template: str) -> str:
    if environment.loader is None:
        raise TemplateNotFound(template)
    return environment.loader.get_source(environment, template)[0]


def _dotted(node: nodes.Expr) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        inside = _dotted(node.node)
        return f"{inside}.{node.attr}" if inside else None
    return None
