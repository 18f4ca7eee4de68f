"""What a graph says about its starts: on which side of them each entity lies, and how far away."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from integrations.lineage.graph import Direction, Edge, Graph


class Place(Struct, frozen=True, order=True):
    """How far an entity is from the nearest start, and in which direction. A start has 0 hops."""

    hops: int
    direction: Direction


def places(graph: Graph, direction: Direction) -> dict[str, Place]:
    """Return the place of every entity that can be reached from the starts.

    With `through`, an entity on both sides has the place with fewer hops. Entities beside the starts are not in it.
    """
    found: dict[str, Place] = {}
    sides = (Direction.UP, Direction.DOWN) if direction == Direction.THROUGH else (direction,)
    for side in sides:
        for arn, hops in _hops(graph, side).items():
            place = Place(hops, side)
            found[arn] = min(place, found.get(arn, place))
    return found


def _hops(graph: Graph, side: Direction) -> Mapping[str, int]:
    following = neighbours(graph.edges, side)
    hops = dict.fromkeys(graph.starts, 0)
    queue = deque(graph.starts)
    while queue:
        arn = queue.popleft()
        for other in following.get(arn, ()):
            if other not in hops:
                hops[other] = hops[arn] + 1
                queue.append(other)
    return hops


def neighbours(edges: Iterable[Edge], side: Direction) -> Mapping[str, Sequence[str]]:
    """Return the ARNs next to each ARN: its sources (up), its destinations (down), or both."""
    found: dict[str, list[str]] = {}
    for edge in edges:
        if side != Direction.UP:
            found.setdefault(edge.source, []).append(edge.destination)
        if side != Direction.DOWN:
            found.setdefault(edge.destination, []).append(edge.source)
    return found
