"""The fake's automatic entities. Each test names its source: a section of the facts and its mark."""

from itertools import pairwise

from tests.lineage_fake.automatic import DATA_URI, put_deployed
from tests.lineage_fake.graphs import faked


def test_an_endpoint_is_a_descendant_of_its_data() -> None:
    """Facts 3 (D, N): data set -> trial component -> model -> deployment action -> endpoint context."""
    with faked() as (client, fake):
        made = put_deployed(fake.store())
        answer = client.query_lineage(StartArns=[made.data], Direction="Descendants", IncludeEdges=True)
        path = [made.data, made.training, made.model, made.package, made.deployment, made.endpoint]
        edges = {(each["SourceArn"], each["DestinationArn"]) for each in answer["Edges"]}
        assert set(pairwise(path)) <= edges


def test_an_endpoints_ascendants_are_those_of_awss_notebook() -> None:
    """Facts 8, AWS's multihop notebook (N): 2 data sets, 2 models (package, model.tar.gz), 1 training job."""
    with faked() as (client, fake):
        made = put_deployed(fake.store())
        answer = client.query_lineage(StartArns=[made.endpoint], Direction="Ascendants", IncludeEdges=False)
        found = {each["Arn"]: each["Type"] for each in answer["Vertices"]}
        assert {arn for arn, type_ in found.items() if type_ == "DataSet"} == {made.data, made.validation}
        assert {arn for arn, type_ in found.items() if type_ == "Model"} == {made.model, made.package}
        assert [arn for arn, type_ in found.items() if type_ == "TrainingJob"] == [made.training]
        assert made.endpoint not in found


def test_automatic_entities_are_found_by_their_source() -> None:
    """Facts 3: their names are in no source (?), so they are looked up by SourceUri."""
    with faked() as (client, fake):
        made = put_deployed(fake.store())
        (endpoint,) = client.list_contexts(SourceUri=made.endpoint_arn, ContextType="Endpoint")["ContextSummaries"]
        (data,) = client.list_artifacts(SourceUri=DATA_URI)["ArtifactSummaries"]
        (approval,) = client.list_actions(SourceUri=made.package_arn)["ActionSummaries"]
        (component,) = client.list_trial_components(SourceArn=made.job_arn)["TrialComponentSummaries"]
        assert (endpoint["ContextArn"], data["ArtifactArn"]) == (made.endpoint, made.data)
        assert (approval["ActionArn"], component["TrialComponentArn"]) == (made.approval, made.training)
        assert fake.store().manual.total() == 0
