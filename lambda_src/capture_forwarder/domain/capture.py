"""Capture objects as SageMaker Data Capture writes them: objects of lines, one captured call a line.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote

from msgspec import Meta, Struct

from capture_forwarder.domain.delivery import Reason

Natural = Annotated[int, Meta(ge=0)]


class CaptureObject(Struct, frozen=True):
    """One S3 object as an event named it; `size` is in bytes."""

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    size: int | None = None

    @property
    def state_id(self) -> str | None:
        """The name of this version of the object; `None` if the event names neither etag nor version.

        Uses the etag if there is one, because S3 listings give no version id. Two versions with one etag hold the same
        captures.
        """
        state = self.etag or (self.version_id if self.version_id != "null" else None)
        return f"{self.bucket}/{self.key}#{state}" if state else None

    @property
    def state_hash(self) -> str:
        """A short name of this version of the object, for names of files and for items that hold several objects."""
        return sha256((self.state_id or self.uri).encode()).hexdigest()[:32]

    @property
    def uri(self) -> str:
        """The address `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


# Below the prefix SageMaker writes endpoint/variant/yyyy/mm/dd/hh/file:
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
_KEY = re.compile(r"(?:.*/)?([^/]+)/([^/]+)/(\d{4}/\d\d/\d\d/\d\d)/[^/]+", re.DOTALL)
_SAFE = ":@!$&'()*+,;=~"


class CaptureOrigin(Struct, frozen=True):
    """The endpoint and the variant that a capture object comes from, each percent-encoded as a part of a URI.

    An object whose key SageMaker did not make has its folder, `s3://bucket/folder`, in place of the endpoint, and no
    variant.
    """

    endpoint: str
    variant: str | None = None

    @classmethod
    def of(cls, source: CaptureObject) -> "CaptureOrigin":
        """Return the origin of `source`, from its key."""
        if found := _KEY.fullmatch(source.key):
            return cls(quote(found[1], safe=_SAFE), quote(found[2], safe=_SAFE))
        folder = source.key.rpartition("/")[0]
        return cls(quote(f"s3://{source.bucket}/{folder}", safe=f"{_SAFE}/"))


def capture_hour(source: CaptureObject) -> datetime | None:
    """Return the hour in the key of `source`; `None` if the key has none."""
    found = _KEY.fullmatch(source.key)
    try:
        return datetime.strptime(found[3], "%Y/%m/%d/%H").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


class ReadOffset(Struct, frozen=True):
    """The place at which reading starts: bytes and lines of the uncompressed stream before it.

    `compressed` says that the object is gzip.
    """

    offset: Natural = 0
    lines: Natural = 0
    compressed: bool = False

    @property
    def first_byte(self) -> int:
        """The byte of the stored object to read from: gzip can be read from its start only."""
        return 0 if self.compressed else self.offset


class Work(Struct, frozen=True):
    """One object to forward: from which offset, how often it was requeued, and whether a backfill asked for it.

    `pending_since_secs` is the time at which it first had to wait for a retry, in seconds since the epoch. It is 0.0 if
    the object does not wait for one. `blocked_since_secs` is the time since which it has needed a person, or 0.0.
    """

    source: CaptureObject
    read_offset: ReadOffset = ReadOffset()
    requeue_count: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    backfill: bool = False
    pending_since_secs: Annotated[float, Meta(ge=0)] = 0.0
    blocked_since_secs: Annotated[float, Meta(ge=0)] = 0.0

    @property
    def group(self) -> "str | Work":
        """The key by which works for one version of an object are grouped.

        A work without etag and version is a group of its own.
        """
        return self.source.state_id or self


class Line(Struct, frozen=True, gc=False):
    """One line of an object: `number` counts from 1, `offset` and `end` are bytes of the uncompressed stream.

    A line that could not be read has a `reason` and no data.
    """

    number: int
    offset: int
    end: int
    data: bytes
    reason: Reason | None = None


class Encoding(StrEnum):
    """The encoding of a body in the record. A body whose content type no header lists is BASE64."""

    CSV = "CSV"
    JSON = "JSON"
    BASE64 = "BASE64"


class Media(StrEnum):
    """The media types whose text holds values, by family."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonlines"
    TEXT = "text"


_MEDIA = {
    "text/csv": Media.CSV,
    "application/csv": Media.CSV,
    "application/json": Media.JSON,
    "text/json": Media.JSON,
    "application/jsonlines": Media.JSON_LINES,
    "application/x-jsonlines": Media.JSON_LINES,
    "application/jsonl": Media.JSON_LINES,
    "application/x-ndjson": Media.JSON_LINES,
    "application/ndjson": Media.JSON_LINES,
    "text/plain": Media.TEXT,
    # SageMaker JumpStart: one text, and a list of texts that is one call.
    "application/x-text": Media.TEXT,
    "application/list-text": Media.JSON,
    # NumPy: read as the list that the array would be in JSON.
    "application/x-npy": Media.JSON,
    "application/x-npz": Media.JSON,
}


def media_of(content_type: str) -> Media | None:
    """Return the family of `content_type`, or `None` if it is not known; case and parameters do not matter."""
    essence = content_type.partition(";")[0].strip().lower()
    return Media.JSON if essence.endswith("+json") else _MEDIA.get(essence)


class Payload(Struct, frozen=True, gc=False):
    """One side of a call: the body as text, and the content type that the caller or the container declared."""

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
