"""Whatever a journey says: its run comes to rest. It sleeps until something that is not past, or it is over."""

import random
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from rules.facts import Happening
from rules.journey import Journey
from rules.layout import lay_out
from rules.moves import Admit, Apply, Ask, Call, Deliver, Finish, Inform, Locate, Move, Sleep
from rules.plan import listens
from rules.run import Run
from rules.state import begin
from rules.story import story
from tests.rules.driving import START
from tests.rules.journeys import HEAD
from tests.rules.worlds import EXAMPLES

_MOVES_MAX = 400
_SLEEPS_MAX = 30

spans = some.sampled_from(["0s", "1s", "1h", "3d"])
asked = some.sampled_from(
    [{"trait": "a", "is": 1}, {"event": "A"}, {"not": {"segment": "s"}}, {"event": "B", "within": "3d"}]
)
plain = some.one_of(
    some.just({"send": "hello"}),
    some.builds(lambda span: {"wait": span, "restart_on": ["A"]}, spans),
    some.sampled_from([{"time": "09:00"}, {"trait": "a", "offset": "-3d"}, {"property": "b", "time": "12:00"}]).map(
        lambda moment: {"wait_until": moment}
    ),
    some.builds(lambda span, condition: {"wait_for": {"condition": condition}, "timeout": span}, spans, asked),
    some.builds(lambda condition: {"wait_for": [{"event": "C"}, {"condition": condition}]}, asked),
    some.just({"set": {"traits": {"a": 1}}}),
    some.just({"webhook": "https://a.example/x"}),
    some.just({"notify": "sales", "letter": "alert"}),
    some.just({"enrol": "other"}),
    some.just({"exit": "enough"}),
)


def _around(inner: some.SearchStrategy[list[Any]]) -> some.SearchStrategy[list[Any]]:
    within = some.one_of(
        plain,
        some.builds(
            lambda condition, then, other: {"branch": [{"when": condition, "then": then}, {"otherwise": other}]},
            asked,
            inner,
            inner,
        ),
        some.builds(
            lambda one, other: {
                "split": [
                    {"share": 3, "name": "one", "then": one},
                    {"share": 2, "name": "other", "then": other},
                    {"holdout": 1},
                ]
            },
            inner,
            inner,
        ),
        some.builds(lambda span, rounds: {"repeat": {"every": span, "at_most": 3, "steps": rounds}}, spans, inner),
        some.builds(
            lambda span, condition, rounds: {"repeat": {"every": span, "until": condition, "steps": rounds}},
            spans,
            asked,
            inner,
        ),
        some.builds(
            lambda span, others: {"wait_for": {"event": "D"}, "timeout": span, "otherwise": others}, spans, inner
        ),
    )
    return some.lists(within, min_size=1, max_size=4)


steps = some.recursive(some.lists(plain, min_size=1, max_size=3), _around, max_leaves=6)


def _answer(machine: Run, move: Move, draw: int, now: datetime) -> None:
    """Answer a move in one of the ways in which the world may."""
    match move:
        case Ask(conditions=conditions):
            case = draw % (len(conditions) + 1)
            look = now + timedelta(hours=draw - 50) if draw % 3 else None
            machine.decided(case if case < len(conditions) else None, now, look)
        case Locate():
            machine.located(now + timedelta(hours=draw - 20) if draw % 5 else None, now)
        case Deliver() | Inform() | Call():
            machine.delivered("sent" if draw % 7 else "failed", "a reason", now)
        case Apply() | Admit():
            machine.applied("done", now)
        case Sleep() | Finish():
            raise AssertionError("these need no answer")


def _rest(machine: Run, chance: random.Random, done: list[tuple[str, str, int]], now: datetime) -> Sleep | Finish:
    """Answer until the machine rests; it must, after so many moves."""
    for _ in range(_MOVES_MAX):
        move = machine.next(now)
        if isinstance(move, Sleep | Finish):
            return move
        if not isinstance(move, Locate | Ask):
            done.append((type(move).__name__, move.step, move.iteration))
        _answer(machine, move, chance.randrange(100), now)
    raise AssertionError(f"never comes to rest: {machine.state}")


@settings(max_examples=EXAMPLES)
@given(steps, some.integers(0, 2**32))
def test_a_run_always_comes_to_rest_and_what_it_does_has_a_key_of_its_own(written: list[Any], seed: int) -> None:
    plan = lay_out(Journey.model_validate({**HEAD, "steps": written}), 1)
    machine, now, chance = Run(plan, begin(plan, START, {}, "a lot")), START, random.Random(seed)
    done: list[tuple[str, str, int]] = []
    for _ in range(_SLEEPS_MAX):
        rest = _rest(machine, chance, done, now)
        assert len(set(done)) == len(done)
        assert story(plan, machine.state)
        if isinstance(rest, Finish):
            assert machine.state.verdicts[-1].kind == "ended"
            return
        assert rest.until is None or rest.until > now
        if rest.until is None or chance.random() < 0.3:
            machine.hear(Happening(chance.choice(sorted(listens(plan))), now), now, ["a"])
        else:
            now = rest.until
