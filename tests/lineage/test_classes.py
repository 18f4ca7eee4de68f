"""The classes of the documentation: their call shapes, lazy reading, and what is refused."""

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from moto import mock_aws

from integrations.lineage import Lineage
from integrations.lineage.classes import (
    Action,
    Artifact,
    Association,
    Context,
    LineageEntityEnum,
    LineageFilter,
    LineageQuery,
    LineageQueryDirectionEnum,
    LineageTableVisualizer,
    Session,
    session,
)
from integrations.lineage.errors import Cycle, Invalid, NotFound
from integrations.lineage.graph import Kind, Vertex
from tests.lineage.in_memory import InMemory


@pytest.fixture
def store() -> Iterator[InMemory]:
    """Let the classes use a store in memory."""
    store = InMemory()
    Session(lineage=Lineage(store=store)).use()
    yield store
    session._DEFAULT.clear()


def test_an_artifact(store: InMemory) -> None:
    """It is created, read, changed and deleted with its associations."""
    made = Artifact.create(
        artifact_name="data-v1.0",
        artifact_type="DataSet",
        source={"source_uri": "s3://b/d", "source_types": [{"SourceIdType": "S3", "Value": "x"}]},
        properties={"a": "1", "b": "1"},
        tags=[{"Key": "team", "Value": "churn"}],
        metadata_properties={"CommitId": "c"},
    )
    assert made.artifact_name is not None
    assert made.artifact_name.startswith("data-v1-0-")
    assert made.source == {"source_uri": "s3://b/d", "source_types": [{"SourceIdType": "Custom", "Value": "x"}]}
    assert store.calls["describe"] == 0
    loaded = Artifact.load(made.artifact_arn)
    assert (loaded.artifact_type, loaded.source_uri, loaded.properties["a"]) == ("DataSet", "s3://b/d", "1")
    assert store.calls["describe"] == 1
    assert loaded.creation_time
    assert loaded.last_modified_time
    assert (loaded.created_by, loaded.last_modified_by) == ({"name": None}, {"name": None})
    loaded.properties["c"] = "3"
    del loaded.properties["a"]
    loaded.properties_to_remove = ["b"]
    loaded.save()
    assert made.properties == {"c": "3"} == loaded.properties
    loaded.properties = {"d": "4"}
    loaded.save()
    assert loaded.properties == {"d": "4"}
    loaded.set_tag({"Key": "x", "Value": "y"})
    assert loaded.tags == [{"Key": "team", "Value": "churn"}, {"Key": "x", "Value": "y"}]
    assert (loaded == made, hash(loaded) == hash(made), loaded == "text") == (True, True, False)
    assert made.artifact_arn in repr(loaded)
    Association.create(made.artifact_arn, Artifact.create(artifact_type="Model").artifact_arn)
    loaded.delete()
    assert not store.edges
    with pytest.raises(NotFound):
        loaded.delete()


def test_actions_and_contexts(store: InMemory) -> None:
    """Status and description are saved, and an association prevents a deletion."""
    action = Action.create("train", "Training", status="InProgress", source_uri="s3://x", description="d")
    assert (action.status, action.description, action.action_type) == ("InProgress", "d", "Training")
    action.status, action.description = "Completed", "e"
    assert (action.status, action.description) == ("Completed", "e")
    action.save()
    loaded = Action.load(action_name="train")
    assert (loaded.status, loaded.description, loaded.action_arn) == ("Completed", "e", action.action_arn)
    context = Context.create("pipe_1", "Pipeline", description="d")
    assert (context.context_name, context.context_type, context.description) == ("pipe_1", "Pipeline", "d")
    context.description = "e"
    context.save()
    assert Context.load(context.context_arn).description == "e"
    assert context.source_uri == "capture-forwarder://context/pipe_1"
    context.add_action(action.action_arn)
    context.add_artifact(Artifact.create(artifact_type="Model", source_uri="s3://m").artifact_arn, "Produced")
    with pytest.raises(Invalid, match="has 2 associations"):
        Context(context_name="pipe_1").delete()
    Context(context_name="pipe_1").delete(disassociate=True)
    Action(action_name="train").delete()
    assert [vertex.kind for vertex in store.vertices.values()] == [Kind.ARTIFACT]


