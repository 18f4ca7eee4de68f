"""Turns notices into structured log lines and EMF metrics, through Powertools.

Logs and metrics hold counts, codes, names from the configuration and S3 addresses, never captured data or secrets.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics
from msgspec import to_builtins

from capture_forwarder.configuration.metrics import NAMESPACE, TIMES, TOTAL_DIMENSION, TOTALS, Metric
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.notices import (
    BatchSent,
    MessageRejected,
    Notice,
    ObjectForwarded,
    RecordsIgnored,
    RunEnded,
)

_SERVICE = "capture-forwarder"
_SKIPPED_EXAMPLES = 3

Dimensions = tuple[tuple[str, str], ...]


class Telemetry:
    """Observer of the deployed function; it collects metrics and writes them at the end of a run.

    `TOTALS`, for the alarms, are also written with `stack`, the stack's name, as the only dimension. With
    `totals_only` no other metrics are written: CloudWatch bills each by name and dimensions.
    """

    def __init__(self, now: Callable[[], datetime], stack: str, *, totals_only: bool = False) -> None:
        self._now = now
        self._stack = stack
        self._totals_only = totals_only
        self._logger = Logger(service=_SERVICE)
        self._samples: defaultdict[Dimensions, defaultdict[Metric, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._lock = Lock()
        self._logged_denials: set[tuple[str, str | None]] = set()
        self._skipped: list[str] = []

    def notice(self, event: Notice) -> None:
        """Log `event` and measure it."""
        match event:
            case ObjectForwarded(report):
                self._object_forwarded(report)
            case BatchSent():
                self._batch_sent(event)
            case MessageRejected(message_id, why):
                self._logger.error("message rejected", message_id=message_id, why=why)
            case RecordsIgnored(counts):
                self._logger.info("records ignored", counts=counts)
            case RunEnded():
                self._log_skipped()
                self._flush()

    def _object_forwarded(self, report: ForwardReport) -> None:
        if report.route is None or report.destination is None:
            self._skipped.append(report.source.uri)
            return
        complete, balanced = report.complete, report.balanced
        pending = self._logger.warning if complete else self._logger.error
        log = self._logger.info if complete and not report.inferences.pending else pending
        log("object forwarded", report=to_builtins(report), balanced=balanced)
        dimensions = {"route": report.route, "destination": report.destination}
        lag = (self._now() - report.newest_inference).total_seconds() if report.newest_inference else None
        times = {Metric.CAPTURE_LAG: lag, Metric.PENDING_AGE: report.pending_secs}
        known = {metric: secs for metric, secs in times.items() if secs is not None}
        self._measure(dimensions, _measures(report, balanced=balanced) | known)
        if report.arrived:
            self._measure({TOTAL_DIMENSION: self._stack}, {Metric.OBJECTS_ARRIVED: 1})

    def _log_skipped(self) -> None:
        """Log and count the objects without a route together: there may be thousands in a run."""
        if self._skipped:
            count, examples = len(self._skipped), self._skipped[:_SKIPPED_EXAMPLES]
            self._logger.info("objects skipped", count=count, examples=examples, why="no route matches them")
            self._measure({TOTAL_DIMENSION: self._stack}, {Metric.OBJECTS_SKIPPED: count})
            self._skipped.clear()

    def _batch_sent(self, sent: BatchSent) -> None:
        measures = {Metric.REQUESTS_SENT: 1.0, Metric.REQUEST_LATENCY: sent.latency_secs}
        if sent.denied:
            measures[Metric.REQUESTS_DENIED] = 1.0
            self._denied(sent)
        elif sent.error:
            measures[Metric.REQUEST_RETRIES] = 1.0
            self._logger.warning("request failed", destination=sent.destination, why=sent.error)
        self._measure({"destination": sent.destination}, measures)

    def _denied(self, sent: BatchSent) -> None:
        with self._lock:
            known = (sent.destination, sent.error) in self._logged_denials
            self._logged_denials.add((sent.destination, sent.error))
        if not known:
            self._logger.error("request denied", destination=sent.destination, why=sent.error)

    def _measure(self, dimensions: Mapping[str, str], measures: Mapping[Metric, float]) -> None:
        totals = {metric: amount for metric, amount in measures.items() if metric in TOTALS}
        is_written = not self._totals_only or TOTAL_DIMENSION in dimensions
        written = [({TOTAL_DIMENSION: self._stack}, totals), *([(dimensions, measures)] if is_written else [])]
        with self._lock:
            for key, measured in written:
                samples = self._samples[tuple(key.items())]
                for metric, amount in measured.items():
                    samples[metric].append(amount)

    def _flush(self) -> None:
        with self._lock:
            for dimensions, samples in self._samples.items():
                if samples:
                    _write(dimensions, samples)
            self._samples.clear()
            self._logged_denials.clear()


def _write(dimensions: Dimensions, samples: Mapping[Metric, list[float]]) -> None:
    """Write one document: the sum of each count, and every value of the times."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in dimensions:
        metrics.add_dimension(name, value)
    for metric, amounts in samples.items():
        name, unit = metric.value.name, metric.value.unit
        for amount in amounts if metric in TIMES else [sum(amounts)]:
            metrics.add_metric(name, unit, amount)
    metrics.flush_metrics()


def _measures(report: ForwardReport, *, balanced: bool) -> dict[Metric, Any]:
    lines, inferences = report.lines, report.inferences
    return {
        Metric.OBJECTS_FORWARDED: 1,
        Metric.OBJECTS_REJECTED: int(report.state is ObjectState.REJECTED),
        Metric.RECORDS_READ: lines.read,
        Metric.RECORDS_REJECTED: lines.rejected.total(),
        Metric.RECORDS_SKIPPED: lines.skipped.total(),
        Metric.INFERENCES_ACCEPTED: inferences.accepted,
        Metric.INFERENCES_DUPLICATE: inferences.duplicate,
        Metric.INFERENCES_REJECTED: inferences.rejected.total(),
        Metric.INFERENCES_PENDING: inferences.pending,
        Metric.CONSERVATION_VIOLATIONS: int(not balanced),
    }
