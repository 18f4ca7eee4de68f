"""The fake with an endpoint that SageMaker made, and the API as the commands and the custom resource use it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto import mock_aws

from integrations.lineage.sagemaker import SageMaker
from tests.lineage_fake.automatic import Deployed, put_deployed
from tests.lineage_fake.graphs import client
from tests.lineage_fake.modes import Modes
from tests.lineage_fake.plugin import REGION, Fake, lineage_fake

CONFIG = """
[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com/"
secret = "ssm:/token"

[[route]]
name = "churn"
bucket = "bucket-of-b"
prefix = "datacapture/churn/"
destination = "arthur"
model_id = "M"
"""


@contextmanager
def world(modes: Modes | None = None) -> Iterator[tuple[Fake, Deployed, SageMaker]]:
    """Give the fake, SageMaker's entities around the endpoint `churn`, and the API."""
    named = {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with patch.dict(os.environ, named), mock_aws(), lineage_fake(modes) as fake:
        make_endpoint("churn")
        made = put_deployed(fake.store())
        fake.calls.clear()
        yield fake, made, SageMaker(boto3_client=client(), sleep=lambda _: None)


def make_endpoint(name: str, bucket: str = "bucket-of-b", sagemaker: Any = None) -> None:
    """Make an endpoint that captures to `s3://BUCKET/datacapture`."""
    sagemaker = sagemaker or client()
    role = "arn:aws:iam::123456789012:role/r"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "image:1"})
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        ],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{bucket}/datacapture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
