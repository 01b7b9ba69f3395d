"""The page of the shipped journeys, out of their files: `python -m tests.content.journeys_page > docs/journeys.md`."""

import re
from collections.abc import Iterable, Iterator, Sequence

from mail.rendering import Letters
from mail.required import required_by_letters
from rules.clocks import TraitDate
from rules.drawing import mermaid, tree
from rules.journey import Journey
from rules.layout import lay_out
from rules.matches import EventMatch
from rules.names import OWN, UNSUBSCRIBED
from rules.needs import needs, reads
from rules.plan import Plan, PlannedBranch, PlannedNotify, PlannedSend, PlannedWaitUntil, matches
from rules.triggers import OnDate, OnEvent, OnSegment
from tests.content.contexts import TEMPLATES, full
from tests.content.playing import SHIPPED
from tests.content.purposes import PURPOSES

HEAD = """# The journeys that come with Kundresa

They are made for an invented shop. Take those that you want, change words and times, and leave out the rest: each is a
file in `journeys/`, its letters are folders in `templates/` ([letters.md](letters.md)), its codes are files in
`coupons/`, and the groups of people that it starts with are files in `segments/`. Every way through each of them is
tried in the tests (`tests/content/test_ways.py`).

Each needs a contact with an `email`; `first_name`, `locale` (such as `sv-FI`) and `timezone` make every letter better.
Names of events are those of the public Segment specs where these have one.

This page is made from the files: `python -m tests.content.journeys_page > docs/journeys.md`.
"""
_ORDER = {
    "order.id": ("order_id",),
    "order.lines": ("products",),
    "order.total": ("total", "currency"),
    "order.currency": ("currency",),
    "order.shipping": ("shipping",),
    "order.address": ("address",),
    "order.tracking_url": ("tracking_url",),
}
_OPTIONAL = {"total", "currency", "shipping", "address", "tracking_url"}
_FACTS = ("Starts on", "A contact enters", "Ends at once on", "Ends at the latest", "Goal")
_REQUIRED = required_by_letters(TEMPLATES)
_LETTERS = Letters(TEMPLATES)


def page() -> str:
    """The whole page."""
    parts = [HEAD, *_contents()]
    for chapter, journeys in PURPOSES.items():
        parts.append(f"\n## {chapter}\n")
        parts += [_told(SHIPPED.journeys[name], purpose) for name, purpose in journeys.items()]
    return "\n".join(parts)


def _contents() -> Iterator[str]:
    yield "| journey | for | letters | starts on |\n|---|---|---|---|"
    for name in (name for journeys in PURPOSES.values() for name in journeys):
        journey = SHIPPED.journeys[name]
        starts = next(line for line in _lines(journey) if line.startswith(_FACTS[0])).removeprefix(_FACTS[0]).strip()
        yield f"| [`{name}`](#{name}) | {journey.title} | {len(set(_letters(journey)))} | {starts} |"


def _told(journey: Journey, purpose: str) -> str:
    plan = lay_out(journey, 1)
    facts = [line for line in _lines(journey) if line.startswith(_FACTS)]
    return "\n".join(
        [
            f"### {journey.journey}\n\n**{journey.title}.** {purpose}\n",
            *(f"- {line}" for line in facts),
            f"\n```mermaid\n{mermaid(journey)}```\n",
            "| letter | its subject | class |\n|---|---|---|",
            *_rows(plan),
            "\nWhat the shop sends:\n",
            *_wanted(journey, plan),
            "",
        ]
    )


def _lines(journey: Journey) -> list[str]:
    return [re.sub(r"^[│├└─ ]+", "", line) for line in tree(journey)]


def _letters(journey: Journey) -> list[str]:
    steps = lay_out(journey, 1).steps.values()
    told = [step for step in steps if isinstance(step, PlannedSend | PlannedNotify)]
    return [step.send if isinstance(step, PlannedSend) else step.letter for step in told]


