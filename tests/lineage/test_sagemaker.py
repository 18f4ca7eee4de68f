"""The adapter against the fake: what is written is read back, errors are ours, and new entities are waited for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from integrations.lineage import Lineage
from integrations.lineage.calls import lineage_error
from integrations.lineage.errors import (
    AlreadyExists,
    Conflict,
    Cycle,
    Denied,
    Invalid,
    LimitReached,
    LineageError,
    NotFound,
    Throttled,
)
from integrations.lineage.graph import Direction, Edge, Kind
from integrations.lineage.planning.steps import Create, Join, Step
from integrations.lineage.ports import LinksListed, Listed, NewEntity
from integrations.lineage.sagemaker import SageMaker
from integrations.lineage.walking.querying import Options
from tests.lineage_fake.modes import Limits, Modes
from tests.lineage_fake.plugin import Fake, lineage_fake


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """Install the fake. A call is tried twice."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    with mock_aws(), lineage_fake() as installed:
        yield installed


def entity(kind: Kind, name: str, **more: object) -> NewEntity:
    """Return an entity to create."""
    return NewEntity(kind=kind, type="Type", name=name, source_uri=f"s3://bucket/{name}", **more)  # type: ignore[arg-type]


def test_what_is_written_is_read(fake: Fake) -> None:
    """All values of all kinds."""
    lineage = Lineage(region="eu-west-1")
    one = {"properties": {"a": "1"}, "tags": {"t": "1"}}
    artifact = lineage.create(
        entity(Kind.ARTIFACT, "data", source_types=(("S3ETag", "e"),), metadata={"CommitId": "c"}, **one)
    )
    action = lineage.create(
        entity(Kind.ACTION, "train", source_types=(("ARN", "i"),), status="InProgress", description="d", **one)
    )
    context = lineage.create(entity(Kind.CONTEXT, "pipe", description="d", **one))
    lineage.update("train", {"b": "2"}, ["a"], status="Completed", description="e")
    lineage.update(artifact, {"b": "2"}, ["a"])
    lineage.tag(context, {"u": "2"}, ["t"])
    details = lineage.get("train").details
    assert details
    assert (details.properties, details.status, details.description) == ({"b": "2"}, "Completed", "e")
    assert details.source_types == (("ARN", "i"),)
    details = lineage.get(artifact).details
    assert details
    assert (details.properties, details.source_types) == ({"b": "2"}, (("S3ETag", "e"),))
    assert details.metadata == {"CommitId": "c"}
    assert details.created
    assert details.created_by
    assert lineage.tags(context) == {"u": "2"}
    assert lineage.create(entity(Kind.CONTEXT, "pipe")) == context
    lineage.link(artifact, action, "ContributedTo")
    lineage.link(context, action)
    assert [link.source_name for link in lineage.links(LinksListed(destination=action))] != []
    found = lineage.query(["train"], Options(direction=Direction.UP, details=True))
    assert {vertex.label for vertex in found.vertices} == {"data", "train", "pipe"}
    assert set(found.edges) == {Edge(artifact, action, "ContributedTo"), Edge(context, action)}
    lineage.unlink(context, action)
    lineage.delete([artifact, "train", "pipe"], with_associations=True)
    assert [list(lineage.list(kind)) for kind in (Kind.ARTIFACT, Kind.ACTION, Kind.CONTEXT)] == [[], [], []]
    assert fake.counts["DeleteAssociation"] == 2


def test_lists_follow_all_pages(fake: Fake) -> None:
    """100 a page."""
    store = SageMaker()
    for number in range(101):
        store.create(entity(Kind.CONTEXT, f"c{number}"))
    before = fake.counts["ListContexts"]
    assert (
        len(list(store.list(Kind.CONTEXT, Listed(type="Type", created_after=datetime.now(UTC) - timedelta(days=1)))))
        == 101
    )
    assert fake.counts["ListContexts"] - before == 2
    assert store.region == "eu-west-1"


def test_jobs_packages_and_endpoints(fake: Fake) -> None:
    """Their descriptions are boto3's answers; what does not exist is not found."""
    del fake
    store = SageMaker()
    client = boto3.client("sagemaker")
    client.create_trial_component(TrialComponentName="t-aws-training-job")
    arn = client.describe_trial_component(TrialComponentName="t-aws-training-job")["TrialComponentArn"]
    vertex = store.describe(arn, Kind.TRIAL_COMPONENT)
    assert (vertex.arn, vertex.label) == (arn, "t-aws-training-job")
    role = "arn:aws:iam::123456789012:role/r"
    client.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i"})
    assert store.model("m")["ModelName"] == "m"
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    assert store.endpoint_config("c")["EndpointConfigName"] == "c"
    client.create_endpoint(EndpointName="e", EndpointConfigName="c")
    assert store.endpoint("e")["EndpointStatus"]
    client.create_model_package_group(ModelPackageGroupName="g")
    client.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="PendingManualApproval")
    package = client.list_model_packages(ModelPackageGroupName="g")["ModelPackageSummaryList"][0]["ModelPackageArn"]
    store.approve_package(package, "Approved", "good")
    assert store.model_package(package)["ModelApprovalStatus"] == "Approved"
    with pytest.raises(NotFound):
        store.endpoint("none")
    with pytest.raises(NotFound):
        store.training_job("none")
    assert list(store.trials(arn)) == []


