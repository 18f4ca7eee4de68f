"""Objects in S3, read in exactly the version that the event names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from capture_forwarder.aws.errors import code_of
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, RejectionCode, SourceUnavailable, Superseded
from capture_forwarder.ports import OpenObject, TimeLeft

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client

_CHUNK_BYTES = 256 * 1024
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}


class S3ObjectStore:
    """Reads objects by version id if there is one, else by etag, so that a run never mixes two versions."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
        """Return the bytes from `start` on, or the reason why they can never be read. Raises `SourceUnavailable`."""
        del left_secs
        try:
            answer = self._client.get_object(**_request(source, start))
        except ClientError as error:
            return _answer(source, error)
        except BotoCoreError as error:
            raise SourceUnavailable(f"{source.uri}: {type(error).__name__}") from error
        return OpenObject(_chunks(source, answer["Body"]), answer["LastModified"])


def _request(source: CaptureObject, start: int) -> Any:
    request = {"Bucket": source.bucket, "Key": source.key} | ({"Range": f"bytes={start}-"} if start else {})
    if source.version_id and source.version_id != "null":
        return request | {"VersionId": source.version_id}
    return request | ({"IfMatch": source.etag} if source.etag else {})


def _answer(source: CaptureObject, error: ClientError) -> OpenObject | Reason | Superseded:
    code = code_of(error)
    if code in _GONE:
        return Reason(RejectionCode.OBJECT_GONE, f"{source.uri} was deleted before it was read")
    if code == "InvalidRange":
        return OpenObject(iter(()))  # the offset is the end of the object
    if code == "InvalidObjectState":
        return Reason(RejectionCode.OBJECT_ARCHIVED, f"{source.uri} is archived; restore it and send its event again")
    if code in {"PreconditionFailed", "412"}:
        return Superseded()
    raise SourceUnavailable(f"{source.uri}: S3 answers {code}; {_ADVICE.get(code, 'it is tried again')}") from error


_ADVICE = {
    "AccessDenied": "allow the function s3:GetObject there, and kms:Decrypt on the bucket's key",
    "NoSuchBucket": "the route names a bucket that does not exist",
}


def _chunks(source: CaptureObject, body: "StreamingBody") -> Iterator[bytes]:
    try:
        while chunk := body.read(_CHUNK_BYTES):
            yield chunk
    except (BotoCoreError, HTTPError, OSError) as error:
        raise SourceUnavailable(f"{source.uri}: reading failed with {type(error).__name__}") from error
    finally:
        body.close()
