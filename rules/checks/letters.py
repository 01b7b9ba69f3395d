"""Letters of a journey: marketing can be left, and what a letter reads is there on every way to it."""

from collections.abc import Iterator

from rules.entering import occasions
from rules.given import given, is_given
from rules.journey import Journey
from rules.laid import Laid
from rules.library import Library
from rules.load import LETTERS_A_WEEK, capped, weekly
from rules.mistakes import Fault, Path, warning
from rules.names import CARRIED
from rules.places import Places
from rules.steps import Notify, Send
from rules.triggers import OnDate, OnSchedule, OnSegment

_OURS: tuple[tuple[type[OnSegment | OnDate | OnSchedule], str], ...] = (
    (OnSegment, "a segment"),
    (OnDate, "a date"),
    (OnSchedule, "a schedule"),
)
"""The triggers whose events we make ourselves."""


def marketing_has_a_topic(places: Places[Journey]) -> Iterator[Fault]:
    """Every marketing letter belongs to a topic."""
    bare = [(path, step) for path, step in places.of(Send) if _lacks(step, places.whole)]
    # Where the journey says the class, the topic is missing once, and not once a letter.
    where = dict.fromkeys(("class",) if step.class_ is None else (*path, "class") for path, step in bare)
    for path in where:
        yield Fault(
            path, "every marketing letter belongs to a topic that people can leave; add one, as 'topic: offers'"
        )


def _lacks(step: Send, journey: Journey) -> bool:
    return (step.class_ or journey.class_) == "marketing" and (step.topic or journey.topic) is None


def letters_have_what_they_read(laid: Laid, library: Library) -> Iterator[Fault]:
    """A letter finds a coupon, properties and traits, whatever way the run took to it."""
    if not library.needed:
        return
    known = given(laid.plan, laid.whole, library.segments or {})
    for path, letter, coupon, name in _letters(laid):
        if name in known:
            needed = library.needed.get(letter, frozenset())
            yield from _without_coupon(path, letter, coupon, needed)
            yield from _without_event(path, letter, needed, laid.whole)
            yield from _without_trait(path, letter, needed, known[name])


def letters_leave_people_alone(laid: Laid, library: Library) -> Iterator[Fault]:
    """One journey does not write every day, if the caps do not hold it back."""
    count = weekly(laid)
    if LETTERS_A_WEEK < count <= capped(library.pacing):
        advice = "write less often, or set a cap in policies/pacing.yaml"
        yield warning(("steps",), f"a contact may get {count} marketing letters of this journey in a week; {advice}")


def _letters(laid: Laid) -> Iterator[tuple[Path, str, str | None, str]]:
    for path, step in laid.steps():
        match step:
            case Send(send=letter, coupon=coupon):
                yield (*path, "send"), letter, coupon, laid.name(step)
            case Notify(letter=letter):
                yield (*path, "letter"), letter, None, laid.name(step)
            case _:
                pass


def _without_coupon(path: Path, letter: str, coupon: str | None, needed: frozenset[str]) -> Iterator[Fault]:
    if coupon is None and any(name.split(".")[0] == "coupon" for name in needed):
        advice = "add 'coupon: ' and its name to this step; within one run a contact keeps the same code"
        yield Fault(path, f"'{letter}' shows a coupon, and none is given here; {advice}")


def _without_event(path: Path, letter: str, needed: frozenset[str], journey: Journey) -> Iterator[Fault]:
    reads = {name for name in needed if name.split(".")[0] in ("event", "order") and "." in name}
    for kind, how in _OURS:
        own = (occasion for trigger in journey.trigger if isinstance(trigger, kind) for occasion in occasions(trigger))
        if (name := next(own, None)) and (missing := sorted(reads - {f"event.{each}" for each in CARRIED[name]})):
            advice = "send another letter, or test for it there with '{% if %}'"
            yield Fault(path, f"'{letter}' reads {missing[0]}, which a run that {how} starts does not have; {advice}")


def _without_trait(path: Path, letter: str, needed: frozenset[str], known: frozenset[str]) -> Iterator[Fault]:
    for name in sorted(needed):
        trait = name.removeprefix("contact.")
        if name.startswith("contact.") and trait != "email" and not is_given(name, known):
            advice = f"ask before with '{{trait: {trait}, exists: true}}', or give it a default in the letter"
            yield warning(
                path, f"'{letter}' reads the trait '{trait}', which not everybody has who comes here; {advice}"
            )
