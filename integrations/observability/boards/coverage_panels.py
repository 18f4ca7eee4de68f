"""The captures of one variant as a share of its invocations, and the disk that makes SageMaker stop capturing."""

from msgspec.structs import replace

from capture_forwarder.configuration.observability import EndpointKind, EndpointSettings
from integrations.observability.boards.utilization import variant_dimensions
from integrations.observability.coverage import captured, coverage_percent, invocations
from integrations.observability.metric_names import ALLOWED, INSTANCES
from integrations.observability.panels import Graph, Line
from integrations.observability.queries import Measured

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
    """Return the share. An hour without a capture counts 0; one without an invocation has no point."""
    percent = endpoint.sampling_percent
    return Graph(
        ids=("coverage",),
        title=f"Captured calls: {name}",
        queries=(captured(endpoint), invocations(endpoint), coverage_percent()),
        unit="percent of calls",
        lines=(Line("sampling percentage", percent),) if percent else (),
        width=_WIDTH,
    )


def _numbers(endpoint: EndpointSettings, name: str) -> Graph:
    counts = ((captured(endpoint), "captures"), (invocations(endpoint), "calls"))
    return Graph(
        ids=("coverage",),
        title=f"Calls and captures: {name}",
        queries=tuple(replace(query, visible=True, label=label) for query, label in counts),
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
