"""The AWS services that the forwarder uses, on loopback, from moto."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import requests

from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.names import PROGRESS_KEY, RESOURCE_VARIABLES
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.extras import missing

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer

_REGION: Final = "eu-west-1"


@contextmanager
def local_aws(bucket: str) -> Iterator[None]:
    """Serve S3 with `bucket`, a quarantine and a progress table; this process uses them while the context is open.

    Raises `CommandError` if the extra with moto is not installed.
    """
    server = _server()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # without its line for every request
    server.start()
    before = dict(os.environ)
    host, port = server.get_host_and_port()
    try:
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_REGION": _REGION,
            RESOURCE_VARIABLES["quarantine_bucket"]: "quarantine",
            RESOURCE_VARIABLES["progress_table"]: "progress",
        }
        os.environ.pop("AWS_PROFILE", None)
        _create(bucket)
        yield
    finally:
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)  # moto's state would outlive the server
        os.environ.clear()
        os.environ |= before
        server.stop()


def _server() -> "ThreadedMotoServer":
    try:
        from moto.server import ThreadedMotoServer
    except ModuleNotFoundError as error:
        raise CommandError(missing("demo")) from error
    return ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)


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
