"""The rules of the lists. Each test names its source: a section of the facts and its mark."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.lineage_fake.graphs import action, artifact, client, context, faked, link, put_wide
from tests.lineage_fake.modes import Modes, Tokens
from tests.lineage_fake.plugin import lineage_fake

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that goes on by a minute each time that it is read."""

    def __init__(self) -> None:
        self.now = START - timedelta(minutes=1)

    def __call__(self) -> datetime:
        """Return the next minute."""
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def aws() -> Iterator[Any]:
    """Give a client; the first call is at START, the next one a minute later."""
    with mock_aws(), lineage_fake(clock=Clock()):
        yield client()


def test_summaries_have_no_properties_description_or_tags(aws: Any) -> None:
    """Facts 2 (M)."""
    tags = [{"Key": "k", "Value": "v"}]
    artifact("s3://b", ArtifactName="data", Properties={"k": "v"}, Tags=tags)
    action("a", Description="d", Status="Failed", Properties={"k": "v"}, Tags=tags)
    context("c", Description="d", Properties={"k": "v"}, Tags=tags)
    always = {"Source", "CreationTime", "LastModifiedTime"}
    (data,) = aws.list_artifacts()["ArtifactSummaries"]
    assert data.keys() == {"ArtifactArn", "ArtifactName", "ArtifactType"} | always
    (deployment,) = aws.list_actions()["ActionSummaries"]
    assert deployment.keys() == {"ActionArn", "ActionName", "ActionType", "Status"} | always
    (endpoint,) = aws.list_contexts()["ContextSummaries"]
    assert endpoint.keys() == {"ContextArn", "ContextName", "ContextType"} | always


def test_list_answers_of_actions_cut_types(aws: Any) -> None:
    """Facts 1 (M): 256 characters of a type, in list answers of actions 64."""
    action("a", "t" * 256)
    assert aws.list_actions()["ActionSummaries"][0]["ActionType"] == "t" * 64
    assert aws.describe_action(ActionName="a")["ActionType"] == "t" * 256


def test_a_list_filters_by_source_type_and_time(aws: Any) -> None:
    """Facts 2 (M): SourceUri, type, CreatedAfter, CreatedBefore."""
    first, second, third = artifact("s3://1"), artifact("s3://2", "Model"), artifact("s3://3")

    def listed(**filters: Any) -> list[str]:
        return [each["ArtifactArn"] for each in aws.list_artifacts(**filters)["ArtifactSummaries"]]

    assert listed(SourceUri="s3://2") == [second]
    assert listed(SourceUri="s3://2", ArtifactType="DataSet") == []
    assert listed(ArtifactType="DataSet") == [third, first]
    assert listed(CreatedAfter=START + timedelta(minutes=1)) == [third, second]
    assert listed(CreatedBefore=START + timedelta(minutes=1)) == [second, first]
    assert listed(CreatedAfter=START + timedelta(seconds=1), CreatedBefore=START + timedelta(seconds=61)) == [second]


def test_actions_and_contexts_are_sorted_by_name_or_time(aws: Any) -> None:
    """Facts 2 (M): artifacts by CreationTime only."""
    for name in ("b", "c", "a"):
        action(name)
        context(name)

    def names(**order: str) -> tuple[str, str]:
        actions, contexts = aws.list_actions(**order), aws.list_contexts(**order)
        return (
            "".join(each["ActionName"] for each in actions["ActionSummaries"]),
            "".join(each["ContextName"] for each in contexts["ContextSummaries"]),
        )

    assert names(SortBy="Name", SortOrder="Ascending") == ("abc", "abc")
    assert names(SortBy="CreationTime", SortOrder="Descending") == ("acb", "acb")
    with pytest.raises(ClientError, match="ValidationException"):
        aws.list_artifacts(SortBy="Name")


def test_entities_of_the_same_moment_are_listed_in_their_order() -> None:
    """Each list has one order, also where the times are equal, so that pages fit together."""
    with mock_aws(), lineage_fake(clock=lambda: START):
        arns = [artifact(f"s3://{number}") for number in range(3)]
        listed = client().list_artifacts(SortOrder="Ascending")["ArtifactSummaries"]
        assert [each["ArtifactArn"] for each in listed] == arns


def test_associations_filter_by_their_ends(aws: Any) -> None:
    """Facts 2 (M): SourceArn, DestinationArn, SourceType, DestinationType, AssociationType, times."""
    data, model, endpoint = artifact("s3://1"), artifact("s3://2", "Model"), context("e")
    link(data, model, "Produced")
    aws.add_association(SourceArn=model, DestinationArn=endpoint)

    def listed(**filters: Any) -> list[str]:
        return [each["SourceArn"] for each in aws.list_associations(**filters)["AssociationSummaries"]]

    assert listed() == [model, data]
    assert listed(SourceArn=data) == listed(DestinationArn=model) == [data]
    assert listed(SourceArn=data, DestinationArn=endpoint) == []
    assert listed(SourceType="Model") == listed(DestinationType="Endpoint") == [model]
    assert listed(AssociationType="Produced") == [data]
    assert listed(CreatedAfter=START + timedelta(minutes=4)) == [model]


