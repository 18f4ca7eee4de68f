"""The AWS services that the forwarder uses, on loopback, from moto."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import requests

from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.names import PROGRESS_KEY, RESOURCE_VARIABLES
from capture_ops.cloud.moto_server import moto_server

_REGION: Final = "eu-west-1"


@contextmanager
def local_aws(bucket: str) -> Iterator[None]:
    """Serve S3 with `bucket`, a quarantine and a progress table; this process uses them while the context is open.

    Raises `CommandError` if the extra with moto is not installed.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # without its line for every request
    with moto_server() as url, _environment_of(url):
        try:
            _create(bucket)
            yield
        finally:
            requests.post(f"{url}/moto-api/reset", timeout=10)  # moto's state would outlive the server


@contextmanager
def _environment_of(url: str) -> Iterator[None]:
    before = dict(os.environ)
    try:
        os.environ |= {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_REGION": _REGION,
            RESOURCE_VARIABLES["quarantine_bucket"]: "quarantine",
            RESOURCE_VARIABLES["progress_table"]: "progress",
        }
        os.environ.pop("AWS_PROFILE", None)
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def _create(bucket: str) -> None:
    s3 = aws_session().client("s3", config=CONFIG)
    for name in (bucket, "quarantine"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
    aws_session().client("dynamodb", config=CONFIG).create_table(
        TableName="progress",
        KeySchema=[{"AttributeName": PROGRESS_KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": PROGRESS_KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
