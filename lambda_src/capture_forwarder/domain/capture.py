"""What SageMaker Data Capture writes: objects of lines, each line one captured call.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason


class CaptureObject(Struct, frozen=True):
    """One S3 object of captures, as an event named it; `size` is in bytes."""

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    size: int | None = None

    @property
    def state_id(self) -> str | None:
        """What names this very state of the object, or `None` if the event named only its place.

        The etag before the version: events name both, a listing only the etag, and both must mean the same state. Two
        versions of one etag hold the same captures.
        """
        state = self.etag or (self.version_id if self.version_id != "null" else None)
        return f"{self.bucket}/{self.key}#{state}" if state else None

    @property
    def uri(self) -> str:
        """`s3://bucket/key`, for people."""
        return f"s3://{self.bucket}/{self.key}"


class ReadOffset(Struct, frozen=True):
    """Where to go on reading: bytes and lines of the uncompressed stream that are behind us, and if it is gzip."""

    offset: int = 0
    lines: int = 0
    compressed: bool = False


class Work(Struct, frozen=True):
    """One object to forward: from which offset, how often it was requeued, and whether a backfill asked for it."""

    source: CaptureObject
    read_offset: ReadOffset = ReadOffset()
    requeue_count: int = 0
    backfill: bool = False

    @property
    def state(self) -> "str | Work":
        """What works for one state of an object have in common; a work of which the state is not known is by itself."""
        return self.source.state_id or self


class Line(Struct, frozen=True, gc=False):
    """One line of a capture object: `number` counts from 1, `offset` and `end` are bytes of the uncompressed stream.

    A line that could not be read has a `refusal` in place of its data.
    """

    number: int
    offset: int
    end: int
    data: bytes
    refusal: Reason | None = None


class Encoding(StrEnum):
    """How SageMaker put the body into the record; what no content-type header lists becomes BASE64."""

    CSV = "CSV"
    JSON = "JSON"
    BASE64 = "BASE64"


class Payload(Struct, frozen=True, gc=False):
    """One direction of a call: the body as text, and what the caller or container said it was."""

    data: str
    encoding: Encoding
    content_type: str | None = None


class CaptureRecord(Struct, frozen=True, gc=False):
    """One captured call of an endpoint; a side that was not captured is `None`."""

    event_id: str
    inference_time: datetime
    inference_id: str | None = None
    input: Payload | None = None
    output: Payload | None = None
