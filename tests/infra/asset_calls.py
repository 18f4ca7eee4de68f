"""Run by a bare interpreter with an asset alone on its path: every AWS call of the function, good and bad, on loopback.

Standard output is what each call came to. Arguments: the address of a queue, and where a stand-in for S3 refuses.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3

from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.aws.queue import SqsQueue
from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.secrets import SecretToken
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.delivery import Reason, Superseded
from capture_forwarder.domain.progress import ProgressRecord, QuarantineFile
from capture_forwarder.ports import OpenObject

_NAME = "asset-calls"  # of all that the test has made
_HERE = CaptureObject(_NAME, "here")
_STATE = CaptureObject(_NAME, "here", etag="1")
_TAKEN = ProgressRecord(read_offset=ReadOffset(7, 1), fence=1, accepted=1)
_FILE = QuarantineFile(source=_STATE, route="r", start=0, modified=datetime(2026, 1, 2, tzinfo=UTC), entries=[])


def main() -> None:
    """Make the calls."""
    sys.stdout.write(json.dumps({name: _said(call) for name, call in (_s3() | _others()).items()}))


def _said(call: Callable[[], Any]) -> Any:
    """Return what came of a call; of an error its kind and cause, without the advice."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever it is, the test compares it
        return f"{type(error).__name__}: {error}".partition(";")[0]


def _s3() -> dict[str, Callable[[], Any]]:
    real, stand_in = boto3.client("s3"), boto3.client("s3", endpoint_url=sys.argv[2])
    return {
        "GetObject": lambda: _read(real, _HERE),
        "GetObject from a byte on": lambda: _read(real, _HERE, 2),
        "GetObject from the end on": lambda: _read(real, _HERE, 5),
        "GetObject of another state": lambda: _read(real, CaptureObject(_NAME, "here", etag="other")),
        "GetObject of what is gone": lambda: _read(real, CaptureObject(_NAME, "gone")),
        "GetObject of what is archived": lambda: _read(real, CaptureObject(_NAME, "archived")),
        "GetObject from no bucket": lambda: _read(real, CaptureObject("nowhere", "here")),
        "GetObject denied": lambda: _read(stand_in, CaptureObject("denied", "here")),
        "GetObject from another region": lambda: _read(stand_in, CaptureObject("elsewhere", "here")),
        "PutObject": lambda: _keep(real, _NAME),
        "PutObject into no bucket": lambda: _keep(real, "nowhere"),
        "PutObject denied": lambda: _keep(stand_in, "denied"),
        "PutObject on a condition": lambda: _keep(stand_in, "conditional"),
    }


def _read(client: Any, source: CaptureObject, start: int = 0) -> str:
    match S3ObjectStore(client).open(source, start):
        case OpenObject(chunks):
            return b"".join(chunks).decode()
        case Reason(code):
            return code
        case Superseded():
            return "superseded"


def _keep(client: Any, bucket: str) -> None:
    S3Quarantine(client, bucket).keep(_FILE)


def _others() -> dict[str, Callable[[], Any]]:
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    progress, lost = (DynamoProgress(dynamodb, table, now=lambda: 0.0) for table in (_NAME, "lost"))
    queue, no_queue = (SqsQueue(sqs, url) for url in (sys.argv[1], f"{sys.argv[1]}-lost"))
    return {
        "PutItem": lambda: progress.save(_STATE, _TAKEN, expected_fence=0),
        "PutItem behind another's": lambda: progress.save(_STATE, _TAKEN, expected_fence=5),
        "PutItem into no table": lambda: lost.save(_STATE, _TAKEN, expected_fence=0),
        "BatchGetItem": lambda: [position == _TAKEN for position in progress.load([_STATE]).values()],
        "BatchGetItem from no table": lambda: lost.load([_STATE]),
        "SendMessage": lambda: queue.put(Work(_STATE), delay_secs=1),
        "SendMessage into no queue": lambda: no_queue.put(Work(_STATE), delay_secs=1),
        "GetSecretValue": SecretToken("secretsmanager:asset-calls"),
        "GetSecretValue of none": SecretToken("secretsmanager:lost"),
        "GetParameter": SecretToken("ssm:/asset-calls"),
        "GetParameter of none": SecretToken("ssm:/lost"),
    }


if __name__ == "__main__":
    main()
