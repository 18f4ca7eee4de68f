"""The edges of the catalog by URN: reading, writing, order, serving and membership."""

from collections import defaultdict
from collections.abc import Set as AbstractSet

from integrations.catalog.datahub.urns import urn_of
from integrations.catalog.nodes import Edge, EdgeKind, Graph


class Links:
    """The edges of a graph, by the URN of the entity whose aspect holds them.

    `made` grows during a run: it has the URNs that DataHub's processors have made. They skip malformed entities, and no
    edge leads to a skipped one.
    """

    def __init__(self, graph: Graph, env: str, made: AbstractSet[str]) -> None:
        self._made = made
        self._owned = {urn_of(node.key, env) for node in graph.nodes if not node.extends}
        self._edges: dict[tuple[EdgeKind, str], set[str]] = defaultdict(set)
        for edge in graph.edges:
            self._add(edge, env)

    def _add(self, edge: Edge, env: str) -> None:
        source, target = urn_of(edge.source, env), urn_of(edge.target, env)
        match edge.kind:
            case EdgeKind.READ_BY | EdgeKind.PRECEDES:
                self._edges[edge.kind, target].add(source)
            case _:
                self._edges[edge.kind, source].add(target)

    def owns(self, urn: str) -> bool:
        """Return whether the catalog makes this entity, so that it may have a status and become stale."""
        return urn in self._owned

    def writes(self, job: str, data_set: str) -> None:
        """Add a data set that `job` writes."""
        self._edges[EdgeKind.WRITES, job].add(data_set)

    def inputs(self, job: str) -> list[str]:
        """Return the data sets that a job reads."""
        return sorted(self._edges[EdgeKind.READ_BY, job])

    def outputs(self, job: str) -> list[str]:
        """Return the data sets that a job writes."""
        return sorted(self._edges[EdgeKind.WRITES, job])

    def preceding(self, job: str) -> list[str]:
        """Return the jobs before a job."""
        return sorted(self._edges[EdgeKind.PRECEDES, job])

    def serving(self, model: str) -> list[str]:
        """Return the jobs that serve a model: variants and inference components."""
        return sorted(self._edges[EdgeKind.SERVED_BY, model])

    def deployments(self, model: str) -> list[str]:
        """Return the deployments of a model."""
        return sorted(self._edges[EdgeKind.DEPLOYED_ON, model] & self._made)

    def groups(self, model: str) -> list[str]:
        """Return the groups of a model or of a model package."""
        return sorted(self._edges[EdgeKind.MEMBER_OF, model] & self._made)

    def models_of(self, package: str) -> list[str]:
        """Return the models that name a package."""
        return sorted(self._edges[EdgeKind.PACKAGE_OF, package])
