"""Objects in S3, read in exactly the version that the event names."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.s3_errors import impossible_name, object_size, outcome
from capture_forwarder.aws.s3_stream import S3Stream
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, SourceDamaged, SourceUnavailable, Superseded
from capture_forwarder.ports import OpenObject, TimeLeft

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

# Four attempts of botocore to connect take about as long.
_OPEN_SECS = 30.0
_NO_OWNERS: Mapping[str, str] = MappingProxyType({})


class S3ObjectStore:
    """Reads objects by version id if there is one, else by etag, so that a run never mixes two versions.

    `owners` has the account of each bucket whose owner is known: S3 refuses the request if it belongs to another.
    `sleep` waits before a stream that broke off is opened again.
    """

    def __init__(
        self,
        client: "S3Client",
        owners: Mapping[str, str] = _NO_OWNERS,
        calls: TimedCalls | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._owners = owners
        self._calls = calls or TimedCalls()
        self._sleep = sleep
        # botocore asks for the region of a bucket that S3 redirects without a region, and follows a redirection of that
        # question in the same way, until the stack of Python overflows. It never asks if it has an answer.
        client.meta.events.register("before-call.s3.HeadBucket", _no_region, unique_id="capture-forwarder-no-region")

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
        """Return the bytes from `start` on, or the reason why they can never be read.

        Raises `SourceUnavailable`, `SourceDenied` if a person must act, or `SourceDamaged` if `start` is past the end.
        """
        if reason := impossible_name(source):
            return reason
        try:
            answer = self._get(source, start, source.etag, left_secs)
        except ClientError as error:
            if code_of(error) == "InvalidRange":
                return _past_the_end(source, start, error)
            return self._outcome(source, error)
        except AwsError as error:
            return self._outcome(source, error)
        stream = S3Stream(
            source,
            start,
            answer,
            reopen=partial(self._reopen, source, left_secs),
            calls=self._calls,
            left_secs=left_secs,
            sleep=self._sleep,
        )
        return OpenObject(stream.chunks(), answer.get("LastModified"), answer.get("ContentType"))

    def _get(
        self, source: CaptureObject, start: int, etag: str | None, left_secs: TimeLeft
    ) -> "GetObjectOutputTypeDef":
        request: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
        if start:
            request["Range"] = f"bytes={start}-"
        if source.version_id and source.version_id != "null":
            request["VersionId"] = source.version_id
        elif etag:
            request["IfMatch"] = etag
        if owner := self._owners.get(source.bucket):
            request["ExpectedBucketOwner"] = owner
        return self._calls(min(left_secs(), _OPEN_SECS), self._client.get_object, **request)

    def _reopen(self, source: CaptureObject, left_secs: TimeLeft, start: int, etag: str) -> "GetObjectOutputTypeDef":
        try:
            return self._get(source, start, etag, left_secs)
        except AwsError as error:
            self._outcome(source, error)
            raise SourceUnavailable(f"{source.uri} was deleted or overwritten while it was read") from error

    def _outcome(self, source: CaptureObject, error: Exception) -> Reason | Superseded:
        owner = self._owners.get(source.bucket)
        return outcome(source, error, region=self._client.meta.region_name, owner=owner)


def _past_the_end(source: CaptureObject, start: int, error: ClientError) -> OpenObject:
    """Return no bytes if `start` is the end of the object. Raises `SourceDamaged` if it is not."""
    size = object_size(error)
    if size is None:
        raise SourceUnavailable(f"{source.uri}: S3 names no byte after {start}, and no size") from error
    if start < size:
        raise SourceUnavailable(f"{source.uri}: S3 names no byte after {start}, and a size of {size}") from error
    if start > size:
        raise SourceDamaged(f"{source.uri}: the offset {start} lies past the end, which is at {size} bytes") from error
    return OpenObject(iter(()))


def _no_region(**_: object) -> Any:
    """Answer HeadBucket without asking, and name no region."""
    return AWSResponse("", 200, HTTPHeaders(), None), {"ResponseMetadata": {"HTTPHeaders": {}}}