def _rows(plan: Plan) -> Iterator[str]:
    for step in plan.steps.values():
        match step:
            case PlannedSend(send=letter, class_=kind, topic=topic, coupon=coupon):
                more = (f", topic `{topic}`" if topic else "") + (f", coupon `{coupon}`" if coupon else "")
                yield f"| `{letter}` | {_subject(letter)} | {kind}{more} |"
            case PlannedNotify(notify=staff, letter=letter):
                yield f"| `{letter}` | {_subject(letter)} | to the staff `{staff}` |"
            case _:
                pass


def _subject(letter: str) -> str:
    return _LETTERS.render(letter, full(letter)).subject


def _wanted(journey: Journey, plan: Plan) -> Iterator[str]:
    """What must come in so that the journey starts, goes on and can write its letters."""
    required, optional = _properties(journey)
    for trigger in journey.trigger:
        match trigger:
            case OnEvent(event=names, where=where):
                keys = {journey.key.removeprefix("properties.")} if journey.key else set()
                fields = sorted(required | keys | (set(reads(where)) if where else set()))
                yield f"- {_named(names)}{_listed(' with ', fields)}{_listed('; better also with ', sorted(optional))}"
            case OnDate(date=path):
                yield f"- the trait `{path}`, as a date such as `1990-05-17`"
            case OnSegment(segment=segment):
                asked = needs(SHIPPED.segments[segment].when, SHIPPED.named)
                named = [each for each in (_named(sorted(asked.events)), _listed("the traits ", asked.traits)) if each]
                yield f"- for the segment `{segment}`: {', and '.join(named)}"
            case _:
                yield "- or a call of the API"
    if traits := sorted(_traits(journey, plan)):
        yield f"- the traits {', '.join(f'`{trait}`' for trait in traits)}"
    if staff := sorted({step.notify for step in plan.steps.values() if isinstance(step, PlannedNotify)}):
        yield f"- (and in `KUNDRESA_STAFF` stands who gets the letters to {_named(staff)})"
    if heard := sorted(_heard(journey, plan)):
        yield f"- as they happen: {_named(heard)}"


def _properties(journey: Journey) -> tuple[set[str], set[str]]:
    """The properties of the first event that the letters cannot do without, and those that make them better."""
    required: set[str] = set()
    optional: set[str] = set()
    for letter in _letters(journey):
        for name in _REQUIRED[letter]:
            required |= {name.removeprefix("event.")} if name.startswith("event.") else set(_ORDER.get(name, ()))
        for part in ("body.mjml", "body.txt", "subject.txt"):
            text = (TEMPLATES / letter / part).read_text(encoding="utf-8")
            optional |= set(re.findall(r"event\.get\(['\"](\w+)", text))
    return required - _OPTIONAL, (optional | required & _OPTIONAL) - (required - _OPTIONAL)


def _traits(journey: Journey, plan: Plan) -> set[str]:
    required = {name for letter in _letters(journey) for name in _REQUIRED[letter] if name.startswith("contact.")}
    traits = {name.removeprefix("contact.") for name in required} - {"email"}
    for step in plan.steps.values():
        match step:
            case PlannedBranch(branch=cases):
                traits |= {trait for case in cases for trait in needs(case.when, SHIPPED.named).traits}
            case PlannedWaitUntil(wait_until=TraitDate(trait=trait)):
                traits.add(trait)
            case _:
                pass
    return traits


def _heard(journey: Journey, plan: Plan) -> set[str]:
    told: list[EventMatch] = [*matches(plan), *([journey.goal] if journey.goal else [])]
    return {name for match in told for name in match.event} - OWN - {UNSUBSCRIBED}


def _named(events: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in events)


def _listed(before: str, names: Iterable[str]) -> str:
    told = ", ".join(f"`{name}`" for name in sorted(names))
    return before + told if told else ""


if __name__ == "__main__":
    print(page())  # noqa: T201  (it is a command)
