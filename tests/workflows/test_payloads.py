"""Payloads of earlier days: signals and inputs on their way during a deploy must still be read."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter

from rules.decisions import Verdict
from rules.facts import Happening
from rules.state import Round, State
from workflows.payloads import Enrolled, Heard, Migration, Note

ENROLMENT = "0190f5b2-0000-7000-8000-000000000001"
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAN: dict[str, Any] = {"journey": "tried", "version": 1, "first": "hello", "steps": {}}

# (what it was, its JSON when it was first released, what it must mean). Lines are added here, never changed.
OLD: list[tuple[type, dict[str, Any], object]] = [
    (Heard, {"seq": 7, "at": "2026-11-21T12:00:00Z", "properties": {"order_id": "1"}}, Heard(7, AT, {"order_id": "1"})),
    (Heard, {}, Heard()),
    (Note, {"reason": "asked by support"}, Note("asked by support")),
    (
        Enrolled,
        {"enrolment": ENROLMENT, "plan": PLAN, "entered": "2026-11-21T12:00:00Z", "start": {}, "state": None},
        None,
    ),
    (
        State,
        {
            "entered": "2026-11-21T12:00:00Z",
            "arrived": "2026-11-21T12:00:00Z",
            "at": "hello",
            "start": {"order_id": "1"},
            "until": "2026-11-21T12:00:00Z",
            "over": None,
            "paused": False,
            "held": True,
            "visits": {"hello": 1},
            "done": {"wait-1h": "1 hour over"},
            "heard": [{"name": "Clicked", "at": "2026-11-21T12:00:00Z", "properties": {}, "seq": 3}],
            "seen": [3],
        },
        State(
            entered=AT,
            arrived=AT,
            at="hello",
            start={"order_id": "1"},
            until=AT,
            held=True,
            visits={"hello": 1},
            done={"wait-1h": "1 hour over"},
            heard=[Happening("Clicked", AT, {}, 3)],
            seen=[3],
        ),
    ),
    (
        Heard,
        {"seq": 7, "at": "2026-11-21T12:00:00Z", "properties": {}, "traits": ["plan"]},
        Heard(7, AT, {}, ["plan"]),
    ),
    (
        Enrolled,
        {"enrolment": ENROLMENT, "plan": PLAN, "entered": "2026-11-21T12:00:00Z", "contact": ENROLMENT},
        Enrolled(UUID(ENROLMENT), PLAN, AT, contact=UUID(ENROLMENT)),
    ),
    (
        Migration,
        {"plan": PLAN, "mapping": {"old": "new"}, "request": "2026-11-21T12:00:00+00:00"},
        Migration(PLAN, {"old": "new"}, "2026-11-21T12:00:00+00:00"),
    ),
    (
        State,
        {
            "entered": "2026-11-21T12:00:00Z",
            "arrived": "2026-11-21T12:00:00Z",
            "at": "hello",
            "lot": ENROLMENT,
            "look": "2026-11-21T12:00:00Z",
            "asked": True,
            "stale": True,
            "rounds": {"weekly": {"number": 2, "begun": "2026-11-21T12:00:00Z"}},
            "said": 3,
            "verdicts": [
                {
                    "number": 3,
                    "step": "hello",
                    "kind": "wait",
                    "verdict": "over",
                    "at": "2026-11-21T12:00:00Z",
                    "reason": "1 hour over",
                }
            ],
            "request": "r1",
        },
        State(
            entered=AT,
            arrived=AT,
            at="hello",
            lot=ENROLMENT,
            look=AT,
            asked=True,
            stale=True,
            rounds={"weekly": Round(2, AT)},
            said=3,
            verdicts=[Verdict(3, "hello", "wait", "over", AT, "1 hour over")],
            request="r1",
        ),
    ),
]


def read(kind: type, content: object) -> Any:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(content).encode())
    return pydantic_data_converter.payload_converter.from_payload(payload, kind)


@pytest.mark.parametrize(("kind", "content", "meaning"), OLD, ids=lambda value: getattr(value, "__name__", None))
def test_an_old_payload_is_still_read(kind: type, content: object, meaning: object) -> None:
    value = read(kind, content)
    assert isinstance(value, kind)
    assert meaning is None or value == meaning


@pytest.mark.parametrize("kind", [Heard, Note, Enrolled, State, Migration])
def test_a_field_that_only_newer_code_knows_does_not_hurt_older_code(kind: type) -> None:
    content = next(content for known, content, _ in OLD if known is kind)
    assert read(kind, {**content, "added_later": 1}) == read(kind, content)


async def test_what_is_written_is_read_back() -> None:
    state = next(meaning for kind, _, meaning in OLD if kind is State)
    written = await pydantic_data_converter.encode([state])
    assert (await pydantic_data_converter.decode(written, [State]))[0] == state
