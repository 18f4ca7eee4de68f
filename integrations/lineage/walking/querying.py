"""A query: the walk from its starts, then copies, filters and details."""

from collections.abc import Callable, Collection, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.lineage.arns import account_of
from integrations.lineage.errors import Denied, Invalid, NotFound
from integrations.lineage.graph import Direction, Edge, Graph, Vertex
from integrations.lineage.ports import Query, ReadsLineage
from integrations.lineage.walking.copies import collapsed
from integrations.lineage.walking.filters import Filters
from integrations.lineage.walking.walk import API_DIRECTIONS, CALL_DEPTH, Budget, Caps, Walked, pages, walk

MAX_DEPTH = 100
_PARTS = {Direction.THROUGH: (Direction.UP, Direction.DOWN)}


class Options(Struct, frozen=True, kw_only=True):
    """The walk of a query and its answer.

    With edges the graph also has the vertices on the shortest paths from a start to a match. Without edges it has the
    matches only, and no start.
    """

    direction: Direction = Direction.BOTH
    depth: int = MAX_DEPTH
    filters: Filters = Filters()
    edges: bool = True
    details: bool = False
    keep_copies: bool = False
    caps: Caps = Caps()


def query(store: ReadsLineage, starts: Sequence[str], options: Options, clock: Callable[[], float]) -> Graph:
    """Return the lineage around the starts.

    Args:
        store: Answers the calls.
        starts: The ARNs of lineage entities, at least one.
        options: The walk and the answer.
        clock: Returns seconds from any beginning.

    Raises:
        Invalid: The depth is not 1 to 100, or there is no start.
        NotFound: A start does not exist.
        TooLarge, TimedOut: A cap was passed.
    """
    if not 1 <= options.depth <= MAX_DEPTH:
        raise Invalid(f"The depth is {options.depth}; it must be 1 to {MAX_DEPTH}")
    if not starts:
        raise Invalid("A query needs at least one start; give the ARN of an artifact, action or context")
    budget = Budget(options.caps, clock)
    with budget.applied():
        return _Run(store, tuple(dict.fromkeys(starts)), options, budget).graph()


class _Run(Struct):
    """One query while it runs."""

    store: ReadsLineage
    starts: tuple[str, ...]
    options: Options
    budget: Budget
    described: dict[str, Vertex] = field(default_factory=dict)

    def graph(self) -> Graph:
        vertices: dict[str, Vertex] = {}
        edges: set[Edge] = set()
        for direction in _PARTS.get(self.options.direction, (self.options.direction,)):
            part = self._part(direction)
            vertices |= part.vertices
            edges |= part.edges
        if self.options.details:
            vertices = {arn: self._detailed(vertex) for arn, vertex in vertices.items()}
        else:  # filters have read some
            vertices = {arn: self.described.get(arn, vertex) for arn, vertex in vertices.items()}
        return Graph.of(self.starts, vertices, edges if self.options.edges else set())

    def _part(self, direction: Direction) -> Walked:
        if not self.options.edges and (found := self._filtered_by_api(direction)) is not None:
            return Walked(self.starts, {}, found, set())
        walked = walk(self.store, self.starts, direction, self.options.depth, self.budget)
        if not self.options.keep_copies:
            walked = collapsed(walked)
        return walked if self.options.edges and self.options.filters.empty else self._filtered(walked)

    def _filtered_by_api(self, direction: Direction) -> dict[str, Vertex] | None:
        """Return the matches by queries without edges; None if only a walk can find them.

        Copies have other accounts in their ARNs. Only the edges show copies.
        """
        filters = self.options.filters.as_api()
        if filters is None or self.options.depth > CALL_DEPTH:
            return None
        found: dict[str, Vertex] = {}
        for start in self.starts:
            query = Query(
                start=start, direction=API_DIRECTIONS[direction], depth=self.options.depth, edges=False, filters=filters
            )
            for page in pages(self.store, query):
                self.budget.spend(page.vertices, ())
                found |= {vertex.arn: vertex for vertex in page.vertices if vertex.arn not in self.starts}
        own = {account_of(arn) for arn in self.starts}
        copies = not self.options.keep_copies and any(account_of(arn) not in own for arn in found)
        return None if copies else found

    def _filtered(self, walked: Walked) -> Walked:
        matches = {arn for arn in walked.vertices if self._matches(walked.vertices[arn])}
        kept = with_paths(walked, matches) if self.options.edges else matches - {*self.starts}
        return replace(
            walked,
            vertices={arn: walked.vertices[arn] for arn in kept},
            edges={edge for edge in walked.edges if edge.source in kept and edge.destination in kept},
        )

    def _matches(self, vertex: Vertex) -> bool:
        filters = self.options.filters
        if not filters.need_details or not filters.match_bare(vertex):
            return filters.match_bare(vertex)
        return filters.match(self._detailed(vertex))

    def _detailed(self, vertex: Vertex) -> Vertex:
        """Return a vertex with its details; without them if it was deleted meanwhile, or another account refuses."""
        if vertex.arn not in self.described:
            self.budget.check_time()
            self.described[vertex.arn] = self._read(vertex)
        return self.described[vertex.arn]

    def _read(self, vertex: Vertex) -> Vertex:
        try:
            return self.store.describe(vertex.arn, vertex.kind)
        except NotFound:
            return vertex
        except Denied:
            if account_of(vertex.arn) in {account_of(arn) for arn in self.starts}:
                raise
            return vertex


def with_paths(walked: Walked, matches: Collection[str]) -> set[str]:
    """Return the starts, the matches, and every vertex on a shortest path from the nearest start to a match."""
    before: dict[str, list[str]] = {}
    for edge in walked.edges:
        for one, other in ((edge.source, edge.destination), (edge.destination, edge.source)):
            if walked.distances[one] + 1 == walked.distances[other]:
                before.setdefault(other, []).append(one)
    kept = {*matches}
    waiting = [*matches]
    while waiting:
        new = [arn for arn in before.get(waiting.pop(), ()) if arn not in kept]
        kept.update(new)
        waiting += new
    return kept | (walked.vertices.keys() & {*walked.starts})
