"""What the executions of a map run answered, added up.

The result writer leaves a manifest that names files of what succeeded and what failed:
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from capture_forwarder.aws.errors import code_of
from capture_forwarder.bootstrap import s3_client
from capture_forwarder.domain.conservation import ForwardTotals
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.distributed import Followed, StateMachine
from capture_ops.backfill.outcome import Outcome

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_NOT_BEGUN = "the map run ended before them"


class _File(Struct):
    Key: str


class _Files(Struct):
    SUCCEEDED: list[_File] = []
    FAILED: list[_File] = []


class _Manifest(Struct):
    DestinationBucket: str
    ResultFiles: _Files


class _Child(Struct):
    """The execution of one batch, as far as it matters."""

    Input: str = "{}"
    Output: str = "{}"
    Error: str = ""
    Cause: str = ""


def add_up(machine: StateMachine, followed: Followed) -> Outcome:
    """Return what an execution that has ended came to. Raises `Unavailable`."""
    outcome = Outcome(listed=followed.listed)
    if followed.status != "SUCCEEDED":
        outcome.failure = f"The execution is {followed.status}: {followed.why}"
    output = json.loads(followed.output or "null")
    if isinstance(output, list):  # a map run without a result writer hands over the answers themselves
        for answer in output:
            outcome.totals += _totals(answer)
    elif followed.map_run and followed.listed:
        _read_files(_manifest_at(machine, followed.map_run, output), outcome)
    if (missing := outcome.untold - outcome.left.total()) > 0:
        outcome.left[_NOT_BEGUN] += missing
    return outcome


def _manifest_at(machine: StateMachine, map_run: str, output: Any) -> tuple[str, str]:
    """Return bucket and key: a map run that failed has results too, but an execution that failed has no output."""
    if output:
        details = output["ResultWriterDetails"]
        return details["Bucket"], details["Key"]
    bucket, prefix = machine.results_at()
    return bucket, f"{prefix}/{map_run.rpartition(':')[2]}/manifest.json"


def _read_files(manifest_at: tuple[str, str], outcome: Outcome) -> None:
    s3 = s3_client()
    manifest = msgspec.json.decode(_read(s3, *manifest_at), type=_Manifest)
    for file in manifest.ResultFiles.SUCCEEDED:
        for child in _children(s3, manifest, file):
            outcome.totals += _totals(json.loads(child.Output))
    for file in manifest.ResultFiles.FAILED:
        for child in _children(s3, manifest, file):
            outcome.left[_why(child)] += len(json.loads(child.Input).get("Items", [child]))


def _children(s3: "S3Client", manifest: _Manifest, file: _File) -> list[_Child]:
    return msgspec.json.decode(_read(s3, manifest.DestinationBucket, file.Key), type=list[_Child])


def _read(s3: "S3Client", bucket: str, key: str) -> bytes:
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(
            f"the results in s3://{bucket}/{key} cannot be read: {code_of(error)}; allow yourself s3:GetObject there"
        ) from error


def _totals(answer: Any) -> ForwardTotals:
    """Return the sums that the function answered with."""
    return msgspec.convert(answer, ForwardTotals, dec_hook=lambda _, counts: Counter(counts))


def _why(child: _Child) -> str:
    """Return why a batch failed: what the function said, else what Step Functions says."""
    try:
        return str(json.loads(child.Cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return f"{child.Error}: {child.Cause}"
