"""Accounts that tests put into the table."""

from datetime import UTC, datetime
from typing import Any

from tests.catalog.table import Document, Table

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BUCKET = "captures-bucket"
ACCOUNT = "arn:aws:sagemaker:eu-west-1:123456789012"


def model(table: Table, name: str, **changes: Any) -> Document:
    """Add a model; all models share one image, so that a link by image would be a false one."""
    container = {"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shared:1", "ModelDataUrl": f"s3://m/{name}.tgz"}
    return table.add("Model", {"ModelName": name, "PrimaryContainer": container, "CreationTime": MADE} | changes)


def endpoint(
    table: Table, name: str, *models: str, capture: str | None = f"s3://{BUCKET}/captures", **changes: Any
) -> None:
    """Add an endpoint with a variant a model, `AllTraffic` or `variant-1`, ..., and its configuration."""
    names = ["AllTraffic"] if len(models) == 1 else [f"variant-{number}" for number, _ in enumerate(models, 1)]
    variants = [
        {"VariantName": variant, "InitialVariantWeight": 1.0, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        | ({"ModelName": each} if each else {})
        for variant, each in zip(names, models, strict=True)
    ]
    captured = {"EnableCapture": True, "DestinationS3Uri": capture, "KmsKeyId": "key-1"}
    config = {"EndpointConfigName": f"{name}-config", "ProductionVariants": variants, "CreationTime": MADE}
    described = {
        "EndpointName": name,
        "EndpointConfigName": f"{name}-config",
        "EndpointStatus": "InService",
        "CreationTime": MADE,
        "LastModifiedTime": MADE,
        "ProductionVariants": [
            {"VariantName": variant, "CurrentWeight": 1.0, "CurrentInstanceCount": 2} for variant in names
        ],
        "DataCaptureConfig": {},
    }
    if capture is not None:
        described["DataCaptureConfig"] = captured | {"CaptureStatus": "Started", "CurrentSamplingPercentage": 50}
        config["DataCaptureConfig"] = captured | {
            "InitialSamplingPercentage": 100,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
        }
    shadows = changes.pop("shadows", ())
    if shadows:
        config["ShadowProductionVariants"] = [{"VariantName": f"{each}-shadow", "ModelName": each} for each in shadows]
        described["ShadowProductionVariants"] = [{"VariantName": f"{each}-shadow"} for each in shadows]
    table.add("EndpointConfig", config)
    table.add("Endpoint", described | changes)


def training_job(table: Table, name: str, **changes: Any) -> Document:
    """Add a training job that reads `s3://data/NAME` and makes the data of the model NAME."""
    job = {
        "TrainingJobName": name,
        "TrainingJobStatus": "Completed",
        "CreationTime": MADE,
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": f"s3://data/{name}"}}}],
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://m/{name}.tgz"},
    }
    return table.add("TrainingJob", job | changes)


def processing_job(table: Table, name: str, *inputs: str, **changes: Any) -> Document:
    """Add a processing job that reads these addresses."""
    job = {
        "ProcessingJobName": name,
        "ProcessingJobStatus": "Completed",
        "CreationTime": MADE,
        "ProcessingInputs": [{"InputName": f"i{n}", "S3Input": {"S3Uri": uri}} for n, uri in enumerate(inputs)],
    }
    return table.add("ProcessingJob", job | changes)


def package(table: Table, group: str, version: int, **changes: Any) -> Document:
    """Add a version of a model package group."""
    described = {
        "ModelPackageArn": f"{ACCOUNT}:model-package/{group}/{version}",
        "ModelPackageGroupName": group,
        "ModelPackageVersion": version,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "CreationTime": MADE,
    }
    return table.add("ModelPackage", described | changes)


def of_cost() -> Table:
    """Return the account whose calls the cost is counted for: 100 training jobs, 10 endpoints, models, deployments."""
    table = Table()
    for number in range(100):
        training_job(table, f"job-{number}")
    for number in range(10):
        model(table, f"model-{number}")
        endpoint(table, f"endpoint-{number}", f"model-{number}")
        table.add("Action", {"ActionName": f"deploy-{number}", "ActionType": "ModelDeployment"})
    return table


def deployed_by_lineage() -> Table:
    """Return an account whose lineage says that the endpoint `e` serves the data of the model `m`, by an image too."""
    table = Table()
    model(table, "m")
    model(table, "other")
    endpoint(table, "e", "m")
    endpoint(table, "f", "other")
    source = {"ArtifactType": "Model", "Source": {"SourceUri": "s3://m/m.tgz"}}
    image = {"ArtifactType": "Image", "Source": {"SourceUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shared:1"}}
    table.add("Artifact", {"ArtifactArn": "artifact/data", **source})
    table.add("Artifact", {"ArtifactArn": "artifact/image", **image})
    arn = f"{ACCOUNT}:endpoint/e"
    table.add("Context", {"ContextArn": "context/e", "ContextType": "Endpoint", "Source": {"SourceUri": arn}})
    table.add("Action", {"ActionArn": "action/e", "ActionType": "ModelDeployment"})
    for kind, artifact in (("Model", "artifact/data"), ("Image", "artifact/image")):
        link = {"SourceArn": artifact, "SourceType": kind, "DestinationArn": "action/e"}
        table.add("Association", link)
    table.add("Association", {"SourceArn": "action/e", "DestinationArn": "context/e", "DestinationType": "Endpoint"})
    table.add("Association", {"SourceArn": "action/e", "DestinationArn": "context/unlisted"})
    return table
