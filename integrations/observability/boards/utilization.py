"""The use of CPUs and GPUs of listed endpoints, as a share of all that an instance has."""

from collections.abc import Sequence

from capture_forwarder.configuration.observability import EndpointKind, EndpointSettings
from integrations.observability.metric_names import ALLOWED, INSTANCES
from integrations.observability.panels import Graph
from integrations.observability.queries import Computed, Measured, Query


def share_of_parts(
    ids: tuple[str, ...], title: str, metrics: dict[str, str], listed: Sequence[EndpointSettings]
) -> Graph | None:
    """Return the graph of listed endpoints whose parts are known, or `None` if there is none.

    `metrics` has the published name and the label of each series. SageMaker publishes 0 to 100 for each vCPU and each
    GPU, so an instance with 8 vCPUs reaches 800. Serverless endpoints publish none of them.
    """
    queries: list[Query] = []
    for index, endpoint in enumerate(listed):
        for name, label in metrics.items():
            parts = endpoint.vcpus if name.startswith("CPU") else endpoint.gpus
            if parts and endpoint.kind is not EndpointKind.SERVERLESS:
                queries += _share(endpoint, name, label, f"{name[0].lower()}{len(name)}n{index}", parts)
    if not queries:
        return None
    return Graph(ids=ids, title=title, queries=tuple(queries), unit="percent of all", top=100)


def variant_dimensions(endpoint: EndpointSettings) -> tuple[tuple[str, str], ...]:
    """Return the dimensions of a listed variant."""
    return ("EndpointName", endpoint.name), ("VariantName", endpoint.variant)


def _share(endpoint: EndpointSettings, name: str, label: str, query_id: str, parts: int) -> tuple[Query, Query]:
    measured = Measured(
        id=f"{query_id}raw",
        metric=ALLOWED[INSTANCES, name],
        dimensions=variant_dimensions(endpoint),
        statistic="Average",
        visible=False,
    )
    shown = f"{label} {endpoint.name} {endpoint.variant}".strip()
    return measured, Computed(id=query_id, expression=f"{measured.id} / {parts}", label=shown)