@pytest.mark.parametrize("key", ["SourceArn", "DestinationArn", "SourceType", "DestinationType", "CreationTime"])
def test_associations_are_sorted_by_their_ends_or_time(aws: Any, key: str) -> None:
    """Facts 2 (M): five keys."""
    for source, destination, number in (("B", "Z", 1), ("C", "X", 2), ("A", "Y", 3)):
        link(artifact(f"s3://{number}", source), action(f"a{number}", destination))

    def listed(order: str) -> list[Any]:
        summaries = aws.list_associations(SortBy=key, SortOrder=order)["AssociationSummaries"]
        return [each[key] for each in summaries]

    assert listed("Ascending") == sorted(listed("Ascending")) == listed("Descending")[::-1]
    assert len(set(listed("Ascending"))) == 3


def test_association_summaries_have_names_and_types(aws: Any) -> None:
    """Facts 2 (M): both names and types; facts 1 (D): an edge may have no type."""
    data, endpoint = artifact("s3://1", ArtifactName="data"), context("e")
    aws.add_association(SourceArn=data, DestinationArn=endpoint)
    (summary,) = aws.list_associations()["AssociationSummaries"]
    assert summary.pop("CreationTime")
    assert summary == {
        "SourceArn": data,
        "SourceName": "data",
        "SourceType": "DataSet",
        "DestinationArn": endpoint,
        "DestinationName": "e",
        "DestinationType": "Endpoint",
    }


def test_a_page_has_ten_entries_unless_asked_for_more(aws: Any) -> None:
    """Facts 2 (M): MaxResults 1-100, default 10; there are paginators for the five lists, none for QueryLineage."""
    for number in range(12):
        artifact(f"s3://{number}")
    assert len(aws.list_artifacts()["ArtifactSummaries"]) == 10
    assert len(aws.list_artifacts(MaxResults=100)["ArtifactSummaries"]) == 12
    pages = list(aws.get_paginator("list_artifacts").paginate())
    assert [len(page["ArtifactSummaries"]) for page in pages] == [10, 2]
    lists = ("list_artifacts", "list_actions", "list_contexts", "list_associations", "list_trial_components")
    assert all(aws.can_paginate(name) for name in lists)
    assert not aws.can_paginate("query_lineage")


def test_associations_without_an_end_are_not_paged_twice() -> None:
    """Facts 8: no full scan for an edge; the pages of one entity's associations hold each edge once."""
    with faked() as (aws, fake):
        start = put_wide(fake.store(), 31)
        pages = list(aws.get_paginator("list_associations").paginate(SourceArn=start))
        ends = [each["DestinationArn"] for page in pages for each in page["AssociationSummaries"]]
        assert len(pages) == 3
        assert len(ends) == len(set(ends)) == 30


def _delete_while_paging(aws: Any, start: str) -> int:
    """Delete a list's entries page by page, as the SDK does. Return how many are left."""
    for page in aws.get_paginator("list_associations").paginate(SourceArn=start):
        for each in page["AssociationSummaries"]:
            aws.delete_association(SourceArn=start, DestinationArn=each["DestinationArn"])
    return len(aws.list_associations(SourceArn=start, MaxResults=100)["AssociationSummaries"])


@pytest.mark.parametrize(("tokens", "left"), [(Tokens.SNAPSHOT, 0), (Tokens.OFFSET, 10)])
def test_deleting_while_paging_skips_entries_on_offsets(tokens: Tokens, left: int) -> None:
    """Facts 4 (R): of 25 edges 10 stayed on offset tokens; facts 8: page tokens have two modes."""
    with faked(Modes(tokens=tokens)) as (aws, fake):
        assert _delete_while_paging(aws, put_wide(fake.store(), 26)) == left


@pytest.mark.parametrize("tokens", Tokens)
def test_a_token_belongs_to_its_request(tokens: Tokens) -> None:
    """Facts 8: opaque tokens. A client that sends one with other filters has an error, not another list."""
    with faked(Modes(tokens=tokens)) as (aws, _):
        for number in range(3):
            artifact(f"s3://{number}")
        token = aws.list_artifacts(MaxResults=2)["NextToken"]
        assert len(aws.list_artifacts(MaxResults=1, NextToken=token)["ArtifactSummaries"]) == 1
        for refused in ({"NextToken": token, "ArtifactType": "Model"}, {"NextToken": "unknown"}):
            with pytest.raises(ClientError, match=r"ValidationException.*NextToken"):
                aws.list_artifacts(**refused)
