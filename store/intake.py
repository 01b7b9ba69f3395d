"""Intake: events come in, and are answered when they are committed. Many requests share one commit.

While one transaction commits, the next one gathers all that waits. When the database refuses a transaction because of
what an event holds, each request of the group gets a transaction of its own, and then each event of the request that
is at fault: one bad event never takes others with it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from store.incoming import Accepted, Incoming, Outcome, Refused
from store.recording import EventRefusedError, IntakeError, IntakeOverloadedError, IntakeUnavailableError, record
from store.session import Line

Events = Sequence[Incoming]
Answer = list[Outcome] | IntakeError


@dataclass(slots=True)
class Tally:
    """What intake has done since its start, for the metrics. `seconds` were spent in transactions."""

    new: int = 0
    known: int = 0
    refused: int = 0
    overloaded: int = 0
    unavailable: int = 0
    groups: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Request:
    events: Events
    answer: "asyncio.Future[list[Outcome]]"


class Intake:
    """Records events in groups. `group` is the most events of one transaction, `waiting` the most that may wait."""

    def __init__(self, line: Line, *, group: int = 500, waiting: int = 20_000) -> None:
        self.tally = Tally()
        self._line = line
        self._group = group
        self._limit = waiting
        self._requests: deque[_Request] = deque()
        self._count = 0
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many events wait for a transaction."""
        return self._count

    async def start(self) -> None:
        """Begin to record."""
        self._stopping = False
        self._worker = asyncio.create_task(self._work(), name="intake")

    async def stop(self) -> None:
        """Record what waits, then stop."""
        self._stopping = True
        self._wake.set()
        if self._worker is not None:
            await self._worker

    async def accept(self, events: Events) -> list[Outcome]:
        """Record events; returns, in their order, what became of each, and only after the commit.

        Raises IntakeOverloadedError or IntakeUnavailableError: none of them can be counted on, all may be sent again.
        """
        if not events:
            return []
        if self._stopping or self._worker is None:
            raise IntakeUnavailableError("intake is not running")
        if self._count + len(events) > self._limit:
            self.tally.overloaded += len(events)
            raise IntakeOverloadedError(f"{self._count} events wait already")
        request = _Request(events, asyncio.get_running_loop().create_future())
        self._requests.append(request)
        self._count += len(events)
        self._wake.set()
        return await request.answer

    async def _work(self) -> None:
        while self._requests or not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._requests:
                await self._serve(self._next_group())

    def _next_group(self) -> list[_Request]:
        group = [self._requests.popleft()]
        size = len(group[0].events)
        while self._requests and size + len(self._requests[0].events) <= self._group:
            group.append(self._requests.popleft())
            size += len(group[-1].events)
        self._count -= size
        return group

    async def _serve(self, group: list[_Request]) -> None:
        began = time.perf_counter()
        try:
            answers = await self._answers([request.events for request in group])
        except Exception as mistake:  # noqa: BLE001  (a mistake of ours: the callers hear it, the next group is served)
            for request in group:
                if not request.answer.done():
                    request.answer.set_exception(mistake)
            return
        self.tally.seconds += time.perf_counter() - began
        self.tally.groups += 1
        for request, answer in zip(group, answers, strict=True):
            self._answer(request, answer)

    async def _answers(self, parts: Sequence[Events]) -> list[Answer]:
        """The answer to each part: all of them in one transaction, or one each when the database refuses that."""
        try:
            outcomes = await record(self._line, list(chain.from_iterable(parts)))
        except EventRefusedError as refused:
            if len(parts) > 1:
                return [(await self._answers([part]))[0] for part in parts]
            return [await self._singled_out(parts[0], refused)]
        except IntakeError as error:
            return [error] * len(parts)
        told = iter(outcomes)
        return [[next(told) for _ in part] for part in parts]

    async def _singled_out(self, part: Events, refused: EventRefusedError) -> Answer:
        if len(part) == 1:
            return [Refused(part[0].message_id, str(refused))]
        answers = await self._answers([[event] for event in part])
        failure = next((answer for answer in answers if isinstance(answer, IntakeError)), None)
        return failure or [outcome for answer in answers if isinstance(answer, list) for outcome in answer]

    def _answer(self, request: _Request, answer: Answer) -> None:
        if isinstance(answer, IntakeError):
            self.tally.unavailable += len(request.events)
        else:
            refused = sum(isinstance(outcome, Refused) for outcome in answer)
            new = sum(isinstance(outcome, Accepted) and outcome.new for outcome in answer)
            self.tally.refused += refused
            self.tally.new += new
            self.tally.known += len(answer) - new - refused
        if request.answer.done():  # the client went away meanwhile
            return
        if isinstance(answer, IntakeError):
            request.answer.set_exception(answer)
        else:
            request.answer.set_result(answer)
