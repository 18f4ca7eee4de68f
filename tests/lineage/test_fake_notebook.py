"""The calls of AWS's notebook of lineage, made by boto3 alone. `make e2e LINEAGE_NOTEBOOK=PATH` runs the notebook."""

from typing import Any

from tests.lineage_fake.graphs import action, artifact, context, faked


def _link(client: Any, source: str, destination: str) -> None:
    client.add_association(SourceArn=source, DestinationArn=destination)


def _unlink_all(client: Any, arn: str) -> None:
    for end in ("DestinationArn", "SourceArn"):
        for each in client.list_associations(**{end: arn})["AssociationSummaries"]:
            client.delete_association(SourceArn=each["SourceArn"], DestinationArn=each["DestinationArn"])


def test_the_notebooks_use_cases_leave_nothing_behind() -> None:
    """Seed 002: context, action, inputs, model; association, traversal; clean-up, associations first."""
    with faked() as (client, fake):
        flow, build = context("workflow-1", "MLWorkflow"), action("build-1", "ModelBuild")
        assert [each["ContextName"] for each in client.list_contexts()["ContextSummaries"]] == ["workflow-1"]
        _link(client, flow, build)
        (incoming,) = client.list_associations(DestinationArn=build)["AssociationSummaries"]
        (outgoing,) = client.list_associations(SourceArn=flow)["AssociationSummaries"]
        assert (incoming["SourceName"], outgoing["DestinationName"]) == ("workflow-1", "build-1")
        data, model = artifact("https://data", "TestData"), artifact("https://model", "Model")
        _link(client, data, build)
        _link(client, build, model)
        for arn in (flow, build, data, model):
            _unlink_all(client, arn)
        client.delete_context(ContextName="workflow-1")
        client.delete_action(ActionName="build-1")
        for arn in (data, model):
            client.delete_artifact(ArtifactArn=arn)
        assert fake.store().entities == {}
        assert list(fake.store().associations()) == []
