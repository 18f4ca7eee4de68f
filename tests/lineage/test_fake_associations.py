"""The rules of associations, lineage groups and trial components. Each test names its source."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lineage_fake.graphs import action, artifact, context, faked, link
from tests.lineage_fake.modes import Modes
from tests.lineage_fake.plugin import OPERATIONS, Fake

JOB = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/train-7"
TYPES = ["ContributedTo", "AssociatedWith", "DerivedFrom", "Produced", "SameAs"]


@pytest.fixture
def aws() -> Iterator[tuple[Any, Fake]]:
    with faked() as both:
        yield both


@pytest.fixture
def client(aws: tuple[Any, Fake]) -> Any:
    return aws[0]


def test_there_are_22_operations() -> None:
    """Facts 2 (M)."""
    assert len(OPERATIONS) == 22


@pytest.mark.parametrize("type_", TYPES)
def test_any_entities_may_have_any_type_of_association(client: Any, type_: str) -> None:
    """Facts 1 (M, D): five types; SageMaker allows each of them between any two entities."""
    ends = [artifact("s3://b"), action("a"), context("c")]
    for source in ends:
        for destination in ends:
            if source != destination:
                link(source, destination, type_)
    assert len(client.list_associations(AssociationType=type_)["AssociationSummaries"]) == 6


def test_a_pair_has_one_association(client: Any) -> None:
    """Facts 1: the identity is the pair; the fake assumes at most one edge for a pair (?)."""
    source, destination = artifact("s3://1"), artifact("s3://2")
    link(source, destination)
    with pytest.raises(ClientError, match=r"ValidationException.*already exists"):
        link(source, destination, "Produced")
    ends = {"SourceArn": source, "DestinationArn": destination}
    answer = client.delete_association(**ends)
    assert ends.items() <= answer.items()
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.delete_association(**ends)
    link(source, destination, "Produced")


def test_both_ends_must_exist(client: Any) -> None:
    """Facts 2 (M): ResourceNotFound of add."""
    there = artifact("s3://1")
    missing = there[:-1] + "-"
    for source, destination in ((there, missing), (missing, there)):
        with pytest.raises(client.exceptions.ResourceNotFound):
            link(source, destination)


def test_experiment_entities_are_not_linked_to_each_other(client: Any) -> None:
    """Facts 1 (D): between two of experiment, trial and trial component no association is allowed."""
    client.create_experiment(ExperimentName="e")
    experiment = client.describe_experiment(ExperimentName="e")["ExperimentArn"]
    component = client.create_trial_component(TrialComponentName="t")["TrialComponentArn"]
    with pytest.raises(ClientError, match="two experiment entities"):
        link(experiment, component)
    link(artifact("s3://b"), component)
    link(experiment, artifact("s3://c"))
    with pytest.raises(ClientError, match="pattern"):
        link(artifact("s3://d"), component.replace("experiment-trial-component", "experiment-trial"))


def test_cycles_are_refused_in_a_mode(client: Any) -> None:
    """Facts 8: cycle refusal is a switch, off by default; only seed 001 says that they are refused (?)."""
    one, two, three = (artifact(f"s3://{number}") for number in range(3))
    link(one, two)
    link(two, three)
    link(three, one)
    client.delete_association(SourceArn=three, DestinationArn=one)
    with faked(Modes(refuse_cycles=True)):
        one, two, three = (artifact(f"s3://{number}") for number in range(3))
        link(one, two)
        link(two, three)
        link(one, three)
        for source, destination in ((three, one), (one, one)):
            with pytest.raises(ClientError, match=r"ValidationException.*cycle"):
                link(source, destination)


def test_an_account_has_one_lineage_group(client: Any) -> None:
    """Facts 2 (M, D): DescribeLineageGroup, GetLineageGroupPolicy, ListLineageGroups."""
    (group,) = client.list_lineage_groups()["LineageGroupSummaries"]
    described = client.describe_lineage_group(LineageGroupName=group["LineageGroupName"])
    assert described["LineageGroupArn"] == group["LineageGroupArn"]
    policy = client.get_lineage_group_policy(LineageGroupName=group["LineageGroupArn"])
    assert policy["LineageGroupArn"] == group["LineageGroupArn"]
    for missing in (client.describe_lineage_group, client.get_lineage_group_policy):
        with pytest.raises(client.exceptions.ResourceNotFound):
            missing(LineageGroupName="other")


def test_a_trial_component_is_a_vertex(aws: tuple[Any, Fake]) -> None:
    """Facts 3 (N, C): source = job ARN; its type is the job's; 2: LineageType TrialComponent (M)."""
    client, fake = aws
    component = client.create_trial_component(TrialComponentName="train-7-aws-training-job")["TrialComponentArn"]
    fake.store().jobs[component] = JOB, "SageMakerTrainingJob"
    data = artifact("s3://b")
    link(data, component)
    (vertex,) = client.query_lineage(StartArns=[data], Direction="Descendants")["Vertices"]
    assert vertex == {"Arn": component, "Type": "TrainingJob", "LineageType": "TrialComponent"}
    (summary,) = client.list_associations(SourceArn=data)["AssociationSummaries"]
    assert (summary["DestinationName"], summary["DestinationType"]) == ("train-7-aws-training-job", "TrainingJob")


