"""Time and memory of lineage's walk over 10,000 vertices and 100,000 edges that lie in memory.

`python -m benchmarks.lineage` prints them. Acceptance: 3 s and 150 MB above the import, at most.
"""

import random
import sys
import tracemalloc
from collections.abc import Iterator
from time import perf_counter

from integrations.lineage.graph import Direction, Edge, Kind, Vertex
from integrations.lineage.ports import Page, Query
from integrations.lineage.walking.querying import Options, query

_VERTICES = 10_000
_EDGES = 100_000
_PAGE = 50
_TREE_CHILDREN = 8  # all vertices lie within distance 5 of the first


class _Answers:
    """Gives the pages of one query, which were made before."""

    def __init__(self, pages: list[Page]) -> None:
        self._pages = pages

    def query(self, query: Query) -> Page:
        return self._pages[int(query.token or 0)]


def main() -> None:
    """Print the figures."""
    store = _Answers(list(_pages()))
    options = Options(direction=Direction.DOWN)
    start = perf_counter()
    graph = query(store, [_arn(0)], options, perf_counter)  # type: ignore[arg-type] # the walk asks nothing else
    seconds = perf_counter() - start
    tracemalloc.start()
    query(store, [_arn(0)], options, perf_counter)  # type: ignore[arg-type] # as above
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    counts = f"{len(graph.vertices)} vertices, {len(graph.edges)} edges"
    sys.stdout.write(f"{counts}: {seconds:.2f} s, {peak:.0f} MB at most\n")


def _pages() -> Iterator[Page]:
    chance = random.Random(1)  # noqa: S311 - the same graph each time
    pairs = {((number - 1) // _TREE_CHILDREN, number) for number in range(1, _VERTICES)}
    while len(pairs) < _EDGES:
        one, other = sorted(chance.sample(range(_VERTICES), 2))
        pairs.add((one, other))
    edges: list[list[Edge]] = [[] for _ in range(0, _VERTICES, _PAGE)]
    for one, other in sorted(pairs):
        edges[other // _PAGE].append(Edge(_arn(one), _arn(other), "ContributedTo"))
    for at in range(0, _VERTICES, _PAGE):
        vertices = [Vertex(arn=_arn(number), kind=Kind.ARTIFACT, type="DataSet") for number in range(at, at + _PAGE)]
        yield Page(vertices, edges[at // _PAGE], str(at // _PAGE + 1) if at + _PAGE < _VERTICES else None)


def _arn(number: int) -> str:
    return f"arn:aws:sagemaker:eu-west-1:123456789012:artifact/{number:032x}"


if __name__ == "__main__":
    main()