def test_a_new_entity_is_waited_for(fake: Fake) -> None:
    """What this process made may be visible only later; what it did not make is not found at once."""
    waits: list[float] = []
    store = SageMaker(sleep=waits.append)
    other = store.create(entity(Kind.ARTIFACT, "other"))
    fake.modes = Modes(hidden_for_calls=2)
    made = store.create(entity(Kind.ARTIFACT, "data"))
    assert store.describe(made, Kind.ARTIFACT).label == "data"
    assert waits
    made = store.create(entity(Kind.ARTIFACT, "more"))
    store.link(Edge(made, other, "DerivedFrom"))
    waits.clear()
    with pytest.raises(NotFound):
        store.describe(f"{made}0", Kind.ARTIFACT)
    assert waits == []
    fake.modes = Modes(hidden_for_calls=100)
    with pytest.raises(NotFound):
        store.describe(store.create(entity(Kind.ARTIFACT, "hidden")), Kind.ARTIFACT)
    assert waits == [0.5, 1, 2, 4, 8]


def test_errors_of_the_fake(fake: Fake) -> None:
    """Each is one of ours, with the operation and what to do."""
    store = SageMaker()
    one, other = (store.create(entity(Kind.ARTIFACT, name)) for name in ("a", "b"))
    with pytest.raises(AlreadyExists, match="CreateArtifact"):
        store.create(entity(Kind.ARTIFACT, "a"))
    store.link(Edge(one, other))
    with pytest.raises(AlreadyExists, match="AddAssociation"):
        store.link(Edge(one, other))
    with pytest.raises(NotFound, match="DeleteAssociation"):
        store.unlink(other, one)
    fake.modes = Modes(denied=frozenset({"QueryLineage"}))
    with pytest.raises(Denied, match=r"QueryLineage: .*; allow this action"):
        Lineage(store=store).query([one])
    fake.modes = Modes(limits=Limits(artifacts=2))
    steps: list[Step] = [Join(Edge(other, one)), Create("new:c", entity(Kind.ARTIFACT, "c"))]
    with pytest.raises(LimitReached, match=r"(?s)create artifact c \(Type\).*2 Artifacts.*1 of 2 steps is done"):
        Lineage(store=store).run(steps, allow_cycle=True)


def test_throttling_of_every_third_call(fake: Fake) -> None:
    """Calls are tried again, and the graph is whole."""
    fake.modes = Modes(throttle_every=3)
    lineage = Lineage(region="eu-west-1")
    one, other = (lineage.store.create(entity(Kind.ARTIFACT, name)) for name in ("a", "b"))
    lineage.store.link(Edge(one, other))
    assert len(lineage.query([one]).edges) == 1


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ResourceNotFound", "", NotFound),
        ("ValidationException", "Could not find endpoint", NotFound),
        ("ValidationException", "1 validation error detected", Invalid),
        ("ValidationException", "would create a cycle", Cycle),
        ("ResourceInUse", "", AlreadyExists),
        ("ConflictException", "", Conflict),
        ("ThrottlingException", "Rate exceeded", Throttled),
        ("AccessDeniedException", "", Denied),
    ],
)
def test_codes(code: str, message: str, kind: type[LineageError]) -> None:
    """ValidationException has several meanings."""
    error = ClientError({"Error": {"Code": code, "Message": message}}, "AddAssociation")
    found = lineage_error(error)
    assert type(found) is kind
    assert str(found).startswith(f"AddAssociation: {message or code}")


def test_other_codes_stay_boto3s() -> None:
    """The commands explain expired credentials."""
    error = ClientError({"Error": {"Code": "ExpiredToken"}}, "QueryLineage")
    assert lineage_error(error) is error


def test_entities_are_json() -> None:
    """Nothing of boto3 is in the values."""
    assert json.dumps(entity(Kind.ARTIFACT, "a").source_types) == "[]"


def test_the_trials_of_a_trial_component_are_found(fake: Fake) -> None:
    """By a search."""
    del fake
    client = boto3.client("sagemaker")
    client.create_experiment(ExperimentName="e")
    client.create_trial(ExperimentName="e", TrialName="one")
    arn = client.create_trial_component(TrialComponentName="c")["TrialComponentArn"]
    client.associate_trial_component(TrialComponentName="c", TrialName="one")
    assert [*SageMaker(boto3_client=client).trials(arn)] == ["one"]


def test_tags_are_added_or_removed(fake: Fake) -> None:
    """Without a call where there is nothing to do."""
    store = SageMaker()
    arn = store.create(entity(Kind.CONTEXT, "pipe"))
    store.tag(arn, {"a": "1"})
    store.tag(arn, {}, ["a"])
    assert dict(store.tags(arn)) == {}
    assert (fake.counts["AddTags"], fake.counts["DeleteTags"]) == (1, 1)
    store.tag(arn, {})
    assert (fake.counts["AddTags"], fake.counts["DeleteTags"]) == (1, 1)
