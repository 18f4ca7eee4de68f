"""The modes of the fake: throttling, conflicts, late answers, full accounts. Each test names its source."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lineage_fake.graphs import action, artifact, client, context, faked, link, put_artifacts, put_links, put_wide
from tests.lineage_fake.modes import EdgePages, Limits, Modes, Tokens


def pages_of(start: str, size: int = 50) -> list[dict[str, Any]]:
    """Return all pages of a query with edges."""
    pages: list[dict[str, Any]] = []
    token: dict[str, str] | None = {}
    while token is not None:
        page = client().query_lineage(
            StartArns=[start], Direction="Descendants", IncludeEdges=True, MaxResults=size, **token
        )
        pages.append(page)
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    return pages


def ends(pages: list[dict[str, Any]]) -> list[str]:
    """Return the destinations of all edges."""
    return [edge["DestinationArn"] for page in pages for edge in page["Edges"]]


@pytest.mark.parametrize(("tokens", "how", "blank"), list(product(Tokens, EdgePages, [False, True])))
def test_the_union_of_the_pages_is_the_graph(tokens: Tokens, how: EdgePages, blank: bool) -> None:  # noqa: FBT001 - a case
    """Facts 2: the spread of edges is not documented (?): take the union, end only when NextToken is absent."""
    with faked(Modes(tokens=tokens, edge_pages=how, empty_pages=blank)) as (_, fake):
        start = put_wide(fake.store(), 121)
        pages = pages_of(start)
        assert len({vertex["Arn"] for page in pages for vertex in page["Vertices"]}) == 121
        assert len(set(ends(pages))) == 120


@pytest.mark.parametrize(
    ("how", "count"), [(EdgePages.WITH_VERTICES, 3), (EdgePages.ALONE, 5), (EdgePages.REPEATED, 3)]
)
def test_edges_come_with_their_vertices_or_alone(how: EdgePages, count: int) -> None:
    """Facts 8: edges have two modes (with their vertices; paged alone). The third gives some of them twice."""
    with faked(Modes(edge_pages=how)) as (_, fake):
        start = put_wide(fake.store(), 121)
        pages = pages_of(start)
        assert len(pages) == count
        assert (len(ends(pages)) > 120) == (how is EdgePages.REPEATED)
        if how is EdgePages.ALONE:
            assert not any(page["Edges"] and len(page["Vertices"]) == 50 for page in pages)


def test_pages_may_be_empty() -> None:
    """Facts 2: a client ends when NextToken is absent, not when a page is empty."""
    with faked(Modes(empty_pages=True)) as (_, fake):
        pages = pages_of(put_wide(fake.store(), 121))
        assert [len(page["Vertices"]) for page in pages] == [50, 0, 50, 0, 21]


def test_every_nth_call_is_throttled() -> None:
    """Facts 2: ThrottlingException: Rate exceeded (aws/amazon-sagemaker-examples #2247)."""
    with faked(Modes(throttle_every=3)) as (aws, fake):
        # Each list is one call, and every third of them is refused once and then retried by botocore.
        for _ in range(4):
            assert aws.list_artifacts()["ResponseMetadata"]["RetryAttempts"] <= 1
        assert fake.counts == {"ListArtifacts": 5}
        fake.modes = Modes(throttle_every=1)
        with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded") as refused:
            aws.list_artifacts()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_every_nth_update_is_a_conflict() -> None:
    """Facts 2 (M): ConflictException of update."""
    with faked(Modes(conflict_every=2)) as (aws, _):
        action("a")
        aws.update_action(ActionName="a", Status="Failed")
        with pytest.raises(aws.exceptions.ConflictException):
            aws.update_action(ActionName="a", Status="Stopped")
        assert aws.describe_action(ActionName="a")["Status"] == "Failed"
        aws.update_action(ActionName="a", Status="Stopped")


def test_what_was_created_is_visible_later() -> None:
    """Facts 2: eventual: AWS's tests sleep after each create; retry ResourceNotFound after one's own create."""
    with faked(Modes(hidden_for_calls=2)) as (aws, _):
        arn = artifact("s3://b")
        assert aws.list_artifacts()["ArtifactSummaries"] == []
        with pytest.raises(aws.exceptions.ResourceNotFound):
            aws.describe_artifact(ArtifactArn=arn)
        assert aws.describe_artifact(ArtifactArn=arn)


def test_a_hidden_name_is_not_free() -> None:
    """The service knows of its writes at once: only its answers come late."""
    with faked(Modes(hidden_for_calls=2)):
        context("c")
        with pytest.raises(ClientError, match="already exists"):
            context("c")


def test_associations_are_visible_later() -> None:
    """Facts 2: "to avoid a GSI race"."""
    with faked() as (aws, fake):
        source, destination = artifact("s3://1"), artifact("s3://2")
        fake.modes = Modes(hidden_for_calls=2)
        for _ in range(2):
            aws.list_artifacts()
        link(source, destination)
        assert aws.list_associations()["AssociationSummaries"] == []
        assert aws.query_lineage(StartArns=[source])["Vertices"] == []
        assert len(aws.query_lineage(StartArns=[source])["Vertices"]) == 1
        assert len(aws.list_associations()["AssociationSummaries"]) == 1


LIMITS = Limits(artifacts=1, contexts=1, actions=1, associations=1)


def test_the_limits_are_the_guides() -> None:
    """Facts 2 (D, seed 002)."""
    assert Modes().limits == Limits(artifacts=6_000, contexts=500, actions=3_000, associations=6_000)


def test_an_account_may_be_full() -> None:
    """Facts 2: ResourceLimitExceeded (M) with the message of aws/sagemaker-experiments #194."""
    with faked(Modes(limits=LIMITS)) as (aws, _):
        data, deploy, endpoint = artifact("s3://1"), action("a"), context("c")
        link(data, deploy)
        refusals: dict[str, Callable[[], object]] = {
            "Artifacts": lambda: artifact("s3://2"),
            "Actions": lambda: action("b"),
            "Contexts": lambda: context("d"),
            "Associations": lambda: link(deploy, endpoint),
        }
        for kind, refused in refusals.items():
            with pytest.raises(aws.exceptions.ResourceLimitExceeded, match=f"is 1 {kind}, with current utilization of"):
                refused()
        aws.delete_association(SourceArn=data, DestinationArn=deploy)
        link(deploy, endpoint)


def test_what_sagemaker_makes_does_not_count() -> None:
    """Facts 2 (D): automatic entities are unlimited, and lists do not tell them from others (M)."""
    with faked(Modes(limits=LIMITS)) as (aws, fake):
        arns = put_artifacts(fake.store(), 3)
        put_links(fake.store(), [(arns[0], arns[1]), (arns[1], arns[2])])
        link(artifact("s3://mine"), arns[0])
        assert len(aws.list_artifacts()["ArtifactSummaries"]) == 4


def test_operations_may_be_denied() -> None:
    """Facts 2: also real: AccessDenied."""
    with faked(Modes(denied=frozenset({"AddAssociation"}))):
        one, two = artifact("s3://1"), artifact("s3://2")
        with pytest.raises(ClientError, match="AccessDeniedException"):
            link(one, two)


def test_a_fake_starts_empty_and_leaves_moto_as_it_was() -> None:
    """Facts 8: a store for each account and region; the next fake starts without them."""
    with faked() as (aws, _):
        artifact("s3://1")
        assert client("us-east-1").list_artifacts()["ArtifactSummaries"] == []
        assert len(aws.list_artifacts()["ArtifactSummaries"]) == 1
    with faked() as (aws, fake):
        assert aws.list_artifacts()["ArtifactSummaries"] == []
        assert fake.calls == [("ListArtifacts", {})]
