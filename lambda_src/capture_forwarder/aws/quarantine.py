"""Quarantine in S3: gzip JSONL files that people can read and `replay` can send again."""

from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineFile
from capture_forwarder.kinds.quarantine.entries import encode_entries

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A larger file is written to the disk of the function.
_HELD_BYTES = 4 * 1024 * 1024


class S3Quarantine:
    """Writes below `rejected/route=.../yyyy/mm/dd/`, by the day on which the capture object was written.

    The name is made of the object's version and the offset at which the run began, so that a retry overwrites it.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, file: QuarantineFile) -> None:
        """Write `file`. Raises `Unavailable`."""
        try:
            with SpooledTemporaryFile(max_size=_HELD_BYTES) as body:
                encode_entries(file.entries, body)
                body.seek(0)
                self._client.put_object(
                    Bucket=self._bucket, Key=quarantine_key(file), Body=body, ContentType="application/x-ndjson"
                )
        except AwsError as error:
            raise Unavailable(
                f"the quarantine bucket answers {code_of(error)}; allow the function to write it"
            ) from error


def quarantine_key(file: QuarantineFile) -> str:
    """Return the object key of a quarantine file."""
    day = file.modified.strftime("%Y/%m/%d") if file.modified else "undated"
    state = sha256((file.source.state_id or file.source.uri).encode()).hexdigest()[:32]
    return f"{QUARANTINE_PREFIX}route={file.route}/{day}/{state}-{file.start:016d}.jsonl.gz"
