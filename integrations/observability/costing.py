"""Costs of the second stack a month: fixed ones, and those that depend on a volume.

The values come from the catalogue, and a test compares them with the synthesised template.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from capture_forwarder.configuration.observability import EndpointKind, ObservabilitySettings, Trail
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.sumo import SumoMode
from integrations.observability.alarms import Alarm
from integrations.observability.audit import AUDIT_METRICS
from integrations.observability.boards.registry import boards
from integrations.observability.chosen_alarms import alarms
from integrations.observability.composites import composites
from integrations.observability.metric_names import CAPTURES_READ, ENDPOINTS, INSTANCES
from integrations.observability.prices import Priced
from integrations.observability.queries import Measured
from integrations.observability.sumo.delivered import delivered_groups, delivered_metrics

_MINUTES_A_MONTH = 365 * 24 * 60 / 12
_DAYS_A_MONTH = 30
_WHOLE_FROM = 100
_GB = 1e9
# https://aws.amazon.com/cloudwatch/pricing/ counts stored logs as compressed by this much.
_COMPRESSED_SHARE = 0.15
# An event of CloudTrail inside one of EventBridge, measured on the sample of Sumo Logic's page.
_AUDIT_EVENT_BYTES = 2000
# A metric of a stream as OpenTelemetry, in a record of many.
_STREAMED_BYTES = 400


class Volumes(Struct, frozen=True, kw_only=True):
    """The assumed volumes of a month. `log_gb` is that of one endpoint, or of the jobs of one kind."""

    api_calls: int = 100_000
    invocations: int = 1_000_000
    log_gb: float = 1
    read_gb: float = 5
    job_series: int = 10


class Cost(Struct, frozen=True, kw_only=True):
    """`count` units of one priced thing, for the part `name` of the stack."""

    name: str
    priced: Priced
    count: float

    @property
    def amount(self) -> str:
        """The count in words, such as "4,730,400" or "0.09"."""
        return f"{self.count:,.0f}" if self.count >= _WHOLE_FROM else f"{self.count:.3g}"

    @property
    def dollars(self) -> float:
        """Dollars a month."""
        price = self.priced.value
        return self.count * price.dollars / price.per


def total(costs: Iterable[Cost]) -> float:
    """Return the sum in dollars a month."""
    return sum(each.dollars for each in costs)


def fixed_costs(settings: Settings) -> tuple[Cost, ...]:
    """Return the costs that do not depend on a volume, none without `[observability]`."""
    if settings.observability is None:
        return ()
    chosen = alarms(settings.observability, settings.stack.name)
    return (
        *(Cost(name=each.name, priced=Priced.DASHBOARD, count=1) for each in boards(settings)),
        *(Cost(name=each.id, priced=Priced.ALARM, count=metrics_of(each)) for each in chosen if metrics_of(each)),
        *(Cost(name=each.id, priced=Priced.COMPOSITE_ALARM, count=1) for each in composites(chosen)),
        *(Cost(name=each.name, priced=Priced.METRIC, count=1) for each in AUDIT_METRICS),
        *_captures_read(settings.observability),
    )


def metrics_of(alarm: Alarm) -> int:
    """Return the number of metrics that an alarm is billed for; 0 if it queries series, whose number varies."""
    return sum(isinstance(query, Measured) for query in alarm.queries)


def _captures_read(settings: ObservabilitySettings) -> Iterator[Cost]:
    """Yield the metric that the function emits for each listed variant."""
    for each in settings.endpoint:
        yield Cost(name=f"{CAPTURES_READ.name}/{each.name}/{each.variant}", priced=Priced.METRIC, count=1)


def volume_costs(settings: Settings, volumes: Volumes) -> tuple[Cost, ...]:
    """Return the costs of `volumes`, none without `[observability]`."""
    if settings.observability is None:
        return ()
    return (
        *_of_audit(settings.observability, settings.stack.name, volumes),
        *_of_delivery(settings.observability, volumes),
    )


def _of_audit(settings: ObservabilitySettings, stack_name: str, volumes: Volumes) -> Iterator[Cost]:
    events = volumes.api_calls + (volumes.invocations if settings.data_events else 0)
    written = events * _AUDIT_EVENT_BYTES / _GB
    yield Cost(name="audit log", priced=Priced.LOG_WRITTEN, count=written)
    months = settings.audit_retention_days / _DAYS_A_MONTH
    yield Cost(name="audit log", priced=Priced.LOG_STORED, count=written * months * _COMPRESSED_SHARE)
    yield Cost(name="log panels and saved queries", priced=Priced.LOG_READ, count=volumes.read_gb)
    if settings.data_events:
        yield Cost(name="trail, data events", priced=Priced.DATA_EVENT, count=volumes.invocations)
    if settings.trail is Trail.CREATE:
        yield Cost(name="trail, if the account has another one", priced=Priced.SECOND_TRAIL, count=volumes.api_calls)
    for alarm in alarms(settings, stack_name):
        if not metrics_of(alarm):
            yield Cost(name=alarm.id, priced=Priced.QUERIED_SERIES, count=volumes.job_series)


def _of_delivery(settings: ObservabilitySettings, volumes: Volumes) -> Iterator[Cost]:
    sumo = settings.sumo
    if sumo and sumo.metrics_url_secret and sumo.mode is SumoMode.FIREHOSE:
        updates = streamed_series(settings) * _MINUTES_A_MONTH
        yield Cost(name="metric stream", priced=Priced.STREAMED_UPDATE, count=updates)
        yield Cost(name="metrics", priced=Priced.FIREHOSE, count=updates * _STREAMED_BYTES / _GB)
    for group in delivered_groups(settings):
        yield Cost(name=group, priced=Priced.FIREHOSE, count=volumes.log_gb)


def streamed_series(settings: ObservabilitySettings) -> int:
    """Return the most series that the listed variants publish each minute.

    Jobs and pipelines add theirs while they run.
    """
    names = delivered_metrics()
    of_calls, of_instances = len(names[ENDPOINTS]), len(names[INSTANCES])
    return sum(of_calls + (0 if each.kind is EndpointKind.SERVERLESS else of_instances) for each in settings.endpoint)
