"""What a letter cannot do without: the names that it reads whatever the rest of the data is, such as `coupon.code`.

A name that is read only where a test about it (or about what it belongs to) has gone before is not required; neither
is one with a default. In `{% if coupon %}{{ coupon.code }}{% endif %}` nothing is.
"""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateError, TemplateNotFound, meta, nodes

from mail.sandbox import composing_environment, text_environment

Names = frozenset[str]
_NONE: Names = frozenset()


def required_by_letters(folder: Path) -> dict[str, frozenset[str]]:
    """Of every letter of the folder the dotted names that it requires. Broken letters, told elsewhere, are left out."""
    reading, composing = text_environment(folder), composing_environment(folder)
    found: dict[str, frozenset[str]] = {}
    for path in sorted(folder.glob("[!_.]*/subject.txt")):
        letter = path.parent.name
        try:
            composed = composing.get_template(f"{letter}/body.mjml").render()
            texts = [(folder / letter / part).read_text(encoding="utf-8") for part in ("subject.txt", "body.txt")]
            found[letter] = frozenset(name for text in (composed, *texts) for name in required(reading, text))
        except (TemplateError, OSError, TypeError, ValueError):
            continue
    return found


def required(environment: Environment, source: str) -> Iterator[str]:
    """Yield the dotted names that a text requires, through its includes; those that it gives itself are left out."""
    tree = environment.parse(source)
    outer = meta.find_undeclared_variables(tree)
    for name in _read(environment, tree, _NONE):
        if name.split(".")[0] in outer or tree.find(nodes.Include) is not None:
            yield name


def _read(environment: Environment, node: nodes.Node, tested: Names) -> Iterator[str]:
    match node:
        case nodes.If(test=test, body=body, elif_=elif_, else_=else_):
            yield from _read(environment, test, tested)
            inner = tested | _mentioned(test)
            for part in (*body, *elif_, *else_):
                yield from _read(environment, part, inner)
        case nodes.CondExpr(test=test, expr1=first, expr2=second):
            yield from _read(environment, test, tested)
            inner = tested | _mentioned(test)
            for branch in filter(None, (first, second)):
                yield from _read(environment, branch, inner)
        case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
            yield from _read(environment, left, tested)
            yield from _read(environment, right, tested | _mentioned(left))
        case nodes.Filter(name="default" | "d") | nodes.Test(name="defined" | "undefined"):
            return
        case nodes.Call(node=nodes.Getattr(attr="get", node=nodes.Name())):
            return
        case nodes.Getattr() | nodes.Getitem() | nodes.Name(ctx="load") if (name := _dotted(node)) is not None:
            if not any(name == each or name.startswith(f"{each}.") for each in tested):
                yield name
        case nodes.Include(template=nodes.Const(value=str(file))):
            if environment.loader is None:
                raise TemplateNotFound(file)
            text = environment.loader.get_source(environment, file)[0]
            yield from _read(environment, environment.parse(text), tested)
        case _:
            for child in node.iter_child_nodes():
                yield from _read(environment, child, tested)


def _mentioned(node: nodes.Node) -> Names:
    """The names that a test is about: what they name is known behind it, or known to be missing."""
    match node:
        case nodes.Call(node=nodes.Getattr(node=inner, attr="get"), args=[nodes.Const(value=str(key)), *_]):
            around = _dotted(inner)
            return _NONE if around is None else frozenset({f"{around}.{key}"})
        case _ if (name := _dotted(node)) is not None:
            return frozenset({name})
    return _NONE.union(*map(_mentioned, node.iter_child_nodes()))


def _dotted(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str(attr))) if (around := _dotted(inner)) is not None:
            return f"{around}.{attr}"
        case nodes.Getattr(node=inner, attr=attr) if (around := _dotted(inner)) is not None:
            return f"{around}.{attr}"
        case _:
            return None
