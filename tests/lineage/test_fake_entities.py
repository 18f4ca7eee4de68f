"""The rules of artifacts, actions and contexts. Each test names its source: a section of the facts and its mark."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.lineage_fake.graphs import action, artifact, context, faked, link
from tests.lineage_fake.modes import ArtifactIdentity, Modes, Updates
from tests.lineage_fake.plugin import Fake

MISSING = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/0"


@pytest.fixture
def aws() -> Iterator[tuple[Any, Fake]]:
    with faked() as both:
        yield both


@pytest.fixture
def client(aws: tuple[Any, Fake]) -> Any:
    return aws[0]


def test_an_artifact_keeps_all_its_values(client: Any) -> None:
    """Facts 1 (M): source types, metadata properties and properties."""
    source = {"SourceUri": "s3://b/k", "SourceTypes": [{"SourceIdType": "S3ETag", "Value": "e"}]}
    given = {
        "ArtifactName": "data",
        "ArtifactType": "DataSet",
        "Source": source,
        "Properties": {"k": "v"},
        "MetadataProperties": {"CommitId": "c", "Repository": "r", "GeneratedBy": "g", "ProjectId": "p"},
    }
    arn = client.create_artifact(**given)["ArtifactArn"]
    described = client.describe_artifact(ArtifactArn=arn)
    assert {name: described[name] for name in given} == given
    assert described["LineageGroupArn"].endswith(":lineage-group/sagemaker-default-lineage-group")


def test_an_action_keeps_all_its_values(client: Any) -> None:
    """Facts 1 (M): source type and id, description, status, metadata properties."""
    given = {
        "ActionName": "train-1",
        "ActionType": "ModelTraining",
        "Source": {"SourceUri": "s3://b", "SourceType": "S3", "SourceId": "i"},
        "Description": "d",
        "Status": "InProgress",
        "Properties": {"k": "v"},
        "MetadataProperties": {"CommitId": "c"},
    }
    client.create_action(**given)
    described = client.describe_action(ActionName="train-1")
    assert {name: described[name] for name in given} == given


def test_a_context_keeps_all_its_values(client: Any) -> None:
    """Facts 1 (M): a context's name may have an underscore."""
    given = {
        "ContextName": "my_context",
        "ContextType": "Endpoint",
        "Source": {"SourceUri": "s3://b", "SourceType": "t"},
        "Description": "d",
        "Properties": {"k": "v"},
    }
    client.create_context(**given)
    described = client.describe_context(ContextName="my_context")
    assert {name: described[name] for name in given} == given


@pytest.mark.usefixtures("aws")
def test_a_name_belongs_to_one_action_and_one_context() -> None:
    """Facts 1 (identity) and 2 (C): "already exists" is a ValidationException."""
    action("same")
    context("same")
    for again in (action, context):
        with pytest.raises(ClientError, match=r"ValidationException.*already exists"):
            again("same", "AnotherType")


def test_a_source_uri_belongs_to_one_artifact(client: Any) -> None:
    """Facts 1 (D): "only one artifact with a unique SourceUri". A context may have the same."""
    artifact("s3://same")
    context("same")
    types = [{"SourceIdType": "Custom", "Value": "v"}]
    with pytest.raises(ClientError, match=r"ValidationException.*already exists"):
        client.create_artifact(Source={"SourceUri": "s3://same", "SourceTypes": types}, ArtifactType="DataSet")


def test_a_source_may_be_the_uri_with_its_types() -> None:
    """Facts 2 (M): DeleteArtifact names an artifact by its whole source."""
    with faked(Modes(artifact_identity=ArtifactIdentity.SOURCE)) as (client, _):
        sources: list[dict[str, Any]] = [
            {"SourceUri": "s3://same", "SourceTypes": [{"SourceIdType": "Custom", "Value": value}]} for value in "ab"
        ]
        first, second = (client.create_artifact(Source=each, ArtifactType="T")["ArtifactArn"] for each in sources)
        with pytest.raises(ClientError, match="already exists"):
            client.create_artifact(Source=sources[0], ArtifactType="T")
        assert client.delete_artifact(Source=sources[1])["ArtifactArn"] == second
        assert [each["ArtifactArn"] for each in client.list_artifacts()["ArtifactSummaries"]] == [first]


