"""The classes of the documentation, method by method, with its call shapes. docs/lineage.md names these tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import boto3
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
from integrations.lineage.errors import AlreadyExists, Invalid, NotFound
from tests.lineage.in_memory import ACCOUNT, InMemory

ENTITIES: list[tuple[Any, str]] = [(Artifact, "artifact"), (Action, "action"), (Context, "context")]
each_class = pytest.mark.parametrize(("cls", "noun"), ENTITIES, ids=["artifact", "action", "context"])


@pytest.fixture(autouse=True)
def store() -> Iterator[InMemory]:
    """Let the classes use a store in memory."""
    store = InMemory()
    Session(lineage=Lineage(store=store)).use()
    yield store
    session._DEFAULT.clear()


def made(cls: Any, noun: str, name: str = "one", **more: Any) -> Any:
    """Create an entity as the documentation does."""
    values = {f"{noun}_name": name, f"{noun}_type": "T", "source": {"source_uri": f"s3://{noun}/{name}"}}
    return cls.create(**(values | more))


@each_class
def test_create_and_attributes(cls: Any, noun: str) -> None:
    """A name or a source that is left out is generated; a second call returns the same entity."""
    one = made(cls, noun, properties={"a": "1"}, tags=[{"Key": "k", "Value": "v"}])
    assert f":{noun}/" in getattr(one, f"{noun}_arn")
    assert getattr(one, f"{noun}_name") == "one"
    assert getattr(one, f"{noun}_type") == "T"
    assert one.source["source_uri"] == f"s3://{noun}/one"
    assert one.properties == {"a": "1"}
    assert one.creation_time is not None
    assert one.last_modified_time is not None
    assert one.created_by == one.last_modified_by == {"name": None}
    assert one.tags == [{"Key": "k", "Value": "v"}]
    assert made(cls, noun) == one
    generated = cls.create(**{f"{noun}_type": "T"})
    assert getattr(generated, f"{noun}_name")
    assert generated.source["source_uri"]


@each_class
def test_load(cls: Any, noun: str) -> None:
    """By ARN, as the documentation writes. A missing entity is an error."""
    one = made(cls, noun)
    assert getattr(cls.load(**{f"{noun}_arn": one.arn}), f"{noun}_name") == "one"
    with pytest.raises(NotFound):
        cls.load(**{f"{noun}_arn": f"arn:aws:sagemaker:eu-west-1:123456789012:{noun}/none"})


@each_class
def test_list(cls: Any, noun: str) -> None:
    """It has a length, takes texts for times, and reads properties at their first use."""
    for name in ("one", "two", "three"):
        made(cls, noun, name, properties={"name": name})
    found = cls.list(sort_by="CreationTime", sort_order="Ascending", max_results=2, **{f"{noun}_type": "T"})
    assert len(found) == 2
    assert [each.properties["name"] for each in found] == ["one", "two"]
    assert [getattr(each, f"{noun}_name") for each in found[:1]] == ["one"]
    assert len(cls.list(created_after="2026-01-01T00:00:02+00:00")) == 2
    assert len(cls.list(created_before="2025-01-01")) == 0
    assert len(cls.list(source_uri=f"s3://{noun}/two")) == 1


@each_class
def test_save(cls: Any, noun: str) -> None:
    """Changed and removed properties are written; others stay."""
    one = made(cls, noun, properties={"a": "1", "b": "2"})
    one.properties["a"] = "3"
    del one.properties["b"]
    one.save()
    assert cls.load(one.arn).properties == {"a": "3"}


@each_class
def test_set_tag_and_set_tags(cls: Any, noun: str) -> None:
    """Tags are added to those that exist."""
    one = made(cls, noun)
    one.set_tag({"Key": "a", "Value": "1"})
    one.set_tags([{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}])
    assert {tag["Key"]: tag["Value"] for tag in one.tags} == {"a": "1", "b": "2", "c": "3"}


@each_class
def test_delete(cls: Any, noun: str, store: InMemory) -> None:
    """By the object, or by a name alone as in the second page."""
    one = made(cls, noun)
    one.delete()
    assert store.vertices == {}
    made(cls, noun, "two")
    cls(**{f"{noun}_name": "two"}).delete()
    assert store.vertices == {}


def test_deleting_an_artifact_deletes_its_associations(store: InMemory) -> None:
    """An action or a context keeps them, unless it is asked."""
    data, step = made(Artifact, "artifact"), made(Action, "action")
    Association.create(data.artifact_arn, step.action_arn)
    with pytest.raises(Invalid):
        step.delete()
    data.delete()
    assert store.edges == {}
    step.delete(disassociate=True)
    assert store.vertices == {}


def test_the_status_of_an_action() -> None:
    """It is saved with the properties."""
    step = made(Action, "action", status="InProgress")
    step.status = "Completed"
    step.save()
    assert Action.load(step.action_arn).status == "Completed"


def test_an_unknown_source_id_type_becomes_custom(store: InMemory) -> None:
    """The page writes S3, and the API knows four others."""
    types = [{"SourceIdType": "S3", "Value": "s3://bucket/train.csv"}]
    made(Artifact, "artifact", source={"source_uri": "s3://bucket/train.csv", "source_types": types})
    (vertex,) = store.vertices.values()
    assert vertex.details
    assert vertex.details.source_types == (("Custom", "s3://bucket/train.csv"),)


@pytest.mark.parametrize("kind", ["ContributedTo", "AssociatedWith", "DerivedFrom", "Produced", "SameAs", None])
def test_association(kind: str | None) -> None:
    """Created, listed and deleted, by the class and by the object; each type, and none."""
    one, two = made(Artifact, "artifact"), made(Action, "action")
    arns = (one.artifact_arn, two.action_arn)
    made_ = Association.create(source_arn=arns[0], destination_arn=arns[1], association_type=kind)
    assert (made_.source_arn, made_.destination_arn, made_.association_type) == (*arns, kind)
    (found,) = Association.list(source_arn=arns[0])
    assert (found.source_name, found.destination_name, found.association_type) == ("one", "one", kind)
    Association.delete(*arns)
    assert len(Association.list(destination_arn=arns[1])) == 0
    Association.create(*arns).delete()
    assert len(Association.list()) == 0


def test_an_association_needs_both_ends_and_a_known_type() -> None:
    """The errors are those of the page."""
    one, two = made(Artifact, "artifact"), made(Action, "action")
    with pytest.raises(Invalid):
        Association.create(one.arn, two.arn, "Unheard")
    with pytest.raises(NotFound):
        Association.create(one.arn, f"{two.arn}-none")


def test_add_artifact_and_add_action() -> None:
    """With the type AssociatedWith, unless another is given."""
    group = made(Context, "context")
    group.add_artifact(made(Artifact, "artifact").artifact_arn)
    group.add_action(made(Action, "action").action_arn, "ContributedTo")
    types = {link.association_type for link in Association.list(source_arn=group.context_arn)}
    assert types == {"AssociatedWith", "ContributedTo"}


def chain() -> list[str]:
    """Make data, a step, a model and a model derived from it. Return their ARNs."""
    data = made(Artifact, "artifact", artifact_type="DataSet", properties={"num_samples": "7"})
    step = made(Action, "action")
    model = made(Artifact, "artifact", "model", artifact_type="Model")
    later = made(Artifact, "artifact", "later", artifact_type="Model")
    arns = [data.arn, step.arn, model.arn, later.arn]
    for source, destination in pairwise(arns):
        Association.create(source, destination)
    return arns


def queried(*starts: str, **more: Any) -> set[str]:
    """Return the ARNs that a query finds."""
    answer = LineageQuery(start_arns=list(starts), **more).query()
    return {vertex["Arn"] for vertex in answer["Vertices"]}


def test_query() -> None:
    """Vertices and edges; properties are there when they are asked for."""
    arns = chain()
    answer = LineageQuery(start_arns=[arns[2]], direction=LineageQueryDirectionEnum.ASCENDANTS, max_depth=20).query()
    assert {vertex["Arn"] for vertex in answer["Vertices"]} == {*arns[:3]}
    assert {(edge["SourceArn"], edge["DestinationArn"]) for edge in answer["Edges"]} == {*pairwise(arns[:3])}
    (data,) = (vertex for vertex in answer["Vertices"] if vertex["Arn"] == arns[0])
    assert (data["Type"], data["Properties"]["artifact_type"], data["Properties"]["num_samples"]) == (
        "Artifact",
        "DataSet",
        "7",
    )
    assert queried(arns[0], arns[3], direction="Both", max_depth=1) == {*arns}


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("ASCENDANTS", [0, 1]), ("DESCENDANTS", [1, 2, 3]), ("BOTH", [0, 1, 2, 3])],
)
def test_directions(direction: str, expected: list[int]) -> None:
    """From the action."""
    arns = chain()
    found = queried(arns[1], direction=LineageQueryDirectionEnum[direction])
    assert found == {arns[at] for at in expected}


@pytest.mark.parametrize(
    ("kind", "expected"), [("ARTIFACT", [2, 3]), ("ACTION", [1]), ("CONTEXT", []), ("TRIAL_COMPONENT", [])]
)
def test_filter_by_entities(kind: str, expected: list[int]) -> None:
    """Without edges the answer has the matches only."""
    arns = chain()
    wanted = LineageFilter(entities=[LineageEntityEnum[kind]])
    found = queried(arns[0], direction="Descendants", include_edges=False, filters=wanted)
    assert found == {arns[at] for at in expected}


def test_associations_are_no_vertices() -> None:
    """The page has ASSOCIATION as a kind of entity. The API has not."""
    arns = chain()
    with pytest.raises(Invalid, match="edges of an answer"):
        queried(arns[0], filters=LineageFilter(entities=[LineageEntityEnum.ASSOCIATION]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"sources": ["Model"]}, [2, 3]),
        ({"sources": [{"source_uri": "s3://artifact/later"}]}, [3]),
        ({"created_after": datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC)}, [2, 3]),
        ({"created_before": "2026-01-01T00:00:02+00:00"}, [1]),
        ({"modified_after": "2026-01-01T00:00:04+00:00"}, [3]),
        ({"modified_before": "2026-01-01T00:00:03+00:00"}, [1, 2]),
        ({"properties": {"num_samples": "7", "other": "x"}}, [0]),
    ],
)
def test_filter_by_values(values: dict[str, Any], expected: list[int]) -> None:
    """Different filters are joined by `and`. Of properties any one pair suffices, as in the API."""
    arns = chain()
    start, direction = (arns[3], "Ascendants") if expected == [0] else (arns[0], "Descendants")
    found = queried(start, direction=direction, include_edges=False, filters=LineageFilter(**values))
    assert found == {arns[at] for at in expected}


def test_wrong_queries() -> None:
    """Starts are 1 to 10, the depth is 1 to 100."""
    arns = chain()
    for query in (
        LineageQuery(start_arns=[]),
        LineageQuery(start_arns=arns * 3),
        LineageQuery(start_arns=arns, max_depth=101),
        LineageQuery(start_arns=arns, direction="Sideways"),
    ):
        with pytest.raises(Invalid):
            query.query()


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    """The answer of a query as a table of text."""
    arns = chain()
    LineageTableVisualizer().show(LineageQuery(start_arns=[arns[0]]).query())
    printed = capsys.readouterr().out
    assert "| Type     | Name" in printed
    assert all(arn in printed for arn in arns)


def test_a_name_with_another_source_is_an_error() -> None:
    """The error shows both."""
    made(Action, "action")
    with pytest.raises(AlreadyExists, match=r"s3://action/one[\s\S]*s3://other|s3://other[\s\S]*s3://action/one"):
        made(Action, "action", source={"source_uri": "s3://other"})


def test_a_session_names_the_default_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """As SageMaker names it. The bucket is not created."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        assert Session().default_bucket() == f"sagemaker-eu-west-1-{ACCOUNT}"
        assert boto3.client("s3").list_buckets()["Buckets"] == []
