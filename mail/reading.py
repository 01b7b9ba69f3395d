"""What a letter's source tells without being rendered: the names that it reads, and where a line came from."""

from pathlib import Path

from jinja2 import Environment, TemplateNotFound, meta, nodes


def variables_of(environment: Environment, source: str) -> set[str]:
    """Return the top-level names that a text reads from its context, through its includes."""
    tree = environment.parse(source)
    names = meta.find_undeclared_variables(tree)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    for template in filter(None, meta.find_referenced_templates(tree)):
        names |= variables_of(environment, _loaded(environment, template)) - own
    return names - environment.globals.keys()


def full_name(tree: nodes.Template, name: str) -> str:
    """Return `contact.first_name` for `first_name`, if the text reads that attribute in one place only."""
    found = {dotted for node in tree.find_all(nodes.Getattr) if node.attr == name and (dotted := _dotted(node))}
    return found.pop() if len(found) == 1 else name


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
