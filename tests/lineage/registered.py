"""The worked graph of SageMaker around the endpoint `churn`, and the route `churn` of a configuration."""

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.configuration.reader import parse_settings
from integrations.lineage.graph import Details, Kind, Vertex
from integrations.lineage.registering.configured import registrations
from integrations.lineage.registering.registration import Registration
from integrations.lineage.registering.routes import register
from tests.lineage.in_memory import InMemory

SAGEMAKER = "arn:aws:sagemaker:eu-west-1:123456789012"
ENDPOINT_ARN = f"{SAGEMAKER}:endpoint/churn"
PACKAGE_ARN = f"{SAGEMAKER}:model-package/churn/3"
TRAINING_JOB = f"{SAGEMAKER}:training-job/churn-train-7"
CONFIG = """
[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com/"
secret = "ssm:/token"

[[route]]
name = "churn"
bucket = "the-bucket"
prefix = "datacapture/churn/"
destination = "arthur"
model_id = "M"
"""


def configured(text: str = CONFIG) -> tuple[Registration, ...]:
    """Return the registrations of a configuration."""
    return registrations(parse_settings(text), "1.2.3")


class SageMaker(Struct):
    """The ARNs of the entities that SageMaker made."""

    data: str
    job: str
    archive: str
    package: str
    deployment: str
    context: str


def made_by_sagemaker(store: InMemory) -> SageMaker:
    """Make the entities of SageMaker for data, a training job, a package and an endpoint."""
    store.answers["endpoint", "churn"] = {
        "EndpointArn": ENDPOINT_ARN,
        "DataCaptureConfig": {"DestinationS3Uri": "s3://the-bucket/datacapture"},
    }
    job = Vertex(
        arn=f"{SAGEMAKER}:experiment-trial-component/churn-train-7-aws-training-job",
        kind=Kind.TRIAL_COMPONENT,
        type="SageMakerTrainingJob",
        details=Details(
            name="churn-train-7-aws-training-job", source_uri=TRAINING_JOB, created=datetime(2026, 1, 1, tzinfo=UTC)
        ),
    )
    made = SageMaker(
        data=store.add(Kind.ARTIFACT, "DataSet", None, "s3://the-bucket/train/churn.csv"),
        job=store.put(job),
        archive=store.add(Kind.ARTIFACT, "Model", None, "s3://the-bucket/models/churn-train-7/output/model.tar.gz"),
        package=store.add(Kind.ARTIFACT, "Model", None, PACKAGE_ARN),
        deployment=store.add(Kind.ACTION, "ModelDeployment", "deployment-7", ENDPOINT_ARN, status="Completed"),
        context=store.add(Kind.CONTEXT, "Endpoint", "endpoint-7", ENDPOINT_ARN),
    )
    for source, destination, kind in (
        (made.data, made.job, "ContributedTo"),
        (made.job, made.archive, "Produced"),
        (made.archive, made.package, "ContributedTo"),
        (made.package, made.deployment, "ContributedTo"),
        (made.deployment, made.context, "AssociatedWith"),
    ):
        store.join(source, destination, kind)
    return made


def graph_of(store: InMemory) -> object:
    """Return all entities and associations, without their times."""
    entities = {
        arn: (one.kind, one.type, one.details.name, one.details.source_uri, one.details.status, one.details.properties)
        for arn, one in store.vertices.items()
        if one.details
    }
    return entities, store.edges, store.tagged


World = Callable[[], tuple[InMemory, SageMaker]]


def with_destinations(count: int) -> tuple[Registration, ...]:
    """Return the route with several destinations: the configuration has one for each route, the interface many."""
    (one,) = configured()
    targets = [
        replace(one.targets[0], destination=f"d{index}", source_uri=f"https://{index}.example.com/models/M")
        for index in range(count)
    ]
    return (replace(one, targets=tuple(targets)),)


def registered(store: InMemory, routes: tuple[Registration, ...] = ()) -> None:
    """Register routes, by default the route `churn`, without warnings."""
    for outcome in register(store, routes or configured()):
        assert (outcome.error, outcome.warnings) == (None, ())


def named(store: InMemory, type_: str) -> str:
    """Return the ARN of the one entity of a type."""
    (arn,) = (arn for arn, vertex in store.vertices.items() if vertex.type == type_)
    return arn


def action_of(store: InMemory, **wanted: str) -> tuple[str | None, dict[str, str]]:
    """Return the status and the properties of the one forwarding with these properties."""
    found = [
        (one.details.status, dict(one.details.properties))
        for one in store.vertices.values()
        if one.type == "DataCaptureForwarding" and one.details and wanted.items() <= one.details.properties.items()
    ]
    assert len(found) == 1
    return found[0]
