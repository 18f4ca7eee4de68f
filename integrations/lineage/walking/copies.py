"""Copies of one artifact in several accounts: a query shows them as one vertex.

Copies have the same id in their ARNs, and an association of type SameAs between them.
"""

from msgspec.structs import replace

from integrations.lineage.arns import account_of, id_of
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.walking.walk import Walked

SAME_AS = "SameAs"


def collapsed(walked: Walked) -> Walked:
    """Return the walk with one vertex in place of all copies: a start, else one of its account, else the first."""
    chosen = _chosen(walked)
    if not chosen:
        return walked
    distances: dict[str, int] = {}
    for arn, distance in walked.distances.items():
        kept = chosen.get(arn, arn)
        distances[kept] = min(distance, distances.get(kept, distance))
    moved = (
        replace(
            edge,
            source=chosen.get(edge.source, edge.source),
            destination=chosen.get(edge.destination, edge.destination),
        )
        for edge in walked.edges
    )
    return replace(
        walked,
        distances=distances,
        vertices={arn: vertex for arn, vertex in walked.vertices.items() if chosen.get(arn, arn) == arn},
        edges={edge for edge in moved if edge.source != edge.destination},
    )


def _chosen(walked: Walked) -> dict[str, str]:
    """Return for each copy the ARN that stands for it."""
    copies: dict[str, set[str]] = {}
    for edge in walked.edges:
        if _joins_copies(edge, walked):
            group = copies.get(edge.source, {edge.source}) | copies.get(edge.destination, {edge.destination})
            copies |= dict.fromkeys(group, group)
    accounts = {account_of(arn) for arn in walked.starts}
    return {
        arn: min(group, key=lambda each: (each not in walked.starts, account_of(each) not in accounts, each))
        for arn, group in copies.items()
    }


def _joins_copies(edge: Edge, walked: Walked) -> bool:
    ends = [walked.vertices.get(arn) for arn in (edge.source, edge.destination)]
    artifacts = all(vertex is not None and vertex.kind == Kind.ARTIFACT for vertex in ends)
    return artifacts and edge.type == SAME_AS and id_of(edge.source) == id_of(edge.destination)
