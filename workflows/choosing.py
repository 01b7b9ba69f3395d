"""Whether what was chosen for the people inside can be done: looked at before anything is."""

from collections.abc import Mapping

from rules.advice import meant
from rules.choices import Choice, unmapped
from rules.content import Content
from rules.journey import Journey
from rules.layout import lay_out
from workflows.publishing import Proposal, Proposed


class ChoiceRefused(Exception):
    """What was chosen for the people inside cannot be done. `reasons` are all of them, each with advice."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def examine(proposal: Proposal, content: Content, chosen: Mapping[str, Choice]) -> None:
    """Raises ChoiceRefused with every reason why what was chosen cannot be done."""
    known = {each.name: each for each in proposal.of("journeys")}
    strange = [name for name in chosen if name not in known]
    reasons = [f"There is no journey {name} here to choose for{meant(name, known) or '.'}" for name in strange]
    for name, choice in chosen.items():
        if name in known:
            reasons += _reasons(known[name], choice, (content.journeys or {}).get(name))
    if reasons:
        raise ChoiceRefused(reasons)


def _reasons(proposed: Proposed, choice: Choice, new: Journey | None) -> list[str]:
    name = proposed.name
    if new is None:
        allowed = choice.manner in ("pin", "end")
        return [] if allowed else [f"{name} is gone: those inside can finish (pin) or end, not {choice.manner}."]
    if choice.mapping and choice.manner != "migrate":
        return [f"{name}: a mapping of steps is of use only to migrate, not to {choice.manner}."]
    steps = lay_out(new, 1).steps
    reasons = [
        f"{name}: the new version has no step {to}, which {step} is mapped to. It has: {', '.join(steps)}."
        for step, to in choice.mapping.items()
        if to not in steps
    ]
    for each in unmapped(choice, list(proposed.inside)):
        who = f"with {each.people} at it" if each.people is not None else "and how many are at it cannot be counted now"
        nearest = each.successor or next(iter(steps))
        reasons.append(
            f"{name}: step {each.step} of version {each.version} is gone, {who}. "
            f"Map it to a step of the new version, such as {name}:{each.step}={nearest}."
        )
    return reasons