def test_the_trial_components_of_a_job_are_listed(aws: tuple[Any, Fake]) -> None:
    """Facts 2 (M): ListTrialComponents(SourceArn=job ARN), DescribeTrialComponent. moto ignores SourceArn."""
    client, fake = aws
    client.create_trial_component(TrialComponentName="other")
    component = client.create_trial_component(TrialComponentName="of-the-job")["TrialComponentArn"]
    fake.store().jobs[component] = JOB, "SageMakerTrainingJob"
    (summary,) = client.list_trial_components(SourceArn=JOB)["TrialComponentSummaries"]
    assert summary["TrialComponentArn"] == component
    assert client.list_trial_components(SourceArn=JOB + "x")["TrialComponentSummaries"] == []
    assert len(client.list_trial_components()["TrialComponentSummaries"]) == 2
    described = client.describe_trial_component(TrialComponentName="of-the-job")
    assert described["Source"] == {"SourceArn": JOB, "SourceType": "SageMakerTrainingJob"}
    assert "Source" not in client.describe_trial_component(TrialComponentName="other")


def test_the_trials_of_trial_components_are_searched(client: Any) -> None:
    """Facts 2 (M): Search by TrialComponentArn, at most 20 filters, Parents[].TrialName. moto has neither."""
    client.create_experiment(ExperimentName="e")
    for trial in ("one", "two"):
        client.create_trial(ExperimentName="e", TrialName=trial)
    component = client.create_trial_component(TrialComponentName="t")["TrialComponentArn"]
    for trial in ("one", "two"):
        client.associate_trial_component(TrialName=trial, TrialComponentName="t")

    def search(count: int) -> list[str]:
        filters = [{"Name": "TrialComponentArn", "Operator": "Equals", "Value": component}] * count
        expression = {"Filters": filters, "Operator": "Or"}
        answer = client.search(Resource="ExperimentTrialComponent", SearchExpression=expression)
        return [parent["TrialName"] for each in answer["Results"] for parent in each["TrialComponent"]["Parents"]]

    assert search(20) == ["one", "two"]
    with pytest.raises(ClientError, match="ValidationException"):
        search(21)
    assert client.search(Resource="ExperimentTrial")["Results"]


def test_a_versioned_package_is_described_by_its_arn_only(client: Any) -> None:
    """Facts 4 (R): the SDK asks for `group` of `.../model-package/group/1`: not found. moto finds it."""
    client.create_model_package_group(ModelPackageGroupName="group")
    arn = client.create_model_package(ModelPackageGroupName="group")["ModelPackageArn"]
    assert client.describe_model_package(ModelPackageName=arn)["ModelPackageArn"] == arn
    with pytest.raises(ClientError, match=r"ValidationException.*does not exist"):
        client.describe_model_package(ModelPackageName="group")
