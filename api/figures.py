"""The API's figures, in the text format of Prometheus. They count; they never name anybody."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from store.intake import Intake
from store.reports import Backlog

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Figures(Collector):
    def __init__(self, intake: Intake, backlog: Backlog | None) -> None:
        self._intake = intake
        self._backlog = backlog

    def collect(self) -> Iterator[Metric]:
        """Every figure, as it is now."""
        tally = self._intake.tally
        events = CounterMetricFamily("kundresa_intake_events", "Events by what became of them.", labels=["outcome"])
        for outcome in ("new", "known", "refused", "overloaded", "unavailable"):
            events.add_metric([outcome], getattr(tally, outcome))
        yield events
        yield CounterMetricFamily("kundresa_intake_groups", "Transactions of intake.", tally.groups)
        yield CounterMetricFamily("kundresa_intake_seconds", "Time spent in transactions of intake.", tally.seconds)
        yield GaugeMetricFamily("kundresa_intake_waiting", "Events waiting for a transaction.", self._intake.waiting)
        if self._backlog is not None:
            yield GaugeMetricFamily("kundresa_outbox_events", "Committed events not routed yet.", self._backlog.waiting)
            yield GaugeMetricFamily(
                "kundresa_outbox_oldest_seconds", "Routing lag: the age of the oldest of them.", self._backlog.oldest
            )


def exposed(intake: Intake, backlog: Backlog | None) -> bytes:
    """The figures of this process, and of the outbox when it could be read."""
    registry = CollectorRegistry()
    registry.register(_Figures(intake, backlog))
    return generate_latest(registry)
