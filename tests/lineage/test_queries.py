"""Queries: filters as naive ones, copies collapsed, details read once, and lists."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from integrations.lineage import Lineage
from integrations.lineage.errors import Denied, Invalid, NotFound
from integrations.lineage.finding.listing import Selection
from integrations.lineage.graph import Details, Direction, Edge, Graph, Kind, Vertex
from integrations.lineage.times import moment
from integrations.lineage.walking.filters import Filters
from integrations.lineage.walking.querying import Options
from tests.lineage.graphs import DIRECTIONS, KINDS, chain, random_graphs, star
from tests.lineage.in_memory import InMemory

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    """Return filters; random graphs have entities that pass them and others."""
    moments = st.none() | st.integers(0, 40).map(lambda secs: FIRST + timedelta(seconds=secs))
    return Filters(
        kinds=tuple(draw(st.lists(st.sampled_from(KINDS), max_size=2, unique=True))),
        types=tuple(draw(st.lists(st.sampled_from(("Model", "DataSet", "Other")), max_size=2, unique=True))),
        properties=draw(st.sampled_from(({}, {"team": "a"}, {"team": "b", "x": "y"}))),
        created_after=draw(moments),
        created_before=draw(moments),
        modified_after=draw(moments),
        modified_before=draw(moments),
    )


def naive(vertex: Vertex, wanted: Filters) -> bool:
    """Return whether a vertex passes, in the simplest way."""
    details = vertex.details
    assert details is not None
    assert details.created is not None
    assert details.modified is not None
    kinds, types, properties = wanted.kinds, wanted.types, wanted.properties
    return (
        (vertex.kind in kinds or not kinds)
        and (vertex.type in types or not types)
        and (not properties or bool(details.properties.items() & properties.items()))
        and (wanted.created_after or FIRST) <= details.created <= (wanted.created_before or details.created)
        and (wanted.modified_after or FIRST) <= details.modified <= (wanted.modified_before or details.modified)
    )


@given(random_graphs(), filters(), st.sampled_from(("up", "down", "both")), st.integers(1, 30))
def test_filters_are_naive_ones(drawn: tuple[InMemory, list[str]], wanted: Filters, direction: str, depth: int) -> None:
    """Without edges the matches, without the start; with edges also the shortest paths to them."""
    store, (start, *_) = drawn
    distances = store.reached(start, DIRECTIONS[direction], depth)
    matches = {arn for arn in distances if naive(store.vertices[arn], wanted)}
    options = Options(direction=Direction(direction), depth=depth, filters=wanted)
    bare = Lineage(store=store).query([start], replace(options, edges=False))
    assert {vertex.arn for vertex in bare.vertices} == matches - {start}
    assert bare.edges == ()
    full = Lineage(store=store).query([start], options)
    kept = {vertex.arn for vertex in full.vertices}
    assert {start} | matches <= kept
    for arn in kept - {start}:  # each has a vertex before it, and leads to a match
        near = {
            edge.source if edge.destination == arn else edge.destination
            for edge in full.edges
            if arn in (edge.source, edge.destination)
        }
        assert any(distances[each] == distances[arn] - 1 for each in near)
        assert arn in matches or any(distances[each] == distances[arn] + 1 for each in near)
    assert set(full.edges) <= set(store.edges.values())


def test_matches_within_10_need_no_walk_and_no_details() -> None:
    """The API filters; what it cannot filter is walked and described."""
    store = InMemory()
    arns = star(store, 121)
    wanted = Filters(kinds=(Kind.ARTIFACT,), properties={"team": "a"})
    lineage = Lineage(store=store)
    lineage.query(arns[:1], Options(depth=10, edges=False, filters=wanted))
    assert store.calls == {"query": 1}
    assert store.queries[0].filters == {"LineageTypes": [Kind.ARTIFACT], "Properties": {"team": "a"}}
    for more in (
        Filters(types=tuple("abcdef")),
        Filters(types=("a" * 41,)),
        Filters(properties={"a" * 257: ""}),
        Filters(properties=dict.fromkeys("abcdef", "")),
        Filters(source_uris=("s3://bucket/s1",)),
    ):
        store.queries.clear()
        found = lineage.query(arns[:1], Options(depth=10, edges=False, filters=more))
        assert len(found.vertices) == len(more.source_uris)
        assert not store.queries[0].filters


def test_details_are_read_once_a_vertex() -> None:
    """Also if filters and the answer need them, and up and down meet."""
    store = InMemory()
    arns = star(store, 20)
    wanted = Filters(created_after=FIRST)
    options = Options(direction=Direction.THROUGH, filters=wanted, details=True)
    found = Lineage(store=store).query(arns[:1], options)
    assert store.calls["describe"] == 20
    assert all(vertex.details for vertex in found.vertices)


def copies(store: InMemory) -> tuple[str, str, str]:
    """Add a model, its copy in another account, and an endpoint that the copy leads to."""
    (model,) = chain(store, 1)
    copy = model.replace("123456789012", "999999999999")
    store.put(replace(store.vertices[model], arn=copy))
    endpoint = store.add(Kind.CONTEXT, "Endpoint", "e")
    store.join(model, copy, "SameAs")
    store.join(copy, endpoint)
    return model, copy, endpoint


def test_copies_are_one_vertex() -> None:
    """The start stands for its copies; another way round the copy of the start's account does."""
    store = InMemory()
    model, copy, endpoint = copies(store)
    lineage = Lineage(store=store)
    found = lineage.query([model])
    assert (arns(found), found.edges) == ({model, endpoint}, (Edge(model, endpoint),))
    assert arns(lineage.query([endpoint])) == {model, endpoint}
    assert arns(lineage.query([copy])) == {copy, endpoint}
    assert arns(lineage.query([model], Options(keep_copies=True))) == {model, copy, endpoint}
    assert arns(lineage.query([endpoint], Options(depth=10, edges=False))) == {model}
    assert arns(lineage.query([endpoint], Options(depth=10, edges=False, keep_copies=True))) == {model, copy}


