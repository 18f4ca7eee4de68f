"""The walk: equal to a breadth-first search on the store, in as few calls as pages allow, and never past its caps."""

from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.lineage.errors import Invalid, NotFound, TimedOut, TooLarge
from integrations.lineage.graph import Direction, Edge, Graph, Kind
from integrations.lineage.ports import Page, Query
from integrations.lineage.walking.querying import Options, query
from integrations.lineage.walking.walk import Caps
from tests.lineage.graphs import DIRECTIONS, chain, random_graphs, star
from tests.lineage.in_memory import ACCOUNT, InMemory


def still() -> float:
    """Return the same time at each call."""
    return 0


def arns_of(graph: Graph) -> set[str]:
    """Return the ARNs of a graph."""
    return {vertex.arn for vertex in graph.vertices}


def expected_edges(store: InMemory, distances: dict[str, int], direction: str, depth: int) -> set[Edge]:
    """Return the edges that a search goes along: those of all vertices nearer than `depth`."""
    found = set()
    for edge in store.edges.values():
        if direction != "up" and distances.get(edge.source, depth) < depth:
            found.add(edge)
        if direction != "down" and distances.get(edge.destination, depth) < depth:
            found.add(edge)
    return found


@given(random_graphs(), st.sampled_from(("up", "down", "both")), st.integers(1, 100), st.data())
def test_a_walk_is_a_breadth_first_search(
    drawn: tuple[InMemory, list[str]], direction: str, depth: int, data: st.DataObject
) -> None:
    """For several starts, all page sizes, and edges with their vertices or alone."""
    store, arns = drawn
    starts = data.draw(st.lists(st.sampled_from(arns), min_size=1, max_size=3))
    found = query(store, starts, Options(direction=Direction(direction), depth=depth), still)
    distances: dict[str, int] = {}
    for start in starts:
        for arn, distance in store.reached(start, DIRECTIONS[direction], depth).items():
            distances[arn] = min(distance, distances.get(arn, distance))
    assert arns_of(found) == distances.keys()
    assert set(found.edges) == expected_edges(store, distances, direction, depth)


@given(random_graphs(), st.integers(1, 100))
def test_through_is_up_and_down(drawn: tuple[InMemory, list[str]], depth: int) -> None:
    """The siblings of the start are not in it, unless they are its relatives too."""
    store, (start, *_) = drawn
    found = query(store, [start], Options(direction=Direction.THROUGH, depth=depth), still)
    up, down = (store.reached(start, direction, depth) for direction in ("Ascendants", "Descendants"))
    assert arns_of(found) == up.keys() | down.keys()


def test_both_is_undirected() -> None:
    """A leaf reaches its siblings (AWS developer guide, of Both)."""
    store = InMemory()
    arns = star(store, 5)
    assert arns_of(query(store, [arns[3]], Options(direction=Direction.BOTH), still)) == set(arns)
    assert arns_of(query(store, [arns[3]], Options(direction=Direction.THROUGH), still)) == {arns[0], arns[3]}


def test_121_wide_needs_3_calls() -> None:
    """Pages have 50 vertices."""
    store = InMemory()
    arns = star(store, 121)
    assert arns_of(query(store, arns[:1], Options(direction=Direction.DOWN), still)) == set(arns)
    assert store.calls == {"query": 3}


def test_26_deep_needs_3_calls() -> None:
    """Each call goes 10 edges far."""
    store = InMemory()
    arns = chain(store, 26)
    assert arns_of(query(store, arns[:1], Options(direction=Direction.DOWN), still)) == set(arns)
    assert store.calls == {"query": 3}


def test_10_000_within_depth_10_need_200_calls() -> None:
    """Also if the walk may go deeper."""
    store = InMemory()
    arns = [store.add(Kind.ARTIFACT, "DataSet", f"t{number}") for number in range(10_000)]
    for number in range(1, 10_000):
        store.join(arns[(number - 1) // 3], arns[number])
    graph = query(store, arns[:1], Options(direction=Direction.DOWN), still)
    assert (len(graph.vertices), len(graph.edges)) == (10_000, 9_999)
    assert store.calls == {"query": 200}


def test_a_start_within_9_of_another_needs_no_call() -> None:
    """The call of the first start has read its neighbours."""
    store = InMemory()
    arns = chain(store, 10)
    query(store, [arns[0], arns[3], arns[9], arns[3]], Options(direction=Direction.DOWN), still)
    assert store.calls == {"query": 1}


def test_a_call_goes_no_further_than_the_depth() -> None:
    """25 deep: 10, 10 and 5."""
    store = InMemory()
    arns = chain(store, 40)
    found = query(store, arns[:1], Options(direction=Direction.DOWN, depth=25), still)
    assert arns_of(found) == set(arns[:26])
    assert [asked.depth for asked in store.queries] == [10, 10, 5]


def test_a_cycle_ends() -> None:
    """Every vertex is visited once."""
    store = InMemory()
    arns = chain(store, 23)
    store.join(arns[-1], arns[0])
    assert arns_of(query(store, arns[:1], Options(direction=Direction.DOWN), still)) == set(arns)


@pytest.mark.parametrize(
    ("caps", "kind", "option"),
    [
        (Caps(max_vertices=120), TooLarge, "--max-vertices"),
        (Caps(max_edges=119), TooLarge, "--max-edges"),
        (Caps(timeout_secs=1), TimedOut, "--timeout-secs"),
    ],
)
def test_a_cap_ends_the_query_with_what_was_reached(caps: Caps, kind: type[TooLarge | TimedOut], option: str) -> None:
    """The error names the option, and holds the part of the graph that was read."""
    store = InMemory()
    arns = star(store, 121)
    with pytest.raises(kind, match=f"were reached; narrow it with --depth.*{option}") as caught:
        query(store, arns[:1], Options(caps=caps), partial(next, count()))
    assert caught.value.reached is not None
    assert arns[0] in arns_of(caught.value.reached)


def test_the_caps_themselves_are_allowed() -> None:
    """121 vertices are not more than 121."""
    store = InMemory()
    arns = star(store, 121)
    assert len(query(store, arns[:1], Options(caps=Caps(max_vertices=121, max_edges=120)), still).vertices) == 121


def test_wrong_calls() -> None:
    """They are refused before the first call."""
    store = InMemory()
    for depth in (0, 101, -1):
        with pytest.raises(Invalid, match="1 to 100"):
            query(store, ["arn:aws:sagemaker:eu-west-1:123456789012:artifact/a"], Options(depth=depth), still)
    with pytest.raises(Invalid, match="at least one start"):
        query(store, [], Options(), still)
    assert not store.calls
    with pytest.raises(NotFound):
        query(store, ["arn:aws:sagemaker:eu-west-1:123456789012:artifact/a"], Options(), still)


class _WithTrial(InMemory):
    """Answers with an association from a trial, which is no vertex."""

    def query(self, query: Query) -> Page:
        answer = super().query(query)
        return Page(answer.vertices, [Edge(f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:experiment-trial/t", query.start)])


def test_ends_of_edges_that_are_no_vertices_are_left_out() -> None:
    """Experiments and trials can be ends of associations, and QueryLineage's answers have no kind for them."""
    store = _WithTrial()
    (one,) = chain(store, 1)
    found = query(store, [one], Options(depth=1), still)
    assert (arns_of(found), found.edges) == ({one}, ())
