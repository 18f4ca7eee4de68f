"""The captures of one variant as a share of its invocations, and the disk that makes SageMaker stop capturing."""

from capture_forwarder.configuration.observability import EndpointKind, EndpointSettings
from integrations.observability.boards.utilization import variant_dimensions
from integrations.observability.graphs import HOUR
from integrations.observability.metric_names import ALLOWED, CAPTURES_READ, ENDPOINTS, INSTANCES
from integrations.observability.panels import Graph, Line
from integrations.observability.queries import Computed, Measured, Query

# SageMaker stops capturing without a message while a disk is busy:
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
CAPTURE_STOPS = Line("data capture may stop above it", 75)
_WIDTH = 8


def coverage_panels(endpoint: EndpointSettings) -> tuple[Graph, ...]:
    """Return the coverage, the numbers behind it, and the disk of one listed variant.

    Serverless endpoints publish no use of a disk.
    """
    name = f"{endpoint.name} {endpoint.variant}"
    panels = (_coverage(endpoint, name), _numbers(endpoint, name))
    return panels if endpoint.kind is EndpointKind.SERVERLESS else (*panels, _disk(endpoint, name))


def _coverage(endpoint: EndpointSettings, name: str) -> Graph:
    """Return the share. An hour without a capture counts 0; one without an invocation has no point.

    After a crash lines may count twice, so a share over 100 is no error.
    """
    share = Computed(id="share", expression="100 * FILL(captured, 0) / invocations", period_secs=HOUR, label="captured")
    percent = endpoint.sampling_percent
    return Graph(
        ids=("coverage",),
        title=f"Captured calls: {name}",
        queries=(*_counts(endpoint, visible=False), share),
        unit="percent of calls",
        lines=(Line("sampling percentage", percent),) if percent else (),
        width=_WIDTH,
    )


def _numbers(endpoint: EndpointSettings, name: str) -> Graph:
    return Graph(
        ids=("coverage",),
        title=f"Calls and captures: {name}",
        queries=_counts(endpoint, visible=True),
        unit="count in an hour",
        width=_WIDTH,
    )


def _disk(endpoint: EndpointSettings, name: str) -> Graph:
    disk = Measured(
        id="disk",
        metric=ALLOWED[INSTANCES, "DiskUtilization"],
        dimensions=variant_dimensions(endpoint),
        statistic="Maximum",
        label="fullest instance",
    )
    return Graph(
        ids=("disk",),
        title=f"Disk: {name}",
        queries=(disk,),
        unit="percent of all",
        lines=(CAPTURE_STOPS,),
        top=100,
        width=_WIDTH,
    )


def _counts(endpoint: EndpointSettings, *, visible: bool) -> tuple[Query, Query]:
    captured = Measured(
        id="captured",
        metric=CAPTURES_READ,
        dimensions=(("endpoint", endpoint.name), ("variant", endpoint.variant)),
        statistic="Sum",
        period_secs=HOUR,
        label="captures",
        visible=visible,
    )
    invocations = Measured(
        id="invocations",
        metric=ALLOWED[ENDPOINTS, "Invocations"],
        dimensions=variant_dimensions(endpoint),
        statistic="Sum",
        period_secs=HOUR,
        label="calls",
        visible=visible,
    )
    return captured, invocations
