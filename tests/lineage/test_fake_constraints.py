"""Lengths, patterns, counts and choices. botocore checks almost none of them (facts 2, R); the fake all (facts 8)."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.lineage_fake.graphs import artifact, faked

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/0"
SOURCE = {"SourceUri": "s3://b"}
ARTIFACT = {"Source": SOURCE, "ArtifactType": "DataSet"}
ACTION = {"ActionName": "a", "Source": SOURCE, "ActionType": "T"}
CONTEXT = {"ContextName": "c", "Source": SOURCE, "ContextType": "T"}


@pytest.fixture
def client() -> Iterator[Any]:
    with faked() as (made, _):
        yield made


def properties(count: int, key: int = 4, value: int = 1) -> dict[str, str]:
    """Return properties with keys and values of the given lengths."""
    return {f"{number:0{key}}": "v" * value for number in range(count)}


def tags(count: int, key: str = "k", value: str = "v") -> list[dict[str, str]]:
    """Return tags with keys that begin with the given one."""
    return [{"Key": f"{key}{number or ''}", "Value": value} for number in range(count)]


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("create_artifact", {**ARTIFACT, "ArtifactName": "a" * 120}),
    ("create_artifact", {**ARTIFACT, "Source": {"SourceUri": "s" * 2048}}),
    ("create_artifact", {**ARTIFACT, "ArtifactType": "t" * 256}),
    ("create_artifact", {**ARTIFACT, "Properties": properties(30, 2500, 4096)}),
    ("create_artifact", {**ARTIFACT, "Tags": tags(50)}),
    ("create_artifact", {**ARTIFACT, "Tags": tags(1, "k" * 128, "v" * 256)}),
    ("create_artifact", {**ARTIFACT, "Tags": tags(1, "Größe 1", "ünïcode:/=+-@_.")}),
    ("create_artifact", {**ARTIFACT, "MetadataProperties": {"CommitId": "c" * 1024}}),
    ("create_action", {**ACTION, "Properties": properties(30, 2500, 2500), "Description": "d" * 3072}),
    ("create_context", {**CONTEXT, "ContextName": "a_-_b"}),
    ("list_artifacts", {"MaxResults": 100}),
]
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("create_artifact", {**ARTIFACT, "ArtifactName": "a_b.c"}, "pattern"),
    ("create_artifact", {**ARTIFACT, "ArtifactName": "a" * 121}, "length"),
    ("create_artifact", {**ARTIFACT, "ArtifactName": "a-"}, "pattern"),
    ("create_artifact", {**ARTIFACT, "Source": {"SourceUri": "s" * 2049}}, "length"),
    ("create_artifact", {**ARTIFACT, "Source": {"SourceUri": "s3://a\nb"}}, "pattern"),
    (
        "create_artifact",
        {**ARTIFACT, "Source": SOURCE | {"SourceTypes": [{"SourceIdType": "X", "Value": "v"}]}},
        "enum",
    ),
    (
        "create_artifact",
        {**ARTIFACT, "Source": SOURCE | {"SourceTypes": [{"SourceIdType": "Custom", "Value": "v" * 257}]}},
        "length",
    ),
    ("create_artifact", {**ARTIFACT, "ArtifactType": "t" * 257}, "length"),
    ("create_artifact", {**ARTIFACT, "Properties": properties(31)}, "length"),
    ("create_artifact", {**ARTIFACT, "Properties": properties(1, 2501)}, "length"),
    ("create_artifact", {**ARTIFACT, "Properties": properties(1, 1, 4097)}, "length"),
    ("create_artifact", {**ARTIFACT, "Properties": {"k": "line\u2028line"}}, "pattern"),
    ("create_artifact", {**ARTIFACT, "MetadataProperties": {"CommitId": "c" * 1025}}, "length"),
    ("create_artifact", {**ARTIFACT, "Tags": tags(51)}, "length"),
    ("create_artifact", {**ARTIFACT, "Tags": tags(1, "k" * 129)}, "length"),
    ("create_artifact", {**ARTIFACT, "Tags": tags(1, "k", "v" * 257)}, "length"),
    ("create_artifact", {**ARTIFACT, "Tags": tags(1, "k!")}, "pattern"),
    ("create_artifact", {**ARTIFACT, "Tags": tags(1) + tags(1)}, "Duplicate tag keys"),
    ("create_action", {**ACTION, "ActionName": "a_b"}, "pattern"),
    ("create_action", {**ACTION, "Status": "Done"}, "enum"),
    ("create_action", {**ACTION, "Description": "d" * 3073}, "length"),
    ("create_action", {**ACTION, "Source": SOURCE | {"SourceId": "i" * 257}}, "length"),
    ("create_action", {**ACTION, "Properties": properties(1, 1, 2501)}, "length"),
    ("create_context", {**CONTEXT, "ContextName": "a.b"}, "pattern"),
    ("create_context", {**CONTEXT, "Properties": properties(1, 1, 2501)}, "length"),
    ("update_artifact", {"ArtifactArn": ARN, "Properties": properties(31)}, "length"),
    ("delete_artifact", {}, "ArtifactArn or Source"),
    ("list_artifacts", {"MaxResults": 101}, "value"),
    ("list_artifacts", {"SortOrder": "Up"}, "enum"),
    ("add_association", {"SourceArn": ARN, "DestinationArn": ARN, "AssociationType": "Made"}, "enum"),
    ("add_association", {"SourceArn": ARN, "DestinationArn": "s3://b"}, "pattern"),
    ("add_association", {"SourceArn": ARN + "0" * 256, "DestinationArn": ARN}, "length"),
    ("query_lineage", {}, "StartArns"),
    ("query_lineage", {"StartArns": [ARN, ARN]}, "length"),
    ("query_lineage", {"StartArns": [ARN], "MaxDepth": 11}, "value"),
    ("query_lineage", {"StartArns": [ARN], "MaxResults": 51}, "value"),
    ("query_lineage", {"StartArns": [ARN], "Direction": "Up"}, "enum"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"Types": list("abcdef")}}, "length"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"Types": ["t" * 41]}}, "length"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"LineageTypes": ["Association"]}}, "enum"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"LineageTypes": ["Action"] * 5}}, "length"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"Properties": {"k": "v" * 257}}}, "length"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"Properties": properties(6)}}, "length"),
    ("query_lineage", {"StartArns": [ARN], "Filters": {"Properties": properties(1, 257)}}, "length"),
    ("query_lineage", {"StartArns": [ARN], "NextToken": "t" * 8193}, "length"),
]


@pytest.mark.parametrize(("operation", "params"), GOOD)
def test_the_largest_values_are_taken(client: Any, operation: str, params: dict[str, Any]) -> None:
    """Facts 1 and 2 (M)."""
    assert getattr(client, operation)(**params)


@pytest.mark.parametrize(("operation", "params", "rule"), BAD)
def test_larger_and_other_values_are_refused(client: Any, operation: str, params: dict[str, Any], rule: str) -> None:
    """Facts 1 and 2 (M), 8: the prototype took them, and clamped a MaxResults that was too large."""
    with pytest.raises(ClientError, match=rf"(?s)ValidationException.*{rule}"):
        getattr(client, operation)(**params)


def test_all_problems_are_in_one_error(client: Any) -> None:
    """An answer of the service names every value that it refuses."""
    with pytest.raises(ClientError, match=r"2 validation errors detected: .*actionName.*actionType"):
        client.create_action(ActionName="a_b", Source=SOURCE, ActionType="t" * 257)


def test_the_checks_of_botocore_are_the_services_too(client: Any) -> None:
    """Botocore refuses these two before the call; another client may not."""
    del client
    unchecked = boto3.client("sagemaker", config=Config(parameter_validation=False))
    with pytest.raises(ClientError, match="'source' failed to satisfy constraint: Member must not be null"):
        unchecked.create_artifact(ArtifactType="T")
    with pytest.raises(ClientError, match="Member must have value greater than or equal to 1"):
        unchecked.list_artifacts(MaxResults=0)


def test_an_entity_has_at_most_fifty_tags(client: Any) -> None:
    """Facts 1 (M): tags by AddTags, ListTags, DeleteTags on the ARN."""
    arn = artifact("s3://b", Tags=tags(50))
    with pytest.raises(ClientError, match="at most 50 tags"):
        client.add_tags(ResourceArn=arn, Tags=tags(1, "more"))
    client.add_tags(ResourceArn=arn, Tags=tags(1, value="new"))
    client.delete_tags(ResourceArn=arn, TagKeys=["k1", "absent"])
    kept = {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=arn)["Tags"]}
    assert len(kept) == 49
    assert kept["k"] == "new"


def test_tags_of_other_resources_are_motos(client: Any) -> None:
    """Facts 8: trial components, jobs and tags are moto's own."""
    made = client.create_trial_component(TrialComponentName="t")["TrialComponentArn"]
    client.add_tags(ResourceArn=made, Tags=tags(1))
    assert client.list_tags(ResourceArn=made)["Tags"] == tags(1)
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.list_tags(ResourceArn=ARN)
