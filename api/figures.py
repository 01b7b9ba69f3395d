"""The API's figures, in the text format of Prometheus. They count; they never name anybody."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncSession

from store import codes, ledger
from store.codes import Stock
from store.intake import Intake
from store.reports import Backlog

CONTENT_TYPE = CONTENT_TYPE_LATEST


class MessageCount:
    """How many messages are in each state. Counting reads the whole ledger: an answer is good for `seconds`."""

    def __init__(self, seconds: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._counted: Mapping[str, int] = {}
        self._again_at = float("-inf")

    async def read(self, session: AsyncSession) -> Mapping[str, int]:
        """The numbers, by state."""
        if self._clock() >= self._again_at:
            self._counted = await ledger.identity(session)
            self._again_at = self._clock() + self._seconds
        return self._counted


class FeedbackCount:
    """What became of feedback since the start, by who told it: `applied`, `known`, `unknown` or `forged`."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str]] = Counter()

    def add(self, source: str, outcome: str) -> None:
        """Count one piece."""
        self.counted[source, outcome] += 1


class CouponStock:
    """What is left of the coupons. Looking reads every enrolment: an answer is good for `seconds`."""

    def __init__(self, seconds: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._stock: Sequence[Stock] = ()
        self._again_at = float("-inf")

    async def read(self, session: AsyncSession) -> Sequence[Stock]:
        """Every coupon."""
        if self._clock() >= self._again_at:
            self._stock = await codes.stock(session)
            self._again_at = self._clock() + self._seconds
        return self._stock


class _Figures(Collector):
    def __init__(
        self,
        intake: Intake,
        backlog: Backlog | None,
        messages: Mapping[str, int] | None,
        coupons: Sequence[Stock] | None,
        feedback: FeedbackCount,
    ) -> None:
        self._intake = intake
        self._backlog = backlog
        self._messages = messages
        self._coupons = coupons
        self._feedback = feedback

    def collect(self) -> Iterator[Metric]:
        """Every figure, as it is now."""
        yield from _of_intake(self._intake)
        if self._backlog is not None:
            yield from _of_outbox(self._backlog)
        if self._messages is not None:
            yield _of_messages(self._messages)
        yield from _of_coupons(self._coupons or ())
        yield _of_feedback(self._feedback)


def _of_intake(intake: Intake) -> Iterator[Metric]:
    tally = intake.tally
    events = CounterMetricFamily("kundresa_intake_events", "Events by what became of them.", labels=["outcome"])
    for outcome in ("new", "known", "refused", "overloaded", "unavailable"):
        events.add_metric([outcome], getattr(tally, outcome))
    yield events
    yield CounterMetricFamily("kundresa_intake_groups", "Transactions of intake.", tally.groups)
    yield CounterMetricFamily("kundresa_intake_seconds", "Time spent in transactions of intake.", tally.seconds)
    yield GaugeMetricFamily("kundresa_intake_waiting", "Events waiting for a transaction.", intake.waiting)


def _of_outbox(backlog: Backlog) -> Iterator[Metric]:
    yield GaugeMetricFamily("kundresa_outbox_events", "Committed events not routed yet.", backlog.waiting)
    yield GaugeMetricFamily("kundresa_outbox_refused_events", "Those of them whose last try failed.", backlog.refused)
    yield GaugeMetricFamily(
        "kundresa_outbox_oldest_seconds", "Routing lag: the age of the oldest of them.", backlog.oldest
    )


def _of_messages(messages: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily("kundresa_messages", "Letters, sent or not, by state.", labels=["state"])
    for state, number in messages.items():
        family.add_metric([state], number)
    return family


def _of_coupons(stock: Sequence[Stock]) -> Iterator[Metric]:
    left = GaugeMetricFamily("kundresa_coupon_codes_left", "Codes that nobody has yet.", labels=["coupon"])
    ahead = GaugeMetricFamily("kundresa_coupon_codes_wanted", "People on their way to a code.", labels=["coupon"])
    for each in stock:
        if each.left is not None:
            left.add_metric([each.coupon], each.left)
            ahead.add_metric([each.coupon], each.ahead)
    yield left
    yield ahead


def _of_feedback(count: FeedbackCount) -> Metric:
    family = CounterMetricFamily(
        "kundresa_feedback", "What became of bounces, complaints and the like.", labels=["source", "outcome"]
    )
    for labels, number in count.counted.items():
        family.add_metric(labels, number)
    return family


def exposed(
    intake: Intake,
    backlog: Backlog | None,
    messages: Mapping[str, int] | None,
    coupons: Sequence[Stock] | None,
    feedback: FeedbackCount,
) -> bytes:
    """The figures of this process, and those of the database that could be read."""
    registry = CollectorRegistry()
    registry.register(_Figures(intake, backlog, messages, coupons, feedback))
    return generate_latest(registry)
