"""Definitions of every form, at random."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from rules.clocks import LocalTime
from rules.conditions import (
    MEASURES,
    All,
    AnyOf,
    Condition,
    EventHappened,
    InJourney,
    LetterWas,
    Measure,
    Not,
    PropertyIs,
    SegmentIs,
    StageIs,
    Times,
    TopicIs,
    TraitIs,
)
from rules.instants import Relative
from rules.journey import Goal, Journey, ReEntry
from rules.matches import EventMatch
from rules.steps import Branch, Case, Change, Exit, Otherwise, Send, Set, Wait, WaitFor, WaitUntil
from rules.triggers import OnEvent, OnRequest

slugs = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
events = st.sampled_from(["Order Completed", "Cart Viewed", "Email Opened", 'A "quoted" <name> #1'])
paths = st.sampled_from(["city", "address.city", "total", "order_id", "no"])
durations = st.integers(0, 60_000_000).map(lambda seconds: timedelta(seconds=seconds))
texts = st.text("abå 01.:-_#\"'<>&|{}[]\\`\n\u20ac\U0001f389", max_size=12)
scalars = st.one_of(
    texts, st.booleans(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False)
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
instants = st.integers(-(10**9), 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))
values = st.recursive(
    st.one_of(st.none(), scalars, instants.map(str)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(paths, inner, max_size=3)),
    max_leaves=6,
)
same = st.one_of(st.none(), st.just(""), paths)
bounds = st.one_of(
    instants,
    st.integers(-(10**8), 10**8).map(lambda seconds: Relative(offset=timedelta(seconds=seconds))),
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


COMPARISONS: dict[str, st.SearchStrategy[Any]] = {
    "is": scalars,
    "in": st.lists(scalars, min_size=1, max_size=3),
    "gt": numbers,
    "gte": numbers,
    "lt": numbers,
    "lte": numbers,
    "contains": scalars,
    "starts_with": texts,
    "matches": st.sampled_from(["^a", "b$", "[0-9]+"]),
    "exists": st.booleans(),
    "before": bounds,
    "after": bounds,
}
comparisons = st.lists(st.sampled_from(sorted(COMPARISONS)), min_size=1, max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: COMPARISONS[name] for name in names})
)
traits = st.builds(lambda trait, compared: TraitIs(trait=trait, **compared), paths, comparisons)
properties = st.builds(lambda name, compared: PropertyIs(property=name, **compared), paths, comparisons)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(All, all=several), st.builds(AnyOf, any=several), st.builds(lambda part: Not(not_=part), inner)
    )


wheres: st.SearchStrategy[Condition] = st.recursive(properties, _joined, max_leaves=3)
times = st.builds(Times, at_least=st.integers(1, 3), at_most=maybe(st.integers(0, 3)), exactly=maybe(st.integers(0, 3)))
measures = st.builds(lambda name, compared: Measure(property=name, **compared), paths, comparisons)
happened = st.builds(
    lambda measured, **more: EventHappened(**more, **measured),
    st.dictionaries(st.sampled_from(MEASURES), measures, max_size=2),
    event=events,
    where=maybe(wheres),
    same=same,
    times=maybe(times),
    within=st.one_of(st.none(), st.just("enrolment"), durations),
    after=maybe(bounds),
    before=maybe(bounds),
)
referring = st.one_of(
    st.builds(SegmentIs, segment=slugs),
    st.builds(TopicIs, topic=slugs, subscribed=st.booleans()),
    st.builds(StageIs, stage=st.lists(slugs, min_size=1, max_size=2).map(tuple)),
    st.builds(InJourney, in_journey=slugs, ever=st.booleans(), within=maybe(durations)),
    st.builds(
        LetterWas,
        letter=slugs,
        was=st.sampled_from(["received", "opened", "clicked"]),
        times=times,
        within=maybe(durations),
    ),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(traits, properties, happened, referring), _joined, max_leaves=5
)
names = st.lists(events, min_size=1, max_size=3).map(tuple)
matches = st.builds(EventMatch, event=names, where=maybe(wheres), same=same)
several_matches = st.lists(matches, max_size=2).map(tuple)
ids = maybe(slugs)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
weekdays = st.lists(st.sampled_from(["mon", "wed", "sun"]), max_size=3).map(tuple)
classes = st.sampled_from(["marketing", "transactional"])
plain_steps = st.one_of(
    st.builds(
        lambda sent, **more: Send(send=sent, **more),
        slugs,
        id=ids,
        class_=maybe(classes),
        topic=maybe(slugs),
        ttl=maybe(durations),
    ),
    st.builds(Wait, id=ids, wait=durations, restart_on=several_matches),
    st.builds(
        WaitUntil,
        id=ids,
        wait_until=st.builds(LocalTime, time=clocks, weekday=weekdays, zone=maybe(st.just("Asia/Tokyo"))),
    ),
    st.builds(WaitFor, id=ids, wait_for=matches, timeout=maybe(durations)),
    st.builds(
        Set, id=ids, set=st.builds(Change, traits=st.dictionaries(paths, maybe(scalars), min_size=1, max_size=2))
    ),
    st.builds(Exit, id=ids, exit=st.just("enough")),
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=2).map(tuple)
    cases = st.lists(st.builds(Case, when=conditions, then=lists), min_size=1, max_size=2)
    others = st.one_of(st.just(()), st.builds(Otherwise, otherwise=lists).map(lambda other: (other,)))
    branches = st.builds(lambda first, last: (*first, *last), cases, others)
    return st.one_of(
        st.builds(WaitFor, id=ids, wait_for=matches, timeout=maybe(durations), otherwise=lists),
        st.builds(Branch, id=ids, branch=branches),
    )


steps = st.recursive(plain_steps, _around, max_leaves=4)
triggers = st.one_of(st.builds(OnEvent, event=names, where=maybe(wheres)), st.just(OnRequest(api=True)))
re_entries = st.builds(ReEntry, allowed=st.booleans(), after=maybe(durations))
journeys = st.builds(
    Journey,
    journey=slugs,
    title=st.sampled_from(["A journey", "Two\nlines"]),
    class_=classes,
    topic=maybe(slugs),
    trigger=st.lists(triggers, min_size=1, max_size=2).map(tuple),
    key=maybe(st.just("properties.order_id")),
    re_entry=re_entries,
    exit_on=several_matches,
    goal=maybe(st.builds(Goal, event=names, where=maybe(wheres), same=same, within=durations)),
    steps=st.lists(steps, min_size=1, max_size=3).map(tuple),
)
