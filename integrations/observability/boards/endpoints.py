"""The dashboard of the instances of endpoints (L4)."""

from capture_forwarder.configuration.observability import DashboardName, EndpointSettings, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.audit import endpoint_group
from integrations.observability.boards.coverage_panels import CAPTURE_STOPS
from integrations.observability.boards.utilization import share_of_parts
from integrations.observability.choices import of_endpoint, of_place
from integrations.observability.graphs import Family, Series
from integrations.observability.metric_names import INSTANCES, VARIANT
from integrations.observability.panels import Board, Graph, LogPanel, Panel
from integrations.observability.sql import lines_by_level, q7

_ALL = Family(namespace=INSTANCES, dimensions=VARIANT, choices=("EndpointName",))


def board(settings: Settings) -> Board:
    """Return the dashboard of all endpoints, with log panels of the listed ones.

    A panel of a log group that does not exist shows an error, so endpoints that are not listed have none.
    """
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.ENDPOINTS,
        ids=("L4",),
        title="Endpoints",
        panels=(*_shares(observed.endpoint), *_of_all(), *_logs(observed)),
        variables=(*of_place(observed), of_endpoint(observed)),
    )


def _shares(listed: tuple[EndpointSettings, ...]) -> list[Panel]:
    shares = (
        share_of_parts(("L4.1",), "CPU of listed endpoints", {"CPUUtilization": ""}, listed),
        share_of_parts(("L4.2",), "GPU of listed endpoints", {"GPUUtilization": ""}, listed),
        share_of_parts(("L4.3",), "GPU memory of listed endpoints", {"GPUMemoryUtilization": ""}, listed),
    )
    return [share for share in shares if share]


def _of_all() -> tuple[Graph, ...]:
    disk = Series(metric="DiskUtilization", statistic="Maximum")
    return (
        _ALL.graph(("L4.1", "Q12"), "CPU of all endpoints", _average("CPUUtilization"), unit="percent of one vCPU"),
        _ALL.graph(("L4.2",), "GPU of all endpoints", _average("GPUUtilization"), unit="percent of one GPU"),
        _ALL.graph(("L4.3",), "GPU memory of all", _average("GPUMemoryUtilization"), unit="percent of one GPU"),
        _ALL.graph(("L4.4",), "Memory", _average("MemoryUtilization"), unit="percent of all", top=100),
        _ALL.graph(("L4.5",), "Disk, fullest instance", disk, unit="percent of all", top=100, lines=(CAPTURE_STOPS,)),
        _ALL.graph(("L4.6",), "Loaded models per instance", _average("LoadedModelCount"), unit="models per instance"),
    )


def _logs(observed: ObservabilitySettings) -> list[LogPanel]:
    return [
        LogPanel(ids=ids, title=f"{title}: {name}", sql=sql(endpoint_group(name)), groups=(endpoint_group(name),))
        for name in dict.fromkeys(endpoint.name for endpoint in observed.endpoint)
        for ids, title, sql in (
            (("L4.7", "Q7"), "Access lines by status", q7),
            (("L4.8",), "Lines by level", lines_by_level),
        )
    ]


def _average(metric: str) -> Series:
    return Series(metric=metric, statistic="Average")
