"""The metrics of one run, written as EMF documents through Powertools.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics

from capture_forwarder.configuration.metrics import NAMESPACE, TIMES, TOTAL_DIMENSION, TOTALS, Metric
from capture_forwarder.domain.conservation import ForwardReport, ObjectState

Dimensions = tuple[tuple[str, str], ...]


class RunMetrics:
    """Collects the metrics of a run; may be used from any thread.

    `TOTALS`, for the alarms, are also written with `stack`, the stack's name, as the only dimension. With
    `totals_only` no other metrics are written: CloudWatch bills each by name and dimensions.
    """

    def __init__(self, stack: str, *, totals_only: bool) -> None:
        self._stack = stack
        self._totals_only = totals_only
        self._lock = Lock()
        self._samples: defaultdict[Dimensions, defaultdict[Metric, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, dimensions: Mapping[str, str], measures: Mapping[Metric, float]) -> None:
        """Add one value of each metric in `measures`."""
        totals = {metric: amount for metric, amount in measures.items() if metric in TOTALS}
        written = [({TOTAL_DIMENSION: self._stack}, totals), *([] if self._totals_only else [(dimensions, measures)])]
        with self._lock:
            for key, measured in written:
                self._add(key, measured)

    def add_total(self, metric: Metric, amount: float) -> None:
        """Add a value of a metric that has the stack as its only dimension."""
        with self._lock:
            self._add({TOTAL_DIMENSION: self._stack}, {metric: amount})

    def flush(self, properties: Mapping[str, Any]) -> None:
        """Write one document for each set of dimensions, with `properties` that are no metrics; then forget them."""
        with self._lock:
            for dimensions, samples in self._samples.items():
                if samples:
                    _write(dimensions, samples, properties)
            self._samples.clear()

    def _add(self, dimensions: Mapping[str, str], measures: Mapping[Metric, float]) -> None:
        samples = self._samples[tuple(dimensions.items())]
        for metric, amount in measures.items():
            samples[metric].append(amount)


def _write(dimensions: Dimensions, samples: Mapping[Metric, list[float]], properties: Mapping[str, Any]) -> None:
    """Write one document: the sum of each count, and every value of the times."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in dimensions:
        metrics.add_dimension(name, value)
    for name, value in properties.items():
        metrics.add_metadata(name, value)
    for metric, amounts in samples.items():
        name, unit = metric.value.name, metric.value.unit
        for amount in amounts if metric in TIMES else [sum(amounts)]:
            metrics.add_metric(name, unit, amount)
    metrics.flush_metrics()


def measures_of(report: ForwardReport, now: datetime) -> dict[Metric, float]:
    """Return the counts and times of one object."""
    lines, inferences = report.lines, report.inferences
    return {
        Metric.OBJECTS_FORWARDED: 1,
        Metric.OBJECTS_REJECTED: int(report.state is ObjectState.REJECTED),
        Metric.OBJECTS_GIVEN_UP: int(report.state is ObjectState.GIVEN_UP),
        Metric.RECORDS_READ: lines.read,
        Metric.RECORDS_REJECTED: lines.rejected.total(),
        Metric.RECORDS_SKIPPED: lines.skipped.total(),
        Metric.INFERENCES_ACCEPTED: inferences.accepted,
        Metric.INFERENCES_DUPLICATE: inferences.duplicate,
        Metric.INFERENCES_REJECTED: inferences.rejected.total(),
        Metric.INFERENCES_PENDING: inferences.pending,
        Metric.CONSERVATION_VIOLATIONS: int(not report.balanced),
        **_rare_counts(report),
        **_times(report, now),
    }


def _rare_counts(report: ForwardReport) -> dict[Metric, float]:
    """Return the counts that are nearly always 0: CloudWatch bills a metric that is emitted."""
    counts = {
        Metric.VALUES_LEFT_OUT: report.reading.left_out,
        Metric.INFERENCE_IDS_REUSED: report.reading.reused_ids,
        Metric.LAYOUT_CHANGED: report.reading.changed_layouts,
    }
    return {metric: count for metric, count in counts.items() if count}


def _times(report: ForwardReport, now: datetime) -> dict[Metric, float]:
    lag = (now - report.newest_inference).total_seconds() if report.newest_inference else None
    times = {
        Metric.CAPTURE_LAG: lag,
        Metric.PENDING_AGE: report.pending_secs,
        Metric.BLOCKED_AGE: report.blocked_secs,
    }
    return {metric: secs for metric, secs in times.items() if secs is not None}
