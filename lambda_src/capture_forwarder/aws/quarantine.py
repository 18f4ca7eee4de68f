"""Quarantine in S3: gzip JSONL files that people can read and `replay` can send again."""

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineFile
from capture_forwarder.kinds.quarantine.entries import encode_entries

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# The file is there: this run wrote it by an earlier copy of the request, or another run has taken this one over.
_EXISTS = {"PreconditionFailed", "412"}
# A larger file is written to the disk of the function.
_HELD_BYTES = 4 * 1024 * 1024


class S3Quarantine:
    """Writes below `rejected/route=.../yyyy/mm/dd/`, by the day on which the object was claimed first.

    `owner` is the account that must own the bucket.
    """

    def __init__(self, client: "S3Client", bucket: str, calls: TimedCalls, owner: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._calls = calls
        self._owner: Any = {"ExpectedBucketOwner": owner} if owner else {}

    def keep(self, file: QuarantineFile, *, within_secs: float) -> None:
        """Write `file`. A file that only one run writes is never overwritten. Raises `Unavailable`.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        condition: Any = {} if file.replaces else {"IfNoneMatch": "*"}
        try:
            with SpooledTemporaryFile(max_size=_HELD_BYTES) as body:
                encode_entries(file.entries, body)
                body.seek(0)
                self._calls(
                    within_secs,
                    self._client.put_object,
                    Bucket=self._bucket,
                    Key=quarantine_key(file),
                    Body=body,
                    ContentType="application/x-ndjson",
                    **self._owner,
                    **condition,
                )
        except AwsError as error:
            code = code_of(error)
            if code in _EXISTS and not file.replaces:
                return
            if why := unanswered(error):
                raise Unavailable(f"the quarantine bucket cannot be reached: {why}") from error
            raise Unavailable(f"the quarantine bucket answers {code}; allow the function to write it") from error


def quarantine_key(file: QuarantineFile) -> str:
    """Return the object key of a quarantine file."""
    name = f"{file.source.state_hash}-{file.start:016d}-{file.run}.jsonl.gz"
    return f"{QUARANTINE_PREFIX}route={file.route}/{file.day}/{name}"
