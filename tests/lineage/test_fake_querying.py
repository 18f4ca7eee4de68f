"""The rules of QueryLineage. Each test names its source: a section of the facts and its mark."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.lineage_fake.graphs import (
    action,
    artifact,
    client,
    context,
    faked,
    link,
    put_artifacts,
    put_links,
    put_long,
    put_wide,
)
from tests.lineage_fake.plugin import lineage_fake

PAIRS = [("data", "job"), ("other", "job"), ("job", "model"), ("model", "deploy"), ("deploy", "endpoint")]


@pytest.fixture
def aws() -> Iterator[Any]:
    with faked() as (made, _):
        yield made


def query(start: str, direction: str = "Descendants", depth: int = 10, **more: Any) -> tuple[set[str], set[str]]:
    """Return the ARNs of the vertices, and of the edges `source>destination`, over all pages."""
    vertices: set[str] = set()
    edges: set[str] = set()
    token: dict[str, str] | None = {}
    while token is not None:
        answer = client().query_lineage(StartArns=[start], Direction=direction, MaxDepth=depth, **more, **token)
        vertices |= {each["Arn"] for each in answer["Vertices"]}
        edges |= {f"{each['SourceArn']}>{each['DestinationArn']}" for each in answer["Edges"]}
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
    return vertices, edges


@pytest.fixture
def family(aws: Any) -> dict[str, str]:
    """Make a parent with two children and a grandchild."""
    del aws
    people = {name: artifact(f"s3://{name}") for name in ("parent", "child", "sibling", "grandchild")}
    for older, younger in (("parent", "child"), ("parent", "sibling"), ("child", "grandchild")):
        link(people[older], people[younger])
    return people


def test_descendants_and_ascendants_follow_the_edges(family: dict[str, str]) -> None:
    """Facts 2 (M): Direction."""
    child = family["child"]
    assert query(child, "Descendants") == ({family["grandchild"]}, set())
    assert query(child, "Ascendants") == ({family["parent"]}, set())


def test_both_is_an_undirected_walk(family: dict[str, str]) -> None:
    """Facts 2 (D): a leaf's siblings are in it; 8: the prototype answered ascendants plus descendants."""
    assert query(family["child"], "Both")[0] == set(family.values()) - {family["child"]}
    assert query(family["grandchild"], "Both")[0] == set(family.values()) - {family["grandchild"]}


def test_the_start_is_in_the_answer_with_edges_only(family: dict[str, str]) -> None:
    """Facts 2: with IncludeEdges=False not, even if it matches (N); with True it is (C)."""
    start = family["child"]
    matching = {"Types": ["DataSet"]}
    assert query(start, IncludeEdges=False, Filters=matching)[0] == {family["grandchild"]}
    vertices, edges = query(start, IncludeEdges=True)
    assert vertices == {start, family["grandchild"]}
    assert edges == {f"{start}>{family['grandchild']}"}


def test_a_vertex_has_arn_type_and_lineage_type_only(aws: Any) -> None:
    """Facts 2 (M): 40 characters of a type; an edge may have no type (1, D)."""
    data, deploy, endpoint = artifact("s3://b", "t" * 60, Properties={"k": "v"}), action("a"), context("c")
    link(data, deploy)
    aws.add_association(SourceArn=deploy, DestinationArn=endpoint)
    answer = aws.query_lineage(StartArns=[data], Direction="Descendants", IncludeEdges=True)
    assert sorted(answer["Vertices"], key=lambda vertex: str(vertex["LineageType"])) == [
        {"Arn": deploy, "Type": "ModelDeployment", "LineageType": "Action"},
        {"Arn": data, "Type": "t" * 40, "LineageType": "Artifact"},
        {"Arn": endpoint, "Type": "Endpoint", "LineageType": "Context"},
    ]
    assert {each["SourceArn"]: each.get("AssociationType") for each in answer["Edges"]} == {
        data: "ContributedTo",
        deploy: None,
    }


def test_the_depth_counts_associations() -> None:
    """Facts 2 (M): MaxDepth is at most 10 associations."""
    with faked() as (_, fake):
        start = put_long(fake.store(), 26)
        assert len(query(start, depth=3, IncludeEdges=False)[0]) == 3
        vertices, edges = query(start, IncludeEdges=True)
        assert (len(vertices), len(edges)) == (11, 10)


@pytest.mark.usefixtures("aws")
def test_a_cycle_ends() -> None:
    """Facts 1: seed 001 alone says that cycles are refused, so a query may meet one."""
    one, two = artifact("s3://1"), artifact("s3://2")
    link(one, two)
    link(two, one)
    assert query(one, IncludeEdges=True) == ({one, two}, {f"{one}>{two}", f"{two}>{one}"})