def test_lists(store: InMemory) -> None:
    """They are read whole at the first use, so deleting while walking through them leaves nothing."""
    contexts = [Context.create(f"c{number}", "Pipeline", properties={"n": str(number)}) for number in range(25)]
    hub = Artifact.create(artifact_type="Model", source_uri="s3://m")
    for context in contexts:
        context.add_artifact(hub.artifact_arn)
    listed = Context.list(context_type="Pipeline", sort_by="Name", sort_order="Ascending", created_after="2020-01-01")
    calls = store.calls["list"]
    assert (len(listed), listed[0].context_name, [each.context_name for each in listed[:2]]) == (25, "c0", ["c0", "c1"])
    assert (store.calls["list"], listed[3].properties) == (calls + 1, {"n": "11"})
    assert "c0" in repr(listed)
    assert len(Context.list(max_results=3, created_before=datetime(2099, 1, 1))) == 3  # noqa: DTZ001 - as users make it
    for association in Association.list(destination_arn=hub.artifact_arn):
        assert (association.source_type, association.destination_type) == ("Pipeline", "Model")
        assert association.creation_time
        association.delete()
    assert not store.edges
    assert len(Artifact.list(source_uri="s3://m")) == 1
    assert list(Action.list(action_type="None")) == []


def test_associations(store: InMemory) -> None:
    """They are deleted by the class and by the instance."""
    one, other, third = (Artifact.create(artifact_type="Model", source_uri=f"s3://{n}").artifact_arn for n in range(3))
    made = Association.create(one, other, "DerivedFrom")
    assert repr(made) == f"Association({one!r}, {other!r}, 'DerivedFrom')"
    Association.create(other, third)
    assert [each.source_arn for each in Association.list(sort_by="SourceArn")] == sorted([one, other], reverse=True)
    assert len(Association.list(association_type="DerivedFrom", source_type="Model", max_results=1)) == 1
    with pytest.raises(Cycle):
        Association.create(third, one)
    Association.delete(one, other)
    with pytest.raises(NotFound):
        made.delete()
    assert len(store.edges) == 1


def trained() -> tuple[str, str, str]:
    """Create a data set, a training and a model; return their ARNs."""
    data = Artifact.create("data", "DataSet", source_uri="s3://d", properties={"rows": "1", "artifact_name": "other"})
    train = Action.create("train", "Training", status="Completed")
    model = Artifact.create(artifact_type="Model", source_uri="s3://m")
    Association.create(data.artifact_arn, train.action_arn, "ContributedTo")
    Association.create(train.action_arn, model.artifact_arn, "Produced")
    return data.artifact_arn, train.action_arn, model.artifact_arn


def test_a_query(store: InMemory) -> None:
    """Properties are read at the first use, by one call a vertex; the type is known without."""
    data, train, model = trained()
    store.calls.clear()
    graph = LineageQuery([model], LineageQueryDirectionEnum.ASCENDANTS).query()
    vertices = {vertex["Arn"]: vertex for vertex in graph["Vertices"]}
    assert vertices[data]["Properties"]["artifact_type"] == "DataSet"
    assert (vertices[data]["Type"], vertices[train]["Type"]) == ("Artifact", "Action")
    assert store.calls == {"query": 1}
    properties = vertices[data]["Properties"]
    assert (properties["artifact_name"], properties.get("rows"), properties.get("no", "x")) == ("data", "1", "x")
    assert ("source_uri" in properties, "no" in properties) == (True, False)
    assert len(properties) == 4
    assert dict(properties) == properties == dict(zip(properties.keys(), properties.values(), strict=True))
    assert store.calls == {"query": 1, "describe": 1}
    assert "train" in repr(vertices[train]["Properties"])
    assert json.loads(json.dumps(graph))["Vertices"]
    assert {"SourceArn": data, "DestinationArn": train, "AssociationType": "ContributedTo"} in graph["Edges"]
    with pytest.raises(KeyError):
        properties["no"]


def test_filters(store: InMemory) -> None:
    """Kinds, types, sources, times and properties."""
    data, train, model = trained()

    def found(**filters: object) -> set[str]:
        only = LineageFilter(**filters)  # type: ignore[arg-type] # values of tests
        graph = LineageQuery([model], "Ascendants", include_edges=False, filters=only, max_depth=20).query()
        return {vertex["Arn"] for vertex in graph["Vertices"]}

    assert found() == {data, train}
    assert found(entities=[LineageEntityEnum.ARTIFACT, LineageEntityEnum.ASSOCIATION]) == {data}
    assert found(sources=["Training"]) == {train}
    assert found(sources=[{"source_uri": "s3://d"}]) == {data}
    assert found(properties={"rows": "1"}) == {data}
    assert found(created_after="2099-01-01") == set()
    assert found(created_before="2099-01-01", modified_after="2020-01-01", modified_before="2099-01-01") == {
        data,
        train,
    }
    with pytest.raises(Invalid, match="edges of an answer"):
        found(entities=["Association"])
    with pytest.raises(Invalid, match="source_uri"):
        found(sources=[{"uri": "s3://d"}])
    del store.vertices[data]
    assert "Vertices" in LineageQuery([train], "Descendants").query()


