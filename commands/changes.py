"""What `kundresa plan` and `apply` show of a proposal, and how the choices of an author are written and asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import typer

from commands.output import Block, Table, Tree

if TYPE_CHECKING:
    from rules.choices import Choice, Inside, Manner
    from rules.comparing import StepChange
    from workflows.publishing import Proposal, Proposed

_COLUMNS = ("kind", "name", "change", "live version", "people inside", "for them")
_SINGULAR = {"policies": "policy"}
_LETTERS_MAX = 12
_SIGNS = {"added": "+", "removed": "-", "moved": "↕", "changed": "~"}
_AWAY = "Temporal does not answer: at which steps people are is not known, only how many are inside each version."


def parse(journeys: list[str], mapped: list[str]) -> "dict[str, Choice]":
    """The choices of `--journey NAME=MANNER` and `--map NAME:OLD=NEW`. Raises BadParameter."""
    from rules.choices import MANNERS, Choice

    manners: dict[str, str] = {}
    for each in journeys:
        name, _, manner = each.partition("=")
        if manner not in MANNERS:
            told = "; ".join(f"{name}: {meaning}" for name, meaning in MANNERS.items())
            raise typer.BadParameter(f"{each!r} is not NAME=MANNER. Manners are {told}.", param_hint="--journey")
        manners[name] = manner
    mappings: dict[str, dict[str, str]] = {}
    for each in mapped:
        name, _, steps = each.partition(":")
        old, _, new = steps.partition("=")
        if not (name and old and new):
            raise typer.BadParameter(f"{each!r} is not NAME:OLD-STEP=NEW-STEP", param_hint="--map")
        mappings.setdefault(name, {})[old] = new
    # A mapping is of use to those who migrate alone, so it says that they do.
    names = dict.fromkeys((*manners, *mappings))
    return {name: Choice(_manner(manners.get(name, "migrate")), mappings.get(name, {})) for name in names}


def _manner(written: str) -> "Manner":
    from rules.choices import MANNERS

    return next(manner for manner in MANNERS if manner == written)


def blocks(proposal: "Proposal", chosen: "Mapping[str, Choice]") -> Iterator[Block]:
    """The proposal for people: one table, and what changes inside each journey."""
    changing = [each for each in proposal.files if each.change != "unchanged"]
    if not changing:
        yield "Nothing changes: what the files say is published already."
    else:
        yield Table(_COLUMNS, list(_rows(changing, chosen)))
    for each in changing:
        if each.differences or each.steps or any(each.people.values()):
            yield _tree(each)
    if not proposal.counted:
        yield _AWAY


def _rows(changing: "list[Proposed]", chosen: "Mapping[str, Choice]") -> Iterator[tuple[object, ...]]:
    letters = Counter(each.change for each in changing if each.kind == "letters")
    for each in changing:
        # At a shop's first time all letters are new: one line says as much as a screen of them.
        if each.kind == "letters" and letters[each.change] > _LETTERS_MAX:
            continue
        people = sum(each.people.values()) if each.people else None
        choice = chosen[each.name].manner if each.name in chosen else "pin" if each.asks else None
        kind = _SINGULAR.get(each.kind, each.kind.removesuffix("s"))
        yield kind, each.name, each.change, each.version, people, choice if each.kind == "journeys" else None
    for change, number in letters.items():
        if number > _LETTERS_MAX:
            yield "letter", f"({number} letters)", change, None, None, None


def _tree(each: "Proposed") -> Tree:
    branches = [Tree(str(difference)) for difference in each.differences]
    branches += [_step(step) for step in each.steps]
    return Tree(f"{each.name}: {each.change}", branches + list(_inside(each.inside)))


def _step(step: "StepChange") -> Tree:
    nearest = f", nearest: {step.successor}" if step.successor else ""
    label = f"{_SIGNS[step.kind]} {step.step} ({step.label}) {step.kind}{nearest}"
    return Tree(label, [Tree(str(difference)) for difference in step.differences])


def _inside(inside: "tuple[Inside, ...]") -> Iterator[Tree]:
    for total in inside:
        if total.step is None:
            at = [each for each in inside if each.version == total.version and each.step is not None and each.people]
            yield Tree(
                f"{total.people} inside version {total.version}",
                [Tree(f"{each.people} at {each.step}{' (gone)' if each.gone else ''}") for each in at],
            )


def ask(proposal: "Proposal", chosen: "dict[str, Choice]") -> None:
    """Ask a person for the choice of each journey that needs one."""
    from rules.choices import MANNERS, Choice

    for each in proposal.of("journeys"):
        if each.asks and each.name not in chosen:
            allowed = [manner for manner in MANNERS if each.change != "gone" or manner in ("pin", "end")]
            typer.echo("\n".join(f"  {manner}: {MANNERS[manner]}" for manner in allowed))
            manner = typer.prompt(f"{each.name}, with {sum(each.people.values())} inside", default="pin")
            while manner not in allowed:
                manner = typer.prompt(f"One of {', '.join(allowed)}", default="pin")
            if manner != "pin":
                chosen[each.name] = Choice(_manner(manner))
