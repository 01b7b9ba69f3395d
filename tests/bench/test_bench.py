"""Every measurement runs, at a size too small to tell anything."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench import conditions, intake, journeys, latency, memory, messages, routing, segments
from bench.figures import Figure, Target
from bench.servers import Servers, servers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def these() -> AsyncIterator[Servers]:
    async with servers() as running:
        yield running


def names(figures: list[Figure]) -> list[str]:
    assert all(figure.ours > 0 for figure in figures)
    return [figure.name for figure in figures]


async def test_conditions_are_measured_beside_a_function_written_by_hand(these: Servers) -> None:
    decided, flips = await conditions.measure(these, print, seconds=0.05, rounds=1)
    assert names([decided, flips]) == ["conditions in memory", "the next change by time alone"]
    assert decided.floor is not None


async def test_intake_is_measured_beside_a_bare_front_door(these: Servers) -> None:
    single, batches = await intake.measure(these, print, seconds=0.2, rounds=1)
    assert names([single, batches]) == ["intake, single requests", "intake, batches of 100"]
    assert single.floor is not None


async def test_journeys_are_measured_beside_a_bare_program(these: Servers) -> None:
    speed, cost, history, size = await journeys.measure(these, print, contacts=5, rounds=1)
    assert speed.floor is not None
    assert cost.floor is not None
    # A run of the bare program: its start, three tasks of three events, a timer of two, an activity of three, its end.
    assert history.floor == 16
    assert history.met, f"{history.ours} events"
    assert size.met, f"{size.ours} bytes"


async def test_the_way_of_a_mail_is_measured_from_commit_to_acceptance(these: Servers) -> None:
    figures = await latency.measure(these, print, mails=5)
    assert names(figures) == [f"event committed to mail accepted, {name}" for name in ("p50", "p99")]


async def test_sleeping_journeys_are_measured_cached_and_evicted(these: Servers) -> None:
    figures = await memory.measure(these, print, sleepers=20, bare_sleepers=5, wakes=2)
    assert names(figures[:1]) == ["worker with 20 sleeping journeys, cached"]
    assert names(figures[3:]) == ["waking a cached journey", "waking an evicted journey"]


async def test_building_and_signing_is_measured_beside_the_standard_library(these: Servers) -> None:
    (figure,) = await messages.measure(these, print, seconds=0.4)
    assert figure.floor is not None
    assert figure.ours > figure.floor


async def test_segments_are_filled_in_kept_and_entered_by_time() -> None:
    # Servers of its own, as in `make bench`: a back-fill sees every contact there is.
    async with servers() as own:
        figures = await segments.measure(own, print, contacts=300, batches=1, timed=3, spread=2)
    assert [figure.unit for figure in figures] == ["s", "s", "ms", "s", "s"]
    assert all(figure.floor for figure in figures[:3])
    assert figures[-1].met


@pytest.mark.parametrize(
    ("target", "ours", "met"),
    [
        (Target("ratio", "at least", 0.8), 8.0, True),
        (Target("ratio", "at least", 0.8), 7.9, False),
        (Target("figure", "at most", 18), 18.0, True),
        (Target("figure", "at most", 18), 19.0, False),
    ],
)
def test_a_target_is_met_or_missed(target: Target, ours: float, met: bool) -> None:
    assert Figure("speed", "/s", ours, 10.0, target).met is met


async def test_routing_is_measured_with_many_journeys_and_few(these: Servers) -> None:
    figures = await routing.measure(these, print, contacts=5, rounds=1)
    assert names(figures) == [
        "routing with 200 live journeys, first visit of a day",
        "routing with 200 live journeys, next visit",
    ]
    assert all(figure.floor is not None for figure in figures)
