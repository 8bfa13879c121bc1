"""What ``GET /metrics`` answers: the sum over all processes, and the state of the queue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from posthouse import __version__
from posthouse.core.delivery.model import LaneDepth
from posthouse.runtime.lags import Lag
from posthouse.runtime.metrics.definitions import (
    ALERTS,
    BUILD,
    COUNTED,
    LAG_EVENTS,
    LAG_SECONDS,
    QUEUE_AGE,
    QUEUE_MESSAGES,
    Definition,
    Kind,
)
from posthouse.runtime.metrics.slots import read_numbers

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECOND: Final = 1_000_000

Sums = dict[tuple[str, ...], list[float]]


def render(
    folder: Path,
    depths: Sequence[LaneDepth],
    now: int,
    alerts: Mapping[str, int] = MappingProxyType({}),
    lags: Sequence[Lag] = (),
) -> bytes:
    """The text format of Prometheus.

    Args:
        folder: where the processes keep their numbers.
        depths: what waits in each lane (``QueueStore.depth``); empty when the store cannot be asked.
        now: microseconds since the Unix epoch.
        alerts: how many are open, by kind.
        lags: how far behind the events is what is made of them.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything(folder, depths, now, alerts, lags))
    return generate_latest(registry)


class _Everything(Collector):
    """All families, collected anew for each reading."""

    def __init__(
        self, folder: Path, depths: Sequence[LaneDepth], now: int, alerts: Mapping[str, int], lags: Sequence[Lag]
    ) -> None:
        self._lags = lags
        self._alerts = alerts
        self._folder = folder
        self._depths = depths
        self._now = now

    def collect(self) -> Iterable[Metric]:
        sums = _add_up(self._folder)
        for definition in COUNTED:
            yield _family(definition, sums.get(definition.name, {}))
        yield from self._queue()
        yield _gauge(LAG_EVENTS, {(one.follower,): [float(one.events)] for one in self._lags if one.events is not None})
        yield _gauge(LAG_SECONDS, {(one.follower,): [one.seconds] for one in self._lags})
        yield _gauge(ALERTS, {(kind,): [float(count)] for kind, count in self._alerts.items()})
        yield _gauge(BUILD, {(__version__,): [1.0]})

    def _queue(self) -> Iterator[Metric]:
        waiting: Sums = {}
        ages: Sums = {}
        for depth in self._depths:
            lane = depth.lane.name.lower()
            for state in ("ready", "later", "held"):
                waiting[lane, state] = [float(getattr(depth, state))]
            oldest = self._now if depth.oldest_due_at is None else min(depth.oldest_due_at, self._now)
            ages[(lane,)] = [(self._now - oldest) / _SECOND]
        yield _gauge(QUEUE_MESSAGES, waiting)
        yield _gauge(QUEUE_AGE, ages)


def _add_up(folder: Path) -> dict[str, Sums]:
    """The numbers of all processes, by metric and labels."""
    sums: dict[str, Sums] = {}
    for place, numbers in read_numbers(folder):
        of_metric = sums.setdefault(place.metric, {})
        before = of_metric.get(place.labels)
        of_metric[place.labels] = (
            list(numbers) if before is None else [a + b for a, b in zip(before, numbers, strict=True)]
        )
    return sums


def _family(definition: Definition, sums: Sums) -> Metric:
    if definition.kind is Kind.COUNTER:
        counter = CounterMetricFamily(definition.name, definition.help, labels=definition.labels)
        for labels, (value,) in sorted(sums.items()):
            counter.add_metric(labels, value)
        return counter
    return _histogram(definition, sums) if definition.kind is Kind.HISTOGRAM else _gauge(definition, sums)


def _gauge(definition: Definition, sums: Sums) -> Metric:
    gauge = GaugeMetricFamily(definition.name, definition.help, labels=definition.labels)
    for labels, (value,) in sorted(sums.items()):
        gauge.add_metric(labels, value)
    return gauge


def _histogram(definition: Definition, sums: Sums) -> Metric:
    family = HistogramMetricFamily(definition.name, definition.help, labels=definition.labels)
    bounds = [*map(str, map(float, definition.bounds)), "+Inf"]
    for labels, numbers in sorted(sums.items()):
        total, buckets = 0.0, []
        for bound, number in zip(bounds, numbers, strict=False):  # the last number is the sum of what was observed
            total += number
            buckets.append((bound, total))
        family.add_metric(labels, buckets, sum_value=numbers[-1])
    return family
