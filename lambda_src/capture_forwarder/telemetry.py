"""Turns notices into structured log lines and EMF metrics, through Powertools.

Logs and metrics hold counts, codes, names from the configuration and S3 addresses, never captured data or secrets.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics
from msgspec import to_builtins

from capture_forwarder.configuration.metrics import NAMESPACE, TIMES, TOTAL_DIMENSION, TOTALS, Metric
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import PendingCause
from capture_forwarder.domain.notices import (
    BatchSent,
    MessageRejected,
    Notice,
    ObjectForwarded,
    ProgressDamaged,
    RecordsIgnored,
    RunEnded,
)

_SERVICE = "capture-forwarder"
_EXAMPLES = 3
_NO_ROUTE = "none"

_Level = Literal["info", "warning", "error"]

# Objects without a route are logged together: there may be thousands in a run.
_TOGETHER: Mapping[ObjectState, tuple[_Level, str, str]] = {
    ObjectState.SKIPPED: ("info", "objects skipped", "no route has their suffix, or the bucket skips them"),
    ObjectState.UNROUTED: ("warning", "objects unrouted", "no route covers them; they are in quarantine"),
    ObjectState.REFUSED: ("error", "objects refused", "their bucket is not configured; their messages fail"),
}

_NEXT_STEPS: Mapping[PendingCause, str] = {
    PendingCause.DESTINATION_UNAVAILABLE: "wait; if it lasts, ask the owners of the destination",
    PendingCause.DESTINATION_DENIED: "correct the token, its permissions, the model id or the url",
    PendingCause.SOURCE_UNAVAILABLE: "wait; S3 did not answer, or ended its answer",
    PendingCause.SOURCE_DENIED: "allow the function to read the object: policies of role, bucket and KMS key; "
    "owner and region of the bucket",
    PendingCause.OWN_RESOURCES: "wait; if it lasts, look at progress table, quarantine and queue, and at the role",
    PendingCause.LEASE: "wait; another invocation is at work on it",
    PendingCause.OUT_OF_TIME: "wait; it continues in the next invocation",
}

_REUSED_IDS = (
    "earlier calls had the same inference ids with other content, and the destination keeps one content of an id; "
    'set the route\'s id_source = "event-id", or let callers send ids of their own for each call'
)

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
        self._together: defaultdict[ObjectState, list[str]] = defaultdict(list)
        self._reused_ids: Counter[str] = Counter()

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
            case ProgressDamaged(source):
                self._logger.error("progress damaged", source=source.uri, why="it is read again from its start")
            case RunEnded():
                self._log_together()
                self._log_reused_ids()
                self._flush()

    def _object_forwarded(self, report: ForwardReport) -> None:
        if report.state in _TOGETHER and (report.complete or report.state is ObjectState.REFUSED):
            self._together[report.state].append(report.source.uri)
            return
        self._log_object(report)
        if report.reading.reused_ids:
            self._reused_ids[report.route or _NO_ROUTE] += report.reading.reused_ids
        dimensions = {"route": report.route or _NO_ROUTE, "destination": report.destination or _NO_ROUTE}
        self._measure(dimensions, _measures(report) | self._times(report))
        if report.arrived:
            self._measure({TOTAL_DIMENSION: self._stack}, {Metric.OBJECTS_ARRIVED: 1})

    def _log_object(self, report: ForwardReport) -> None:
        next_step = {"next_step": _NEXT_STEPS[report.cause]} if report.cause else {}
        log = self._writer(_level(report))
        log("object forwarded", report=to_builtins(report), balanced=report.balanced, **next_step)

    def _times(self, report: ForwardReport) -> dict[Metric, float]:
        lag = (self._now() - report.newest_inference).total_seconds() if report.newest_inference else None
        times = {
            Metric.CAPTURE_LAG: lag,
            Metric.PENDING_AGE: report.pending_secs,
            Metric.BLOCKED_AGE: report.blocked_secs,
        }
        return {metric: secs for metric, secs in times.items() if secs is not None}

    def _log_together(self) -> None:
        """Log and count the objects without a route, one line for each state."""
        metrics = {ObjectState.SKIPPED: Metric.OBJECTS_SKIPPED, ObjectState.UNROUTED: Metric.OBJECTS_UNROUTED}
        for state, uris in self._together.items():
            level, message, why = _TOGETHER[state]
            log = self._writer(level)
            log(message, count=len(uris), examples=uris[:_EXAMPLES], why=why)
            if metric := metrics.get(state):
                self._measure({TOTAL_DIMENSION: self._stack}, {metric: len(uris)})
        self._together.clear()

    def _log_reused_ids(self) -> None:
        """Log one line for each route whose callers use inference ids again."""
        for route, count in self._reused_ids.items():
            self._logger.warning("inference ids reused", route=route, count=count, why=_REUSED_IDS)
        self._reused_ids.clear()

    def _writer(self, level: _Level) -> Callable[..., None]:
        """Return the logger's method for a level; called where it is used, so that the log names that place."""
        match level:
            case "info":
                return self._logger.info
            case "warning":
                return self._logger.warning
            case "error":
                return self._logger.error

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


def _level(report: ForwardReport) -> _Level:
    """Return `error` for what a person must look at, and `warning` for what waits or is in quarantine as a whole."""
    if _needs_person(report) or not report.complete:
        return "error"
    return "warning" if report.inferences.pending or report.state is ObjectState.GIVEN_UP else "info"


def _needs_person(report: ForwardReport) -> bool:
    return report.cause is not None and report.cause.needs_person


def _measures(report: ForwardReport) -> dict[Metric, Any]:
    lines, inferences, reading = report.lines, report.inferences, report.reading
    noticed = {
        Metric.VALUES_LEFT_OUT: reading.left_out,
        Metric.INFERENCE_IDS_REUSED: reading.reused_ids,
        Metric.LAYOUT_CHANGED: reading.changed_layouts,
        Metric.RECORDS_COMPILED: reading.compiled,
    }
    # Most of these are nearly always 0, and CloudWatch bills a metric that is emitted.
    return {metric: count for metric, count in noticed.items() if count} | {
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
    }
