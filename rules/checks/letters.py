"""Letters of a journey: marketing can be left, and what a letter reads is there on every path."""

from collections.abc import Iterator

from rules.journey import Journey
from rules.mistakes import Fault
from rules.places import Places
from rules.steps import Send


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