def test_a_vertex_that_was_deleted_has_no_properties(store: InMemory) -> None:
    """Its type is known all the same."""
    data, _, model = trained()
    store.put(Vertex(arn=data.replace("artifact/", "experiment-trial-component/"), kind=Kind.TRIAL_COMPONENT, type=""))
    graph = LineageQuery([model]).query()
    vertices = {vertex["Arn"]: vertex for vertex in graph["Vertices"]}
    del store.vertices[data]
    assert vertices[data]["Properties"] == {"artifact_type": "DataSet"}


def test_a_graph_is_shown(store: InMemory, capsys: pytest.CaptureFixture[str]) -> None:
    """Type, name and ARN of each vertex, and the edges."""
    _, _, model = trained()
    LineageTableVisualizer().show(LineageQuery([model]).query())
    printed = capsys.readouterr().out
    assert "| Artifact | data" in printed
    assert "ContributedTo" in printed
    LineageTableVisualizer().show(LineageQuery([model], include_edges=False).query())
    assert "Association" not in capsys.readouterr().out
    del store


@pytest.mark.usefixtures("store")
def test_wrong_calls() -> None:
    """They are refused as `Invalid`, which is a ValueError, with what to write instead."""
    with pytest.raises(ValueError, match="artifact_type is missing"):
        Artifact.create(artifact_name="a")
    with pytest.raises(Invalid, match=r"the property 1 is no text; write it as str\(1\)"):
        Artifact.create(artifact_type="Model", properties={"a": 1})  # type: ignore[dict-item] # a mistake of users
    with pytest.raises(Invalid, match='"Key"'):
        Artifact.create(artifact_type="Model", tags=[{"key": "a"}])
    with pytest.raises(Invalid, match='"SourceIdType"'):
        Artifact.create(artifact_type="Model", source_types=[{"Type": "a"}])
    with pytest.raises(Invalid, match="not named; give context_arn or context_name"):
        Context()
    with pytest.raises(Invalid, match="not named"):
        Action.load()
    with pytest.raises(Invalid, match="sort_by is 'Size'"):
        Artifact.list(sort_by="Size")
    with pytest.raises(Invalid, match="sort_by"):
        Association.list(sort_by="Size")
    with pytest.raises(Invalid, match="sort_order is 'Up'"):
        Artifact.list(sort_order="Up")
    with pytest.raises(Invalid, match="max_results is 0"):
        Artifact.list(max_results=0)
    for starts in (None, [], "arn", ["a"] * 11):
        with pytest.raises(Invalid, match="list of 1 to 10 ARNs"):
            LineageQuery(starts).query()
    with pytest.raises(Invalid, match="direction is 'Up'"):
        LineageQuery(["a"], "Up").query()


def test_sessions() -> None:
    """Without one the default session is made at the first use."""
    with mock_aws():
        assert Session("eu-west-1").default_bucket() == "sagemaker-eu-west-1-123456789012"
    assert session.lineage_of(None) is session.lineage_of(None)
    session._DEFAULT.clear()


def test_tags_are_read_once(store: InMemory) -> None:
    """And again only after a change."""
    made = Artifact.create(artifact_type="Model", tags=[{"Key": "a", "Value": "1"}])
    loaded = Artifact.load(made.artifact_arn)
    assert loaded.tags == loaded.tags == [{"Key": "a", "Value": "1"}]
    assert store.calls["tags"] == 1


def test_properties_of_a_found_vertex_are_read_at_any_first_use(store: InMemory) -> None:
    """Also by a loop."""
    made = Artifact.create(artifact_type="Model", source_uri="s3://b/m", properties={"a": "1"})
    other = Artifact.create(artifact_type="Report")
    Association.create(made.artifact_arn, other.artifact_arn)
    found = LineageQuery(
        start_arns=[other.artifact_arn], direction=LineageQueryDirectionEnum.ASCENDANTS, include_edges=False
    ).query()
    (vertex,) = found["Vertices"]
    before = store.calls["describe"]
    assert {*vertex["Properties"]} >= {"a", "source_uri"}
    assert [*vertex["Properties"]] == [*vertex["Properties"]]
    assert store.calls["describe"] == before + 1


def test_the_default_session_is_made_at_the_first_use() -> None:
    """And is then kept."""
    assert session._DEFAULT == []
    try:
        first = session.lineage_of(None)
        assert session.lineage_of(None) is first
        other = Lineage(store=InMemory())
        assert session.lineage_of(Session(lineage=other)) is other
    finally:
        session._DEFAULT.clear()
