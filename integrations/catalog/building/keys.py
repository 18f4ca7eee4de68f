"""The keys of entities: entities of DataHub's own source keep its names, so that existing URNs keep their bytes."""

import posixpath

from integrations.catalog.nodes import FORWARDER, S3, SAGEMAKER, Entity, Key
from integrations.catalog.options import S3Names
from integrations.catalog.values import Job, ModelPackage


def endpoint(name: str) -> Key:
    """Return the key of the deployment that DataHub's source makes of an endpoint."""
    return Key(Entity.DEPLOYMENT, SAGEMAKER, name)


def endpoint_flow(name: str) -> Key:
    """Return the key of the flow of an endpoint, whose jobs are its variants."""
    return Key(Entity.DATA_FLOW, SAGEMAKER, f"endpoint:{name}")


def variant(endpoint_name: str, name: str) -> Key:
    """Return the key of the job of a variant."""
    return Key(Entity.DATA_JOB, SAGEMAKER, name, endpoint_flow(endpoint_name).name)


def component(endpoint_name: str, name: str) -> Key:
    """Return the key of the job of an inference component; the colon keeps it apart from variants."""
    return Key(Entity.DATA_JOB, SAGEMAKER, f"component:{name}", endpoint_flow(endpoint_name).name)


def model(name: str) -> Key:
    """Return the key of a model."""
    return Key(Entity.MODEL, SAGEMAKER, name)


def group(name: str) -> Key:
    """Return the key of a model package group."""
    return Key(Entity.MODEL_GROUP, SAGEMAKER, name)


def package(value: ModelPackage) -> Key:
    """Return the key of a model package; the colon of one without a group keeps it apart from models."""
    if value.model_package_group_name and value.model_package_version is not None:
        return model(f"{value.model_package_group_name}/{value.model_package_version}")
    return model(f"package:{value.model_package_name or last_part(value.model_package_arn)}")


def job(value: Job) -> Key:
    """Return the key of a job. SageMaker does not group jobs, so each has a flow of its own."""
    return Key(Entity.DATA_JOB, SAGEMAKER, value.arn, f"{value.kind}:{value.name}")


def feature_group(name: str) -> Key:
    """Return the key of a feature table."""
    return Key(Entity.FEATURE_TABLE, SAGEMAKER, name)


def pipeline(name: str) -> Key:
    """Return the key of the flow of a pipeline."""
    return Key(Entity.DATA_FLOW, SAGEMAKER, f"pipeline:{name}")


def step(pipeline_name: str, name: str) -> Key:
    """Return the key of a step of a pipeline."""
    return Key(Entity.DATA_JOB, SAGEMAKER, name, pipeline(pipeline_name).name)


def schedule(name: str) -> Key:
    """Return the key of the one job in the flow of a monitoring schedule: only jobs have inputs."""
    return Key(Entity.DATA_JOB, SAGEMAKER, name, f"monitoring:{name}")


def forwarder(stack: str) -> Key:
    """Return the key of the flow of a forwarder."""
    return Key(Entity.DATA_FLOW, FORWARDER, stack)


def forwarding_job(stack: str, route: str) -> Key:
    """Return the key of the job of a route."""
    return Key(Entity.DATA_JOB, FORWARDER, route, stack)


def monitored_model(kind: str, destination: str, model_id: str) -> Key:
    """Return the key of a monitored model; the kind of the destination is the platform."""
    return Key(Entity.DATASET, kind, f"{destination}/{model_id}")


def capture(bucket: str, prefix: str) -> Key:
    """Return the key of the captures of a variant, as written: the name of a variant has no dot."""
    return Key(Entity.DATASET, S3, f"{bucket}/{prefix}")


def s3_data_set(uri: str, names: S3Names) -> Key:
    """Return the key of an S3 data set, named as DataHub's SageMaker source does (`make_s3_urn`), or as written."""
    name = uri.removeprefix("s3://").removesuffix("/")
    stem, extension = posixpath.splitext(name)
    if names is S3Names.AS_BEFORE and extension:
        name = f"{stem}_{extension[1:]}"
    return Key(Entity.DATASET, S3, name)


def last_part(arn: str) -> str:
    """Return the name in an ARN such as `arn:aws:sagemaker:eu-west-1:123456789012:model/churn`."""
    return arn.rpartition("/")[2]
