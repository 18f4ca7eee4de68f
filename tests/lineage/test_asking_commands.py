"""The commands that ask, as a user calls them, against the fake of SageMaker."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from integrations.lineage import Lineage
from integrations.lineage.sagemaker import SageMaker
from tests.lineage_fake.automatic import DATA_URI, MODEL_URI, VALIDATION_URI, Deployed, put_deployed
from tests.lineage_fake.graphs import client, faked
from tests.lineage_fake.plugin import Fake


def run(*arguments: object) -> Result:
    """Run one command of lineage."""
    return CliRunner().invoke(app, ["lineage", *map(str, arguments)])


def cells(done: Result) -> list[dict[str, str]]:
    """Return the rows of CSV."""
    assert done.exit_code == 0, done.output
    return [*csv.DictReader(io.StringIO(done.stdout))]


@pytest.fixture
def sagemaker() -> Iterator[tuple[Any, Fake]]:
    """Give a client and the fake."""
    with faked() as both:
        yield both


@pytest.fixture
def deployed(sagemaker: tuple[Any, Fake]) -> Deployed:
    """Put the graph of an endpoint as SageMaker makes it."""
    return put_deployed(sagemaker[1].store())


@pytest.mark.parametrize(
    ("question", "start", "expected"),
    [
        ("models-of", "endpoint_arn", {"model", "package"}),
        ("endpoints-of", "data", {"endpoint"}),
        ("datasets-of", "endpoint_arn", {"data", "validation"}),
        ("jobs-of", "model", {"training"}),
        ("jobs-of", "endpoint_arn", {"training"}),
        ("images-of", "package_arn", {"image"}),
        ("package-of", "approval", {"package"}),
        ("actions-of", "package_arn", {"approval", "deployment"}),
    ],
)
def test_each_question_has_its_answer(deployed: Deployed, question: str, start: str, expected: set[str]) -> None:
    """On the layout that SageMaker writes."""
    lineage = Lineage(store=SageMaker(boto3_client=client()))
    found = lineage.ask(question, getattr(deployed, start)).found
    assert {each.arn for each in found} == {getattr(deployed, name) for name in expected}


def test_the_formats_are_those_of_tables(deployed: Deployed) -> None:
    """A drawing needs a graph: typer names the formats of answers."""
    arn = deployed.endpoint_arn
    assert json.loads(run("ask", "models-of", arn, "--format", "json").stdout)["direction"] == "up"
    assert run("ask", "models-of", arn).stdout.startswith(f"Models-of {deployed.endpoint}: 2\n+--")
    assert run("ask", "models-of", arn, "--format", "dot").exit_code == 2
    up = cells(run("ask", "datasets-of", deployed.data, "--direction", "up", "--format", "csv"))
    assert up == []


@pytest.mark.usefixtures("sagemaker")
def test_an_unknown_entity_ends_with_a_sentence() -> None:
    """And with 2: the call is wrong."""
    done = run("ask", "models-of", "s3://none/at/all")
    assert done.exit_code == 2
    assert "No lineage entity has the source s3://none/at/all" in done.stderr


def test_an_endpoint_and_an_origin_are_summed_up(deployed: Deployed) -> None:
    """The endpoint itself may be deleted: it does not exist in this account."""
    rows = cells(run("endpoint", "churn", "--format", "csv"))
    assert [row["Role"] for row in rows].count("data set") == 2
    assert {row["ARN"] for row in rows} >= {deployed.package, deployed.deployment, deployed.endpoint}
    rows = cells(run("provenance", deployed.package_arn, "--format", "csv"))
    assert {row["Source"] for row in rows} >= {DATA_URI, VALIDATION_URI, MODEL_URI}


def test_an_approval_is_recorded_and_reported(sagemaker: tuple[Any, Fake]) -> None:
    """First only printed, then written; the report fails before and passes after."""
    api, _ = sagemaker
    made = api.create_artifact(Source={"SourceUri": "s3://m"}, ArtifactType="Model", Properties={"accuracy": "0.9"})
    arn = made["ArtifactArn"]
    flags = ("report", "--since", "1d", "--fail")
    failed = run(*flags)
    assert failed.exit_code == 1
    assert "1 of 1 model is not approved." in failed.stderr
    assert run("report", "--require-approval").exit_code == 0
    planned = run("approve", arn, "--by", "jo", "--status", "approved", "--dry-run")
    assert planned.stdout.startswith(f"would record: {arn}: accuracy=0.9, approval_date=")
    assert api.describe_artifact(ArtifactArn=arn)["Properties"] == {"accuracy": "0.9"}
    assert run("approve", "s3://m", "--by", "jo", "--status", "approved", "--note", "ok").exit_code == 0
    properties = api.describe_artifact(ArtifactArn=arn)["Properties"]
    assert (properties["approved"], properties["approver"], properties["accuracy"]) == ("true", "jo", "0.9")
    assert run(*flags).exit_code == 0
    assert run("report", "--since", "soon").exit_code == 2
    rows = cells(run("versions", arn, "--format", "csv"))
    assert [(row["Approval"], row["Approved by"]) for row in rows] == [("Approved", "jo")]


def test_a_package_is_approved_itself(deployed: Deployed, sagemaker: tuple[Any, Fake]) -> None:
    """By UpdateModelPackage, if it exists."""
    api, _ = sagemaker
    assert run("approve", deployed.package_arn, "--by", "jo", "--status", "approved").exit_code != 0
    api.create_model_package_group(ModelPackageGroupName="real")
    package = api.create_model_package(ModelPackageGroupName="real", ModelApprovalStatus="PendingManualApproval")
    arn = package["ModelPackageArn"]
    api.create_artifact(Source={"SourceUri": arn}, ArtifactType="Model")
    assert run("approve", arn, "--by", "jo", "--status", "approved").exit_code == 0
    assert api.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "Approved"
    rows = cells(run("versions", arn, "--format", "csv"))
    assert [row["Approval"] for row in rows] == ["Approved"]


def test_a_training_is_reproduced_from_an_action(sagemaker: tuple[Any, Fake]) -> None:
    """With its gaps on stderr, and 1."""
    api, _ = sagemaker
    model = api.create_artifact(Source={"SourceUri": "s3://m"}, ArtifactType="Model")["ArtifactArn"]
    properties = {"algorithm": "xgboost", "instance_type": "ml.m5.xlarge"}
    action = api.create_action(
        ActionName="train", Source={"SourceUri": "x"}, ActionType="Training", Properties=properties
    )
    api.add_association(SourceArn=action["ActionArn"], DestinationArn=model)
    done = run("reproduce", model)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["ResourceConfig"]["InstanceType"] == "ml.m5.xlarge"
    assert "RoleArn: the lineage does not hold it" in done.stderr


def test_a_training_job_is_reproduced(sagemaker: tuple[Any, Fake]) -> None:
    """As CreateTrainingJob takes it again."""
    api, _ = sagemaker
    request: dict[str, Any] = {
        "TrainingJobName": "churn-train-7",
        "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/train",
        "OutputDataConfig": {"S3OutputPath": "s3://B/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "HyperParameters": {"eta": "0.2"},
    }
    api.create_training_job(**request)
    made = put_deployed(sagemaker[1].store())
    done = run("reproduce", made.package_arn, "--name", "again")
    assert done.exit_code == 0, done.stderr
    again = json.loads(done.stdout)
    api.create_training_job(**again)
    assert again["HyperParameters"] == {"eta": "0.2"}


def test_the_table_has_the_five_columns(deployed: Deployed) -> None:
    """For a package; and exactly one option is needed."""
    rows = cells(run("table", "--model-package", deployed.package_arn, "--format", "csv"))
    assert [*rows[0]] == ["Name/Source", "Direction", "Type", "Association Type", "Lineage Type"]
    assert sorted(row["Direction"] for row in rows) == ["Input", "Input", "Output", "Output"]
    assert cells(run("table", "--endpoint", "churn", "--format", "csv"))[0]["Type"] == "ModelDeployment"
    for wrong in ((), ("--endpoint", "churn", "--arn", "x")):
        done = run("table", *wrong)
        assert done.exit_code == 2
        assert "give exactly one of --endpoint" in done.stderr
