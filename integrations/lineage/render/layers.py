"""Places of vertices in a drawing: each in the layer after those of its sources, near them."""

from collections import defaultdict
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from integrations.lineage.graph import Graph


def layers(graph: Graph) -> list[list[str]]:
    """Return the ARNs of each layer, from the sources on. Edges that close a cycle do not count."""
    before = _sources(graph)
    depth: dict[str, int] = {}
    for arn in _order(before):
        depth[arn] = max((depth[source] + 1 for source in before[arn]), default=0)
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for arn in sorted(depth):
        found[depth[arn]].append(arn)
    return _near_their_sources(found, before)


def _sources(graph: Graph) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {vertex.arn: [] for vertex in graph.vertices}
    for edge in graph.edges:
        if edge.source in before and edge.destination in before and edge.source != edge.destination:
            before[edge.destination].append(edge.source)
    return before


def _order(before: dict[str, list[str]]) -> Sequence[str]:
    """Return the ARNs, each after its sources. Takes edges of cycles out of `before`."""
    while True:
        try:
            return tuple(TopologicalSorter(before).static_order())
        except CycleError as error:
            cycle = error.args[1]
            destination = cycle[1]
            before[destination] = [source for source in before[destination] if source != cycle[0]]


def _near_their_sources(found: list[list[str]], before: dict[str, list[str]]) -> list[list[str]]:
    place: dict[str, float] = defaultdict(float)
    for layer in found:
        mean = {arn: sum(place[source] for source in before[arn]) / max(len(before[arn]), 1) for arn in layer}
        layer.sort(key=lambda arn: (mean[arn], arn))
        place.update((arn, float(at)) for at, arn in enumerate(layer))
    return found