def test_copies_of_an_artifact_have_the_same_id(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts 2 (D), cross-account: the same id in both ARNs, and an edge of the type SameAs."""
    here = artifact("s3://shared")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "210987654321")
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.query_lineage(StartArns=[here.replace("eu-west-1", "no-region-1")])
    there = artifact("s3://shared")
    assert here != there
    assert here.rsplit("/")[-1] == there.rsplit("/")[-1]
    link(here, there, "SameAs")
    listed = client.list_associations()["AssociationSummaries"]
    assert [(each["SourceArn"], each["DestinationType"]) for each in listed] == [(here, "DataSet")]


def test_actions_and_contexts_are_described_by_name_or_arn(client: Any) -> None:
    """Facts 2 (M), and 8 (R): the prototype did not find them by ARN."""
    assert client.describe_action(ActionName=action("a"))["ActionName"] == "a"
    assert client.describe_context(ContextName=context("c"))["ContextName"] == "c"
    assert client.describe_context(ContextName="c")["ContextName"] == "c"


def test_artifacts_are_described_by_arn_only(client: Any) -> None:
    """Facts 2 (M)."""
    artifact("s3://b", ArtifactName="data")
    with pytest.raises(ClientError, match="ValidationException"):
        client.describe_artifact(ArtifactArn="data")


def test_actions_and_contexts_are_changed_by_name_only(client: Any) -> None:
    """Facts 2 (M)."""
    deploy, endpoint = action("a"), context("c")
    refusals: list[Callable[[], object]] = [
        lambda: client.update_action(ActionName=deploy, Status="Stopped"),
        lambda: client.delete_action(ActionName=deploy),
        lambda: client.update_context(ContextName=endpoint, Description="d"),
        lambda: client.delete_context(ContextName=endpoint),
    ]
    for refused in refusals:
        with pytest.raises(ClientError, match="ValidationException"):
            refused()


def test_missing_entities_are_not_found(client: Any) -> None:
    """Facts 2 (M): ResourceNotFound of describe, update, delete and query."""
    action("a-1")
    refusals: list[Callable[[], object]] = [
        lambda: client.describe_artifact(ArtifactArn=MISSING),
        lambda: client.describe_context(ContextName="a-1"),
        lambda: client.update_artifact(ArtifactArn=MISSING, ArtifactName="n"),
        lambda: client.delete_artifact(ArtifactArn=MISSING),
        lambda: client.delete_artifact(Source={"SourceUri": "s3://missing"}),
        lambda: client.delete_action(ActionName="other"),
        lambda: client.query_lineage(StartArns=[MISSING]),
    ]
    for missing in refusals:
        with pytest.raises(client.exceptions.ResourceNotFound):
            missing()


@pytest.mark.parametrize(
    ("updates", "expected"), [(Updates.OVERWRITE, {"k3": "v3"}), (Updates.MERGE, {"k2": "v2", "k3": "v3"})]
)
def test_an_update_overwrites_or_merges(updates: Updates, expected: dict[str, str]) -> None:
    """Facts 1 (M, C): the documentation says that Properties overwrites; AWS's tests fit both."""
    with faked(Modes(updates=updates)) as (client, _):
        arn = artifact("s3://b", Properties={"k1": "v1", "k2": "v2"})
        client.update_artifact(ArtifactArn=arn, Properties={"k3": "v3"}, PropertiesToRemove=["k1"])
        assert client.describe_artifact(ArtifactArn=arn)["Properties"] == expected


def test_an_update_leaves_what_it_does_not_name(client: Any) -> None:
    """Facts 1 (M): artifacts change name and properties; actions and contexts description, properties; status."""
    arn = artifact("s3://b", ArtifactName="before", Properties={"k": "v"})
    client.update_artifact(ArtifactArn=arn, ArtifactName="after")
    described = client.describe_artifact(ArtifactArn=arn)
    assert (described["ArtifactName"], described["Properties"]) == ("after", {"k": "v"})
    action("a", Description="d", Status="InProgress")
    client.update_action(ActionName="a", Status="Completed")
    described = client.describe_action(ActionName="a")
    assert (described["Description"], described["Status"]) == ("d", "Completed")
    context("c", Description="d", Properties={"k": "v"})
    client.update_context(ContextName="c", Description="")
    described = client.describe_context(ContextName="c")
    assert (described["Description"], described["Properties"]) == ("", {"k": "v"})


def test_every_update_removes_properties(client: Any) -> None:
    """Facts 1 (M): all updates take PropertiesToRemove. A key that is absent is no error."""
    given = {"k1": "v1", "k2": "v2"}
    arn = artifact("s3://b", Properties=given)
    action("a", Properties=given)
    context("c", Properties=given)
    gone = {"PropertiesToRemove": ["k1", "absent"]}
    client.update_artifact(ArtifactArn=arn, **gone)
    client.update_action(ActionName="a", **gone)
    client.update_context(ContextName="c", **gone)
    for described in (
        client.describe_artifact(ArtifactArn=arn),
        client.describe_action(ActionName="a"),
        client.describe_context(ContextName="c"),
    ):
        assert described["Properties"] == {"k2": "v2"}


def test_metadata_properties_are_set_on_create_only(client: Any) -> None:
    """Facts 1 (M): no update takes them."""
    arn = artifact("s3://b", MetadataProperties={"CommitId": "c"})
    with pytest.raises(ParamValidationError, match="MetadataProperties"):
        client.update_artifact(ArtifactArn=arn, MetadataProperties={"CommitId": "d"})
    client.update_artifact(ArtifactArn=arn, ArtifactName="n")
    assert client.describe_artifact(ArtifactArn=arn)["MetadataProperties"] == {"CommitId": "c"}


def test_merged_properties_stay_within_the_limit() -> None:
    """Facts 1 (M): at most 30 properties."""
    with faked(Modes(updates=Updates.MERGE)) as (client, _):
        arn = artifact("s3://b", Properties={f"k{number}": "v" for number in range(30)})
        with pytest.raises(ClientError, match="at most 30 properties"):
            client.update_artifact(ArtifactArn=arn, Properties={"one-more": "v"})


def test_an_entity_with_associations_is_not_deleted(client: Any) -> None:
    """AWS's notebook: "Associations must be removed before ... entities can be deleted"; facts 4: "then refused"."""
    source, destination = artifact("s3://a"), artifact("s3://b")
    link(source, destination)
    for end in (source, destination):
        with pytest.raises(ClientError, match="has associations"):
            client.delete_artifact(ArtifactArn=end)
    client.delete_association(SourceArn=source, DestinationArn=destination)
    assert client.delete_artifact(ArtifactArn=source)["ArtifactArn"] == source
    assert client.delete_artifact(ArtifactArn=destination)["ArtifactArn"] == destination


def test_a_deleted_name_is_free_again(client: Any) -> None:
    """Facts 1: the name is the identity of actions and contexts."""
    action("a")
    client.delete_action(ActionName="a")
    assert action("a")
