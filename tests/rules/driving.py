"""Drive a run by hand: what it wants, and answers to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rules.facts import Happening
from rules.moves import Ask, Deliver
from rules.run import Run
from rules.state import begin
from tests.rules.journeys import plan

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def days(count: float) -> datetime:
    return START + timedelta(days=count)


def run(steps: str, start: dict[str, Any] | None = None, lot: str = "", **more: Any) -> Run:
    laid = plan(steps, **more)
    return Run(laid, begin(laid, START, start or {}, lot))


def event(name: str, after: float = 0, seq: int = 0, **properties: Any) -> Happening:
    return Happening(name, hours(after), properties, seq)


def sent(machine: Run, now: datetime) -> str:
    """The letter that the machine wants to send now; tell it that it was sent."""
    move = machine.next(now)
    assert isinstance(move, Deliver), move
    machine.delivered("sent", None, now)
    return move.send.send


def asked(machine: Run, now: datetime) -> Ask:
    """What the machine asks now."""
    move = machine.next(now)
    assert isinstance(move, Ask), move
    return move


def said(machine: Run) -> list[tuple[str, str, str | None]]:
    """The verdicts that the machine has come to: kind, verdict, reason."""
    return [(each.kind, each.verdict, each.reason) for each in machine.state.verdicts]
