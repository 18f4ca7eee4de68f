"""The walk over the graph: breadth-first from the starts, deeper than QueryLineage goes in one call.

A call returns everything within 10 edges of its start. So the neighbours of every vertex within 9 edges are known, and
only vertices at distance 10 need a call of their own, unless an earlier call has come nearer to them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.lineage.deadline import limited
from integrations.lineage.errors import LineageError, TimedOut, TooLarge
from integrations.lineage.graph import Direction, Edge, Graph, Vertex
from integrations.lineage.ports import Page, Query, ReadsLineage
from integrations.lineage.text import counted

CALL_DEPTH = 10
_NARROWER = "narrow it with --depth or --direction, or raise {}"


class Caps(Struct, frozen=True, kw_only=True):
    """The limits of one query. A query that passes one ends with an error, never with a part of the graph."""

    max_vertices: int = 10_000
    max_edges: int = 100_000
    timeout_secs: float = 60


class Budget:
    """Counts the vertices and edges of all walks of one query, and ends the query at its caps.

    Args:
        caps: The limits.
        clock: Returns seconds from any beginning.
    """

    def __init__(self, caps: Caps, clock: Callable[[], float]) -> None:
        self.vertices: dict[str, Vertex] = {}
        self.edges: set[Edge] = set()
        self._caps = caps
        self._clock = clock
        self._end = clock() + caps.timeout_secs

    def spend(self, vertices: Iterable[Vertex], edges: Iterable[Edge]) -> None:
        """Add one page.

        Raises:
            TooLarge: There are more vertices or edges than the caps allow.
            TimedOut: The time is over.
        """
        self.vertices.update((vertex.arn, vertex) for vertex in vertices)
        self.edges.update(edges)
        if len(self.vertices) > (most := self._caps.max_vertices):
            raise self._ended(TooLarge, f"has more than {counted(most, 'vertex', 'vertices')}", "--max-vertices")
        if len(self.edges) > (most := self._caps.max_edges):
            raise self._ended(TooLarge, f"has more than {counted(most, 'edge')}", "--max-edges")
        self.check_time()

    def check_time(self) -> None:
        """Raise `TimedOut` if the time is over."""
        if self._clock() > self._end:
            raise self._late()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Bound every call of a block by the time that is left.

        Raises:
            TimedOut: A call takes longer. The error has what was reached before.
        """
        try:
            with limited(lambda: self._end - self._clock()):
                yield
        except TimedOut as error:
            if error.reached is None:
                raise self._late() from error
            raise

    def _late(self) -> LineageError:
        return self._ended(TimedOut, f"takes longer than {self._caps.timeout_secs:g} seconds", "--timeout-secs")

    def _ended(self, kind: type[TooLarge | TimedOut], what: str, option: str) -> LineageError:
        vertices, edges = len(self.vertices), len(self.edges)
        reached = f"{counted(vertices, 'vertex', 'vertices')} and {counted(edges, 'edge')} were reached"
        text = f"The query {what}: {reached}; {_NARROWER.format(option)}"
        return kind(text, reached=Graph.of((), self.vertices, {edge for edge in self.edges if self._whole(edge)}))

    def _whole(self, edge: Edge) -> bool:
        return edge.source in self.vertices and edge.destination in self.vertices


class Walked(Struct, frozen=True):
    """The result of one walk: the vertices with their distances from the nearest start, and the edges it went along."""

    starts: tuple[str, ...]
    distances: dict[str, int]
    vertices: dict[str, Vertex]
    edges: set[Edge]


def walk(store: ReadsLineage, starts: Sequence[str], direction: Direction, depth: int, budget: Budget) -> Walked:
    """Return everything within `depth` edges of the starts in one direction, not `through`.

    Args:
        store: Answers QueryLineage.
        starts: The ARNs to begin at.
        direction: Up, down or both.
        depth: The largest distance, 1 or more.
        budget: Ends the walk at the caps of the query.

    Raises:
        NotFound: A start does not exist.
        TooLarge, TimedOut: A cap was passed.
    """
    known = _Known(store, direction, budget)
    level = list(dict.fromkeys(starts))
    distances = dict.fromkeys(level, 0)
    edges: set[Edge] = set()
    for distance in range(depth):
        following: dict[str, None] = {}
        for arn in level:
            for other, edge in known.neighbours(arn, min(CALL_DEPTH, depth - distance)):
                edges.add(edge)
                if other not in distances:
                    following[other] = None
        distances |= dict.fromkeys(following, distance + 1)
        level = list(following)
        if not level:
            break
    vertices = {arn: budget.vertices[arn] for arn in distances if arn in budget.vertices}
    # An experiment or a trial may be an end of an edge, and is no vertex of an answer.
    edges = {edge for edge in edges if edge.source in vertices and edge.destination in vertices}
    return Walked(tuple(starts), distances, vertices, edges)


class _Known(Struct):
    """The part of the graph that was read. It reads more when the neighbours of a vertex are not known."""

    store: ReadsLineage
    direction: Direction
    budget: Budget
    adjacent: dict[str, dict[Edge, str]] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    """The vertices whose neighbours are all in `adjacent`."""

    def neighbours(self, arn: str, depth: int) -> Iterable[tuple[str, Edge]]:
        """Yield the neighbours of a vertex and the edges to them; a call that is needed reads `depth` edges far."""
        if arn not in self.complete:
            self._read(arn, depth)
        return [(other, edge) for edge, other in self.adjacent.get(arn, {}).items()]

    def _read(self, start: str, depth: int) -> None:
        query = Query(start=start, direction=API_DIRECTIONS[self.direction], depth=depth)
        for page in pages(self.store, query):
            self.budget.spend(page.vertices, page.edges)
            for edge in page.edges:
                self._add(edge)
        self._complete_within(start, depth - 1)

    def _add(self, edge: Edge) -> None:
        if self.direction != Direction.UP:
            self.adjacent.setdefault(edge.source, {})[edge] = edge.destination
        if self.direction != Direction.DOWN:
            self.adjacent.setdefault(edge.destination, {})[edge] = edge.source

    def _complete_within(self, start: str, depth: int) -> None:
        distances = {start: 0}
        queue = deque([start])
        while queue:
            arn = queue.popleft()
            if distances[arn] < depth:
                for other in self.adjacent.get(arn, {}).values():
                    if other not in distances:
                        distances[other] = distances[arn] + 1
                        queue.append(other)
        self.complete |= distances.keys()


API_DIRECTIONS = {Direction.UP: "Ascendants", Direction.DOWN: "Descendants", Direction.BOTH: "Both"}


def pages(store: ReadsLineage, query: Query) -> Iterator[Page]:
    """Yield all pages of one query. Only an answer without a token is the last."""
    while True:
        page = store.query(query)
        yield page
        if page.token is None:
            return
        query = replace(query, token=page.token)