@pytest.fixture
def deployed(aws: Any) -> dict[str, str]:
    """Make two data sets, a job (here an action), a model, a deployment and an endpoint."""
    del aws
    made = {
        "data": artifact("s3://data", Properties={"a": "1", "b": "2"}),
        "other": artifact("s3://other"),
        "job": action("job", "ModelTraining"),
        "model": artifact("s3://model", "Model", Properties={"b": "3"}),
        "deploy": action("deploy"),
        "endpoint": context("endpoint"),
    }
    for source, destination in PAIRS:
        link(made[source], made[destination])
    return made


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"Types": ["DataSet"]}, "data other"),
        ({"Types": ["DataSet", "Model"]}, "data other model"),
        ({"LineageTypes": ["Action"]}, "job deploy"),
        ({"LineageTypes": ["Artifact"], "Types": ["Endpoint", "DataSet"]}, "data other"),
        ({"LineageTypes": ["Context"], "Types": ["DataSet"]}, ""),
        ({"Properties": {"a": "1"}}, "data"),
        ({"Properties": {"a": "1", "b": "3"}}, "data model"),
        ({"Properties": {"a": "3"}}, ""),
        ({"Properties": {"a": "1"}, "Types": ["Model"]}, ""),
    ],
)
def test_filters(deployed: dict[str, str], filters: dict[str, Any], found: str) -> None:
    """Facts 2: kinds of filters are ANDed (N); one pair of Properties suffices (M), 8: the prototype wanted all."""
    vertices, _ = query(deployed["endpoint"], "Ascendants", IncludeEdges=False, Filters=filters)
    assert vertices == {deployed[name] for name in found.split()}


def test_filters_with_edges_keep_the_path(deployed: dict[str, str]) -> None:
    """Facts 2 (M): the entities on the path, not only those that match; 8: the prototype hid them."""
    vertices, edges = query(
        deployed["endpoint"], "Ascendants", IncludeEdges=True, Filters={"Properties": {"a": "1"}, "Types": ["DataSet"]}
    )
    assert vertices == set(deployed.values()) - {deployed["other"]}
    assert edges == {f"{deployed[one]}>{deployed[two]}" for one, two in PAIRS if one != "other"}


def test_filters_by_time() -> None:
    """Facts 2 (M): CreatedBefore and After, ModifiedBefore and After."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    days = iter(range(100))
    with mock_aws(), lineage_fake(clock=lambda: start + timedelta(days=next(days))):
        first, second, third = (artifact(f"s3://{number}") for number in range(3))
        link(first, second)
        link(second, third)
        client().update_artifact(ArtifactArn=second, ArtifactName="changed")

        def found(**filters: datetime) -> set[str]:
            return query(first, IncludeEdges=False, Filters=filters)[0]

        assert found(CreatedBefore=start + timedelta(days=1)) == {second}
        assert found(CreatedAfter=start + timedelta(days=2)) == {third}
        assert found(ModifiedAfter=start + timedelta(days=3)) == {second}
        assert found(ModifiedBefore=start + timedelta(days=3)) == {third}


@settings(max_examples=60)
@given(data=st.data())
def test_every_walk_is_a_breadth_first_search(data: st.DataObject) -> None:
    """Facts 2: over random graphs, each direction equals a search without the fake's indexes."""
    size, depth = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 10))
    pairs = data.draw(st.sets(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=12))
    direction = data.draw(st.sampled_from(["Ascendants", "Descendants", "Both"]))
    with mock_aws(), lineage_fake() as fake:
        arns = put_artifacts(fake.store(), size)
        put_links(fake.store(), [(arns[source], arns[destination]) for source, destination in pairs])
        down = {(a, b) for a, b in pairs} if direction != "Ascendants" else set()
        up = {(b, a) for a, b in pairs} if direction != "Descendants" else set()
        reached = {0}
        for _ in range(depth):
            reached |= {far for near, far in down | up if near in reached}
        vertices, _ = query(arns[0], direction, depth, IncludeEdges=True)
        assert vertices == {arns[number] for number in reached}
        assert query(arns[0], direction, depth, IncludeEdges=False)[0] == vertices - {arns[0]}


def test_a_page_has_fifty_vertices() -> None:
    """Facts 2 (M): MaxResults at most 50; the SDK reads one page: 50 of 121."""
    with faked() as (made, fake):
        start = put_wide(fake.store(), 121)
        first = made.query_lineage(StartArns=[start], Direction="Descendants", IncludeEdges=True)
        assert len(first["Vertices"]) == 50
        assert len(query(start, IncludeEdges=True)[0]) == 121
        assert fake.counts["QueryLineage"] == 1 + 3
