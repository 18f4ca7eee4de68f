"""The captured calls of each listed variant by minute: one EMF document for each."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics

from capture_forwarder.configuration.metrics import ENDPOINT_DIMENSIONS, NAMESPACE, Metric
from capture_forwarder.domain.capture import CaptureOrigin, capture_hour
from capture_forwarder.domain.conservation import ForwardReport

# CloudWatch takes the values of 14 days ago to 2 hours ahead. A document takes minutes on its way.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
_OLDEST, _NEWEST = timedelta(days=14, minutes=-15), timedelta(hours=2, minutes=-1)

Variant = tuple[str, str]


class CapturesByVariant:
    """Collects the captured calls of a run; may be used from any thread.

    `listed` are the endpoints and variants that are counted. The calls of an object count in the minute of its newest
    inference, or in the hour of its key if no call of it was forwarded. So an object that is forwarded late counts when
    its calls were made.
    """

    def __init__(self, now: Callable[[], datetime], listed: frozenset[Variant]) -> None:
        self._now = now
        self._listed = listed
        self._lock = Lock()
        self._calls: Counter[tuple[str, str, datetime]] = Counter()

    def add(self, report: ForwardReport) -> None:
        """Add the captured calls of one object; those of other variants, and of other keys, are not counted."""
        if not self._listed or not report.captures:
            return
        origin = CaptureOrigin.of(report.source)
        if origin.variant is None or (origin.endpoint, origin.variant) not in self._listed:
            return
        if time := self._time(report):
            minute = time.replace(second=0, microsecond=0)
            with self._lock:
                self._calls[origin.endpoint, origin.variant, minute] += report.captures

    def _time(self, report: ForwardReport) -> datetime | None:
        """Return the time of the calls, or `None` if CloudWatch would drop it."""
        now = self._now()
        times = (report.newest_inference, capture_hour(report.source))
        return next((time for time in times if time and now - _OLDEST <= time <= now + _NEWEST), None)

    def flush(self, properties: Mapping[str, Any]) -> None:
        """Write one document for each endpoint, variant and minute, with `properties`; then forget them."""
        with self._lock:
            for (endpoint, variant, minute), calls in self._calls.items():
                _write((endpoint, variant), minute, calls, properties)
            self._calls.clear()


def _write(variant: Variant, minute: datetime, calls: int, properties: Mapping[str, Any]) -> None:
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in zip(ENDPOINT_DIMENSIONS, variant, strict=True):
        metrics.add_dimension(name, value)
    for name, value in properties.items():
        metrics.add_metadata(name, value)
    metrics.add_metric(Metric.CAPTURES_READ.value.name, Metric.CAPTURES_READ.value.unit, calls)
    metrics.set_timestamp(minute)
    metrics.flush_metrics()
