"""Puts into the store the entities that SageMaker makes when a model is trained, registered, approved and deployed.

Facts 3 and 7 (D, N, C). The names of automatic contexts and actions are in no source that was found, so they are
unguessable here: a client must look them up by SourceUri.
"""

from hashlib import sha256
from typing import Any

from msgspec import Struct

from tests.lineage_fake.graphs import LONG_AGO, put_links
from tests.lineage_fake.records import Entity
from tests.lineage_fake.store import Store

DATA_URI = "s3://B/train/churn.csv"
VALIDATION_URI = "s3://B/validation/churn.csv"
MODEL_URI = "s3://B/models/churn-train-7/output/model.tar.gz"
IMAGE_URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/train:1"


class Deployed(Struct, frozen=True, kw_only=True):
    """The ARNs of a deployed endpoint's entities."""

    data: str
    validation: str
    image: str
    training: str
    """The trial component of the training job."""
    model: str
    """The artifact of model.tar.gz."""
    package: str
    """The artifact of the model package."""
    group: str
    approval: str
    deployment: str
    endpoint: str
    package_arn: str
    """The ARN of the model package itself."""
    job_arn: str
    endpoint_arn: str


def put_entity(store: Store, kind: str, type_: str, uri: str) -> str:
    """Put an automatic entity into the store and return its ARN."""
    unguessable = sha256(f"{kind} {type_} {uri}".encode()).hexdigest()[:32]
    entity = Entity(
        kind=kind,
        arn=store.arn(kind.lower(), unguessable),
        name=unguessable if kind != "Artifact" else None,
        type=type_,
        source={"SourceUri": uri},
        created=LONG_AGO,
        modified=LONG_AGO,
        number=store.version,
        automatic=True,
    )
    store.add(entity)
    return entity.arn


def put_training_job(store: Store, job: str) -> tuple[str, str]:
    """Put the trial component of a training job, and return its ARN and the job's."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("start_time", "end_time", "display_name", "parameters", "input_artifacts", "output_artifacts")
    )
    made = store.backend.create_trial_component(
        trial_component_name=f"{job}-aws-training-job",
        metadata_properties=None,
        status=None,
        trial_name=None,
        **nothing,
    )
    component, job_arn = made["TrialComponentArn"], store.arn("training-job", job)
    store.jobs[component] = job_arn, "SageMakerTrainingJob"
    return component, job_arn


def put_deployed(store: Store, endpoint: str = "churn", group: str = "churn", version: int = 3) -> Deployed:
    """Put the graph of an endpoint, from its training data to its context."""
    training, job_arn = put_training_job(store, f"{endpoint}-train-7")
    package_arn = store.arn("model-package", f"{group}/{version}")
    endpoint_arn = store.arn("endpoint", endpoint)
    made = Deployed(
        data=put_entity(store, "Artifact", "DataSet", DATA_URI),
        validation=put_entity(store, "Artifact", "DataSet", VALIDATION_URI),
        image=put_entity(store, "Artifact", "Image", IMAGE_URI),
        training=training,
        model=put_entity(store, "Artifact", "Model", MODEL_URI),
        package=put_entity(store, "Artifact", "Model", package_arn),
        group=put_entity(store, "Context", "ModelGroup", store.arn("model-package-group", group)),
        approval=put_entity(store, "Action", "Approval", package_arn),
        deployment=put_entity(store, "Action", "ModelDeployment", endpoint_arn),
        endpoint=put_entity(store, "Context", "Endpoint", endpoint_arn),
        package_arn=package_arn,
        job_arn=job_arn,
        endpoint_arn=endpoint_arn,
    )
    put_links(store, [(each, training) for each in (made.data, made.validation, made.image)])
    put_links(store, [(training, made.model)], "Produced")
    put_links(store, [(made.model, made.package), (made.package, made.approval), (made.package, made.deployment)])
    put_links(store, [(made.group, made.package), (made.deployment, made.endpoint)], "AssociatedWith")
    return made
