"""Lay a journey out flat: name every step, and tell of each what follows it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import assert_never

from rules.clocks import LocalTime, PropertyDate, TraitDate
from rules.conditions import AnyOf, Not, PropertyIs
from rules.durations import render, render_offset
from rules.journey import Journey
from rules.matches import EventMatch
from rules.names import UNSUBSCRIBED
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedCase,
    PlannedChance,
    PlannedEnrol,
    PlannedExit,
    PlannedNotify,
    PlannedRepeat,
    PlannedRounds,
    PlannedSend,
    PlannedSet,
    PlannedSplit,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
    PlannedWebhook,
)
from rules.steps import (
    AnyStep,
    Awaited,
    Becomes,
    Branch,
    Case,
    Chance,
    Enrol,
    Exit,
    MessageClass,
    Notify,
    Otherwise,
    Repeat,
    Send,
    Set,
    Split,
    Variant,
    Wait,
    WaitFor,
    WaitUntil,
    Webhook,
    walk,
    ways,
)

# A stale letter is worse than none: marketing grows old in a day, an order confirmation is still useful after three.
_TTL: dict[MessageClass, timedelta] = {"marketing": timedelta(hours=24), "transactional": timedelta(hours=72)}


def ids(steps: tuple[AnyStep, ...]) -> dict[int, str]:
    """The id of every step, by the step's identity in memory: the given one, else one derived from its content.

    Equal contents are numbered in the order of the file, so that inserting a different step changes no id.
    """
    taken: Counter[str] = Counter(step.id for step in walk(steps) if step.id)
    names: dict[int, str] = {}
    for step in walk(steps):
        name = step.id or _free(_content(step), taken)
        taken[name] += 1
        names[id(step)] = name
    return names


def _free(name: str, taken: "Counter[str]") -> str:
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in numbered if not taken[candidate])


def _content(step: AnyStep) -> str:
    match step:
        case Send(send=name) | Enrol(enrol=name):
            return name
        case Wait(wait=duration):
            return f"wait-{render(duration)}"
        case WaitUntil(wait_until=moment):
            return _until(moment)
        case WaitFor(wait_for=awaited):
            return f"for-{_awaited(awaited[0])}"
        case Branch():
            return "branch"
        case Split():
            return "split"
        case Repeat(repeat=rounds):
            return f"every-{render(rounds.every)}"
        case Set():
            return "set"
        case Webhook():
            return "webhook"
        case Notify(notify=staff):
            return f"notify-{staff}"
        case Exit():
            return "exit"


def _until(moment: LocalTime | TraitDate | PropertyDate) -> str:
    match moment:
        case LocalTime(time=clock, weekday=days):
            return f"until-{clock:%H%M}" + "".join(f"-{day}" for day in days)
        case TraitDate(trait=path, offset=offset) | PropertyDate(property=path, offset=offset):
            return f"until-{_slug(path)}" + (f"-{_slug(render_offset(offset))}" if offset else "")


def _awaited(awaited: Awaited) -> str:
    return "condition" if isinstance(awaited, Becomes) else _slug(awaited.event[0])


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _following(steps: tuple[AnyStep, ...], names: dict[int, str], then: str | None) -> Iterator[tuple[int, str | None]]:
    """Of every step what follows it; the last step of a way is followed by what follows the step around it."""
    for place, step in enumerate(steps, start=1):
        after = names[id(steps[place])] if place < len(steps) else then
        yield id(step), after
        for way in ways(step):
            # The last step of a round comes back to the repeat, which tells whether there is another.
            yield from _following(way, names, names[id(step)] if isinstance(step, Repeat) else after)


def _planned(step: AnyStep, journey: Journey, names: dict[int, str], after: str | None) -> PlannedStep:
    def start(way: tuple[AnyStep, ...]) -> str | None:
        return names[id(way[0])] if way else after

    match step:
        case Send(send=letter, class_=given, topic=topic, ttl=ttl, coupon=coupon):
            class_ = given or journey.class_
            topic = (topic or journey.topic) if class_ == "marketing" else None
            return PlannedSend(
                send=letter, class_=class_, topic=topic, ttl=ttl or _TTL[class_], coupon=coupon, next=after
            )
        case Wait(wait=duration, restart_on=matches):
            return PlannedWait(wait=duration, restart_on=matches, next=after)
        case WaitUntil(wait_until=moment):
            return PlannedWaitUntil(wait_until=moment, next=after)
        case WaitFor(wait_for=match, timeout=timeout, otherwise=otherwise):
            return PlannedWaitFor(wait_for=match, timeout=timeout, late=start(otherwise), next=after)
        case Branch(branch=branch):
            cases = tuple(PlannedCase(when=way.when, to=start(way.then)) for way in branch if isinstance(way, Case))
            others = [start(way.otherwise) for way in branch if isinstance(way, Otherwise)]
            return PlannedBranch(branch=cases, next=others[0] if others else after)
        case Split(split=chances):
            return PlannedSplit(split=tuple(_chance(each, start) for each in chances))
        case Repeat(repeat=rounds):
            planned = PlannedRounds(
                every=rounds.every, at_most=rounds.at_most, until=rounds.until, body=names[id(rounds.steps[0])]
            )
            return PlannedRepeat(repeat=planned, next=after)
        case Webhook(webhook=call, ttl=ttl):
            return PlannedWebhook(webhook=call, ttl=ttl or _TTL["transactional"], next=after)
        case Notify(notify=staff, letter=letter, ttl=ttl):
            return PlannedNotify(notify=staff, letter=letter, ttl=ttl or _TTL["transactional"], next=after)
        case Enrol(enrol=name):
            return PlannedEnrol(enrol=name, next=after)
        case Set(set=change):
            return PlannedSet(set=change, next=after)
        case Exit(exit=reason):
            return PlannedExit(exit=reason)
        case _:
            assert_never(step)


def _chance(chance: Chance, start: Callable[[tuple[AnyStep, ...]], str | None]) -> PlannedChance:
    if isinstance(chance, Variant):
        return PlannedChance(share=chance.share, name=chance.name, to=start(chance.then))
    return PlannedChance(share=chance.holdout, name="holdout", holdout=True)


def _leaving(journey: Journey) -> Iterator[EventMatch]:
    """Who unsubscribes from the topic, or from all, leaves a marketing journey at once."""
    if journey.class_ == "marketing" and journey.topic is not None:
        named = PropertyIs(property="topic", in_=(journey.topic, "*"))
        listed = tuple(PropertyIs(property="topics", contains=topic) for topic in (journey.topic, "*"))
        told = (PropertyIs(property=name, exists=True) for name in ("topic", "topics"))
        unnamed = Not(not_=AnyOf(any=tuple(told)))
        where = AnyOf(any=(named, *listed, unnamed))
        yield EventMatch(event=(UNSUBSCRIBED,), where=where)


def lay_out(journey: Journey, version: int) -> Plan:
    """The plan of a journey. A step at the end of a way is followed by what follows the step around the way."""
    names = ids(journey.steps)
    after = dict(_following(journey.steps, names, None))
    return Plan(
        journey=journey.journey,
        version=version,
        first=names[id(journey.steps[0])],
        steps={names[id(step)]: _planned(step, journey, names, after[id(step)]) for step in walk(journey.steps)},
        exit_on=(*journey.exit_on, *_leaving(journey)),
        limit=journey.limit,
        priority=journey.priority,
        when_capped=journey.when_capped,
        in_quiet_hours=journey.in_quiet_hours,
        sender=journey.sender,
    )
