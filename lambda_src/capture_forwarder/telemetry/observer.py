"""Turns notices into structured log lines, through Powertools, and into metrics.

Logs and metrics hold counts, codes, names from the configuration and S3 addresses, never captured data or secrets.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Literal

from aws_lambda_powertools import Logger
from msgspec import to_builtins

from capture_forwarder.configuration.metrics import Metric
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import PendingCause
from capture_forwarder.domain.notices import (
    BatchSent,
    MessageRejected,
    Notice,
    ObjectForwarded,
    ProgressDamaged,
    RecordsIgnored,
    RunBegan,
    RunEnded,
)
from capture_forwarder.telemetry.captures import CapturesByVariant, Variant
from capture_forwarder.telemetry.invocation import Invocation
from capture_forwarder.telemetry.metrics import RunMetrics, measures_of

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


class Telemetry:
    """Observer of the deployed function. It collects metrics and writes them at the end of a run.

    `stack` is the stack's name, a dimension of metrics. With `totals_only` no metrics by route are written. The
    captured calls of the `listed` variants of endpoints are counted; by default there are none.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        stack: str,
        *,
        totals_only: bool = False,
        listed: frozenset[Variant] = frozenset(),
    ) -> None:
        self._now = now
        self._logger = Logger(service=_SERVICE)
        self._invocation = Invocation()
        self._keys: dict[str, Any] = {}
        self._metrics = RunMetrics(stack, totals_only=totals_only)
        self._captures = CapturesByVariant(now, listed)
        self._lock = Lock()
        self._logged_denials: set[tuple[str, str | None]] = set()
        self._together: defaultdict[ObjectState, list[str]] = defaultdict(list)
        self._reused_ids: Counter[str] = Counter()

    def notice(self, event: Notice) -> None:
        """Log `event` and measure it."""
        match event:
            case RunBegan():
                self._begin(Invocation(event.request_id, event.messages))
            case ObjectForwarded(report):
                self._object_forwarded(report)
            case BatchSent():
                self._batch_sent(event)
            case MessageRejected(message_id, why):
                self._logger.error("message rejected", message_id=message_id, message_ids=[message_id], why=why)
            case RecordsIgnored(counts):
                self._logger.info("records ignored", counts=counts)
            case ProgressDamaged(source):
                ids = self._invocation.message_ids(source)
                why = "it is read again from its start"
                self._logger.error("progress damaged", source=source.uri, message_ids=ids, why=why)
            case RunEnded():
                self._end()

    def _begin(self, invocation: Invocation) -> None:
        """Put the ids of the invocation into every line from now on, and log all of them before the first object."""
        self._invocation = invocation
        self._keys = invocation.keys
        self._logger.append_keys(**self._keys)
        for ids in invocation.lists():
            self._logger.info("messages received", message_ids=ids)

    def _end(self) -> None:
        self._log_together()
        self._log_reused_ids()
        self._metrics.flush(self._keys)
        self._captures.flush(self._keys)
        with self._lock:
            self._logged_denials.clear()
        self._logger.remove_keys(self._keys)
        self._invocation, self._keys = Invocation(), {}

    def _object_forwarded(self, report: ForwardReport) -> None:
        if report.state in _TOGETHER and (report.complete or report.state is ObjectState.REFUSED):
            self._together[report.state].append(report.source.uri)
            return
        self._log_object(report)
        if report.reading.reused_ids:
            self._reused_ids[report.route or _NO_ROUTE] += report.reading.reused_ids
        dimensions = {"route": report.route or _NO_ROUTE, "destination": report.destination or _NO_ROUTE}
        self._metrics.add(dimensions, measures_of(report, self._now()))
        self._captures.add(report)
        if report.arrived:
            self._metrics.add_total(Metric.OBJECTS_ARRIVED, 1)

    def _log_object(self, report: ForwardReport) -> None:
        fields = {"message_ids": self._invocation.message_ids(report.source), "report": to_builtins(report)}
        next_step = {"next_step": _NEXT_STEPS[report.cause]} if report.cause else {}
        log = self._writer(_level(report))
        log("object forwarded", **fields, balanced=report.balanced, **next_step)

    def _log_together(self) -> None:
        """Log and count the objects without a route, one line for each state."""
        metrics = {ObjectState.SKIPPED: Metric.OBJECTS_SKIPPED, ObjectState.UNROUTED: Metric.OBJECTS_UNROUTED}
        for state, uris in self._together.items():
            level, message, why = _TOGETHER[state]
            log = self._writer(level)
            log(message, count=len(uris), examples=uris[:_EXAMPLES], why=why)
            if metric := metrics.get(state):
                self._metrics.add_total(metric, len(uris))
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
        self._metrics.add({"destination": sent.destination}, measures)

    def _denied(self, sent: BatchSent) -> None:
        with self._lock:
            known = (sent.destination, sent.error) in self._logged_denials
            self._logged_denials.add((sent.destination, sent.error))
        if not known:
            self._logger.error("request denied", destination=sent.destination, why=sent.error)


def _level(report: ForwardReport) -> _Level:
    """Return `error` for an object that a person must look at, and `warning` for one that waits or is in quarantine."""
    if (report.cause and report.cause.needs_person) or not report.complete:
        return "error"
    return "warning" if report.inferences.pending or report.state is ObjectState.GIVEN_UP else "info"