def test_other_artifacts_are_no_copies() -> None:
    """Neither with another id, nor with another type of association, nor are other kinds."""
    store = InMemory()
    model, copy, endpoint = copies(store)
    other = store.add(Kind.ARTIFACT, "Model", "other")
    store.join(model, other, "SameAs")
    store.join(copy, model, "DerivedFrom")
    store.join(endpoint, other, "SameAs")
    assert arns(Lineage(store=store).query([model])) == {model, endpoint, other}


def test_vertices_that_cannot_be_described() -> None:
    """One that was deleted meanwhile, or is another account's, stays without details."""
    store = InMemory()
    model, copy, _ = copies(store)
    describe = store.describe

    def refuse(arn_or_name: str, kind: Kind) -> Vertex:
        if arn_or_name == copy:
            raise Denied("another account's")
        if kind == Kind.CONTEXT:
            raise NotFound("deleted")
        return describe(arn_or_name, kind)

    store.describe = refuse  # type: ignore[method-assign] # an answer that the store cannot give
    options = Options(details=True, keep_copies=True)
    found = Lineage(store=store).query([model], options)
    assert [vertex.arn for vertex in found.vertices if vertex.details] == [model]
    with pytest.raises(Denied):
        Lineage(store=store).query([copy], options)


def test_a_filter_by_time_needs_a_time() -> None:
    """An entity without details passes no such filter."""
    bare = Vertex(arn="a", kind=Kind.ARTIFACT, type="Model")
    assert not Filters(modified_after=FIRST).match(bare)
    assert Filters(types=("Model",)).match(bare)
    assert Filters().empty
    unknown = replace(bare, details=Details(source_uri="s3://a"))
    assert Filters(source_uris=("s3://a",)).match(unknown)
    assert not Filters(created_before=FIRST).match(unknown)
    assert not Filters(types=("Other",)).match(bare)


def arns(graph: Graph) -> set[str]:
    """Return the ARNs of a graph."""
    return {vertex.arn for vertex in graph.vertices}


def test_lists() -> None:
    """They are filtered and sorted where SageMaker does not."""
    store = InMemory()
    lineage = Lineage(store=store)
    names = ("b-model", "a-model", "data")
    made = [store.add(Kind.ARTIFACT, "DataSet" if name == "data" else "Model", name) for name in names]
    lineage.update(made[0], {"x": "y"})
    store.add(Kind.TRIAL_COMPONENT, "SageMakerTrainingJob", "t")

    def listed(selection: Selection, kind: Kind = Kind.ARTIFACT) -> list[str]:
        return [vertex.label for vertex in lineage.list(kind, selection)]

    assert listed(Selection()) == ["data", "a-model", "b-model"]
    assert listed(Selection(ascending=True, limit=2)) == ["b-model", "a-model"]
    assert listed(Selection(sort="name", ascending=True)) == ["a-model", "b-model", "data"]
    assert set(listed(Selection(sort="type", name="*-model"))) == {"a-model", "b-model"}
    assert listed(Selection(sort="modified", limit=1)) == ["b-model"]
    assert listed(Selection(modified_after=FIRST + timedelta(seconds=4))) == ["b-model"]
    assert listed(Selection(modified_before=FIRST + timedelta(seconds=2))) == ["a-model"]
    assert listed(Selection(type="Other"), Kind.TRIAL_COMPONENT) == []
    for wrong in (Selection(sort="size"), Selection(limit=0)):
        with pytest.raises(Invalid):
            listed(wrong)


def test_moments() -> None:
    """Without a zone they are in the given one, or local."""
    assert moment("2026-01-31", UTC) == datetime(2026, 1, 31, tzinfo=UTC)
    assert moment("2026-01-31T22:00:00+01:00", UTC) == datetime(2026, 1, 31, 21, tzinfo=UTC)
    local = datetime(2026, 1, 31)  # noqa: DTZ001 - as users make it
    assert moment(local, None) == local.astimezone()
    with pytest.raises(Invalid, match="'yesterday' is no time"):
        moment("yesterday", None)
