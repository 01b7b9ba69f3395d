"""Why a contact got a letter, or did not: the answer out of what was recorded. Pure: rows go in, sentences come out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from rules.decisions import Noted
from rules.journey import Journey
from rules.layout import lay_out
from rules.names import DATE_REACHED, REQUESTED, SCHEDULE_REACHED, SEGMENT_ENTERED, SEGMENT_LEFT
from rules.phrases import listed
from rules.plan import PlannedNotify, PlannedSend
from rules.triggers import OnDate, OnEvent, OnRequest, OnSchedule, OnSegment, Trigger


@dataclass(frozen=True)
class Stay:
    """One way of the contact through a journey, as our own table has it."""

    id: UUID
    journey: str
    version: int
    key: str
    status: str
    reason: str | None
    started_at: datetime
    ended_at: datetime | None = None
    goal_at: datetime | None = None


@dataclass(frozen=True)
class Post:
    """A letter to the contact, as the ledger has it."""

    enrolment_id: UUID
    journey: str
    step: str
    letter: str
    state: str
    reason: str | None
    created_at: datetime
    settled_at: datetime | None = None


@dataclass(frozen=True)
class Record:
    """All that was recorded of one contact and what is asked about, the latest first."""

    stays: Sequence[Stay] = ()
    posts: Sequence[Post] = ()
    decisions: Sequence[Noted] = ()


@dataclass(frozen=True)
class Answer:
    """What is said about one journey: a sentence, and the decisions that it rests on, the latest first.

    `touched`: the contact entered it, or was refused. Otherwise nothing at all has come of it.
    """

    journey: str
    said: str
    decisions: Sequence[Noted] = field(default_factory=tuple)
    touched: bool = True


def explain(record: Record, journeys: Sequence[Journey], letter: str | None) -> list[Answer]:
    """An answer for each of these journeys; about one letter, or about the whole way."""
    return [_about(record, journey, letter) for journey in journeys]


def writers(journeys: Iterable[Journey], letter: str) -> list[Journey]:
    """The journeys that send the letter."""
    return [journey for journey in journeys if steps_of(journey, letter)]


def steps_of(journey: Journey, letter: str) -> list[str]:
    """The ids of the steps that send the letter."""
    steps = lay_out(journey, version=1).steps
    return [
        at
        for at, step in steps.items()
        if (isinstance(step, PlannedSend) and step.send == letter)
        or (isinstance(step, PlannedNotify) and step.letter == letter)
    ]


def _about(record: Record, journey: Journey, letter: str | None) -> Answer:
    own = [each for each in record.decisions if each.journey == journey.journey]
    stays = [each for each in record.stays if each.journey == journey.journey]
    if not stays:
        return Answer(journey.journey, _never_entered(journey, own), own, touched=bool(own))
    latest = stays[0]
    since = _refused_since(latest, own)
    if letter is None:
        return Answer(journey.journey, _whole(latest, len(stays)) + since, own)
    posts = [each for each in record.posts if each.journey == journey.journey and each.letter == letter]
    return Answer(journey.journey, _of_latest(latest, letter, steps_of(journey, letter), posts, own) + since, own)


def _of_latest(latest: Stay, letter: str, steps: Sequence[str], posts: Sequence[Post], own: Sequence[Noted]) -> str:
    """What became of the letter on the latest way; on an earlier one it may have come."""
    post = next((each for each in posts if each.enrolment_id == latest.id), None)
    decisions = [each for each in own if each.enrolment_id == latest.id]
    waits = next((each for each in decisions if each.step in steps and each.verdict == "deferred"), None)
    told_at = (post.settled_at or post.created_at) if post is not None else latest.started_at
    if waits is not None and latest.status != "ended" and waits.at >= told_at:
        said = f"not sent yet: deferred, {waits.reason}{_until(waits)} (since {moment(waits.at)})"
    elif post is not None:
        return _letter(post)
    else:
        said = _no_letter(latest, letter, decisions)
    return f"{said}; before that: {_letter(posts[0])}" if posts else said


def _until(noted: Noted) -> str:
    try:
        return f", until {moment(datetime.fromisoformat(noted.facts['until']).astimezone(UTC))}"
    except (KeyError, TypeError, ValueError):
        return ""  # decisions are kept for months: an older one may tell less


def _refused_since(latest: Stay, own: Sequence[Noted]) -> str:
    """Who came once may have been refused since."""
    refused = next((each for each in own if each.kind == "refused" and each.at > latest.started_at), None)
    return f"; refused since: {refused.reason or refused.verdict} ({moment(refused.at)})" if refused else ""


def _never_entered(journey: Journey, own: Sequence[Noted]) -> str:
    refused = next((each for each in own if each.kind == "refused"), None)
    if refused is not None:
        return f"not entered: {refused.reason or refused.verdict} ({moment(refused.at)})"
    awaited = "; ".join(map(_awaited, journey.trigger))
    return f"not entered: nothing that starts it has come, or it came longer ago than decisions are kept ({awaited})"


def _awaited(trigger: Trigger) -> str:
    match trigger:
        case OnEvent(event=events):
            return f"it waits for {listed(events)}"
        case OnSegment(segment=name, on=on):
            return f"it waits for {SEGMENT_ENTERED if on == 'entered' else SEGMENT_LEFT} of {name}"
        case OnDate(date=path):
            return f"it waits for {DATE_REACHED} of {path}"
        case OnSchedule(schedule=cron, segment=name):
            return f"it waits for {SCHEDULE_REACHED} at '{cron}' for {name}"
        case OnRequest():
            return f"it waits for {REQUESTED}"


def _whole(stay: Stay, times: int) -> str:
    entered = f"entered {moment(stay.started_at)} (version {stay.version}"
    entered += f", {times} times in all)" if times > 1 else ")"
    return f"{entered}, {_standing(stay)}" + (f"; goal reached {moment(stay.goal_at)}" if stay.goal_at else "")


def _standing(stay: Stay) -> str:
    if stay.status == "ended":
        return f"ended {moment(stay.ended_at)}: {stay.reason}"
    return "still on the way" if stay.status == "active" else f"{stay.status} on the way"


def _letter(post: Post) -> str:
    if post.state == "sent":
        return f"sent {moment(post.settled_at or post.created_at)}"
    if post.settled_at is None:
        return f"not sent yet: {post.reason or post.state} (since {moment(post.created_at)})"
    if post.state == "unknown":
        return f"perhaps sent {moment(post.settled_at)}: {post.reason}"
    return f"not sent: {post.state}, {post.reason} ({moment(post.settled_at)})"


def _no_letter(stay: Stay, letter: str, decisions: Sequence[Noted]) -> str:
    turned = next((each for each in decisions if each.kind in ("branch", "split", "wait", "repeat")), None)
    last = f"; the last decision: {turned.step}: {turned.verdict}" if turned is not None else ""
    if turned is not None and turned.reason:
        last += f", {turned.reason}"
    return f"the way did not come to {letter}: {_whole(stay, 1)}{last}"


def moment(at: datetime | None) -> str:
    """A moment, as people read it."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else "at an unknown time"
