"""Quarantine in a bucket that does not exist, and a file that another run has changed."""

from io import BytesIO
from uuid import uuid4

import boto3
import pytest
from typer.testing import CliRunner

from capture_forwarder.domain.delivery import Unavailable
from capture_ops.__main__ import app
from capture_ops.replay.files import Changed, S3Files
from tests.support.peer_server import Peer, raw_url


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("command", ["list s3://{}/rejected/", "show s3://{}/rejected/a.jsonl.gz"])
def test_a_bucket_that_does_not_exist(command: str) -> None:
    """The sentence names the bucket, and is no bug of the command."""
    bucket = f"none-{uuid4()}"
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["quarantine", *command.format(bucket).split()])
    shown = " ".join(done.stderr.split())
    assert (done.exit_code, "Traceback" in shown, "bug" in shown) == (4, False, False), shown
    assert f"s3://{bucket} answers NoSuchBucket; reading needs s3:ListBucket" in shown
    assert shown.endswith("or correct the name")


def test_a_server_that_is_no_s3() -> None:
    """It answers 404 to everything, without a code of S3."""

    def serve(peer: Peer) -> None:
        while peer.request():
            peer.answer("404 Not Found", b"")

    with raw_url(serve) as url:
        called = ["quarantine", "list", "s3://quarantine/rejected/"]
        done = CliRunner(env={"COLUMNS": "80", "AWS_ENDPOINT_URL": url}).invoke(app, called)
    assert (done.exit_code, "s3://quarantine answers 404; reading needs" in " ".join(done.stderr.split())) == (4, True)


def test_only_a_refused_write_is_a_change(bucket: str) -> None:
    """A write to a missing bucket is none."""
    client = boto3.client("s3")
    etag = client.put_object(Bucket=bucket, Key="rejected/a.jsonl.gz", Body=b"1")["ETag"]
    client.put_object(Bucket=bucket, Key="rejected/a.jsonl.gz", Body=b"2")
    files = S3Files(client, bucket, "rejected/")
    with pytest.raises(Changed):
        files.write("rejected/a.jsonl.gz", etag, BytesIO(b"3"))
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        S3Files(client, f"none-{uuid4()}", "rejected/").write("rejected/a.jsonl.gz", etag, BytesIO(b"3"))
