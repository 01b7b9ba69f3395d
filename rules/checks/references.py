"""Names of what is not there, or is not what it is named for."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rules.advice import meant, one_of
from rules.conditions import InJourney, LetterWas, SegmentIs, StageIs, TopicIs
from rules.journey import Journey
from rules.library import Library, Whole
from rules.mistakes import Fault, Path, warning
from rules.places import Places
from rules.policies import Cap
from rules.steps import Enrol, Notify, Send, Set, walk
from rules.triggers import OnRequest, OnSchedule, OnSegment


@dataclass(frozen=True)
class _Mention:
    """A name that stands in a file, and what it names: a letter, or the file of a folder."""

    path: Path
    noun: str
    name: str
    folder: str = ""


def names_exist(places: Places[Whole], library: Library) -> Iterator[Fault]:
    """What is named is there. Where nobody knows what there is, nothing is looked up."""
    known: dict[str, Collection[str] | None] = {
        "letter": library.letters,
        "segment": library.segments,
        "journey": library.journeys,
        "coupon": library.coupons,
        "staff": library.staff,
        "sender": library.senders,
        "stage": None if library.stages is None else [stage.stage for stage in library.stages],
    }
    for mention in _mentions(places):
        if (there := known[mention.noun]) is not None and mention.name not in there:
            yield Fault(mention.path, _missing(mention, there, library))


def _mentions(places: Places[Whole]) -> Iterator[_Mention]:
    for path, thing in places.all:
        match thing:
            case Journey(sender=str(sender)):
                yield _Mention((*path, "sender"), "sender", sender)
            case Send(send=letter, coupon=coupon):
                yield _Mention((*path, "send"), "letter", letter)
                if coupon is not None:
                    yield _Mention((*path, "coupon"), "coupon", coupon, "coupons")
            case Notify(notify=staff, letter=letter):
                yield _Mention((*path, "notify"), "staff", staff)
                yield _Mention((*path, "letter"), "letter", letter)
            case LetterWas(letter=letter):
                yield _Mention((*path, "letter"), "letter", letter)
            case Enrol(enrol=journey):
                yield _Mention((*path, "enrol"), "journey", journey, "journeys")
            case InJourney(in_journey=journey):
                yield _Mention((*path, "in_journey"), "journey", journey, "journeys")
            case SegmentIs(segment=segment) | OnSegment(segment=segment) | OnSchedule(segment=segment):
                yield _Mention((*path, "segment"), "segment", segment, "segments")
            case StageIs(stage=stages):
                for number, stage in enumerate(stages):
                    yield _Mention((*path, "stage", number), "stage", stage, "policies")
            case _:
                pass


def _missing(mention: _Mention, there: Collection[str], library: Library) -> str:
    if (mention.folder, "stages" if mention.noun == "stage" else mention.name) in library.broken:
        file = "policies/stages.yaml" if mention.noun == "stage" else f"{mention.folder}/{mention.name}.yaml"
        return f"'{mention.name}' cannot be used, since {file} has mistakes of its own"
    if mention.noun == "staff":
        known = f"; the settings know {one_of(sorted(there), 'and')}" if there else "; the settings name nobody"
        return f"there is nobody '{mention.name}' among the staff{meant(mention.name, there) or known}"
    if mention.noun == "sender":
        known = f"; the settings know {one_of(sorted(there), 'and')}"
        return f"there is no sender '{mention.name}'{meant(mention.name, there) or known}"
    if not there and mention.folder:
        where = "policies/stages.yaml" if mention.noun == "stage" else f"{mention.folder}/{mention.name}.yaml"
        return f"there is no {mention.noun} '{mention.name}'; write it in {where}"
    return f"there is no {mention.noun} '{mention.name}'{meant(mention.name, there)}"


def topics_are_written_about(places: Places[Whole], library: Library) -> Iterator[Fault]:
    """A topic that no journey writes about is probably misspelt."""
    written = {each for journey in (library.journeys or {}).values() for each in _topics(journey)}
    for path, topic in _asked_topics(places):
        if written and topic not in written:
            yield warning(path, f"no journey writes about the topic '{topic}'{meant(topic, written)}")


def _topics(journey: Journey) -> Iterator[str]:
    yield from (journey.topic,) if journey.topic is not None else ()
    yield from (step.topic for step in walk(journey.steps) if isinstance(step, Send) and step.topic is not None)


def _asked_topics(places: Places[Whole]) -> Iterator[tuple[Path, str]]:
    for path, thing in places.all:
        match thing:
            case TopicIs(topic=topic):
                yield (*path, "topic"), topic
            case Set(set=change):
                yield from (((*path, "set", "topics", topic), topic) for topic in change.topics)
            case Cap(topic=str(topic)):
                yield (*path, "topic"), topic
            case _:
                pass


def enrolled_journeys_may_be_requested(places: Places[Whole], library: Library) -> Iterator[Fault]:
    """A step `enrol` works like a call of the API."""
    for path, step in places.of(Enrol):
        journey = (library.journeys or {}).get(step.enrol)
        if journey is not None and not any(isinstance(trigger, OnRequest) for trigger in journey.trigger):
            advice = f"add '- api: true' to its triggers in journeys/{step.enrol}.yaml"
            yield Fault((*path, "enrol"), f"'{step.enrol}' cannot be entered from a journey; {advice}")
