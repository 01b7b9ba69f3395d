"""The checker: what should have come, what came, and what the ledger says, laid side by side when all is over."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.end_to_end.shoppers import Habit, Shopper, letter_of

# Between the last look before the dot and the relay's note of the mail lie milliseconds, and a busy machine.
_SLACK = timedelta(seconds=2)

Row = dict[str, Any]
Mails = Mapping[str, Sequence[Row]]


@dataclass
class Verdict:
    """All that is wrong, by kind, in lines for people."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    enrolments: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    outbox: list[str] = field(default_factory=list)

    @property
    def spotless(self) -> bool:
        return not any(vars(self).values())

    def __str__(self) -> str:
        return "\n".join(f"{kind}: {len(lines)}" + "".join(f"\n    {line}" for line in lines[:20])
                         for kind, lines in vars(self).items())  # fmt: skip


def check_letters(crowd: Sequence[Shopper], mails: Mails) -> Verdict:
    """Every expected letter exactly once, and no other."""
    verdict = Verdict()
    for shopper in crowd:
        came = mails.get(shopper.address, [])
        counts = Counter(map(letter_of, came))
        optional = _optional(shopper, came)
        verdict.lost += [_line(shopper, letter) for letter in shopper.letters - counts]
        verdict.duplicated += [_line(shopper, f"{letter} x {times}") for letter, times in counts.items() if times > 1]
        others = counts.keys() - shopper.letters.keys() - optional
        verdict.unexpected += [_line(shopper, letter) for letter in sorted(others)]
    known = {shopper.address for shopper in crowd}
    verdict.unexpected += [f"{address}: unknown to the shop" for address in sorted(mails.keys() - known)]
    return verdict


def _optional(shopper: Shopper, came: Sequence[Row]) -> set[str]:
    """Of somebody hasty: the letters on the way up to the order. After it none may come, and none may be skipped."""
    if shopper.habit is not Habit.HASTY or shopper.ordered_at is None:
        return set()
    in_time = [
        letter_of(mail)
        for mail in came
        if letter_of(mail) in shopper.path
        and datetime.fromisoformat(mail["received_at"]) <= shopper.ordered_at + _SLACK
    ]
    return set(in_time) if in_time == shopper.path[: len(in_time)] else set()


def _line(shopper: Shopper, what: str) -> str:
    return f"{shopper.user}, who {shopper.habit}: {what}"


def check_ledger(mails: Mails, messages: Sequence[Row], attempts: Sequence[Row]) -> Iterator[str]:
    """Every row has come to an end, and what is `sent` is what the mailbox has."""
    by_message: dict[object, list[Row]] = {}
    for attempt in attempts:
        by_message.setdefault(attempt["message"], []).append(attempt)
    for row in messages:
        told = f"{row['letter']} ({row['id']})"
        if row["settled_at"] is None:
            yield f"{told} is not settled: {row['state']}"
        outcomes = Counter(attempt["outcome"] for attempt in by_message.get(row["id"], []))
        if row["state"] == "sent" and not _once(outcomes, row["reason"]):
            yield f"{told} is sent ({row['reason']}), with attempts {dict(outcomes)}"
        if row["state"] != "sent" and outcomes["accepted"]:
            yield f"{told} is {row['state']}, with attempts {dict(outcomes)}"
    sent = Counter(row["message_id"] for row in messages if row["state"] == "sent")
    taken = Counter(mail["message_id"] for came in mails.values() for mail in came)
    yield from (f"{message} is sent, and the mailbox does not have it" for message in sent.keys() - taken.keys())
    yield from (f"the mailbox has {message}, which is not sent" for message in taken.keys() - sent.keys())


def _once(outcomes: Counter[str | None], reason: str | None) -> bool:
    """One attempt was accepted; or none told us so, and the relay said later that it has the message."""
    return outcomes["accepted"] == 1 or (outcomes["accepted"] == 0 and reason == "the relay has it")


def check_enrolments(crowd: Sequence[Shopper], enrolments: Sequence[Row]) -> Iterator[str]:
    """Everybody's runs are over, for the right reasons, and nobody was in twice."""
    for shopper in crowd:
        own = [row for row in enrolments if row["user_id"] == shopper.user]
        ends = {row["journey"]: row["reason"] for row in own}
        if ends not in shopper.endings or len(own) != len(ends):
            yield _line(shopper, f"{[(row['journey'], row['reason']) for row in own]}, and not {shopper.endings}")
        yield from (_line(shopper, f"{row['journey']} is {row['status']}") for row in own if row["status"] != "ended")
