"""The bytes of one object, from however many answers of S3 it takes.

S3 may end a stream that is read slowly, and a connection may break. Then the rest of the same version is requested.

Verified: each answer has as many bytes as it announces. An object that is read from its start has the checksum
that S3 stores for the whole of it, if botocore knows the algorithm; also if it took several answers. Not verified:
objects whose reading begins later, checksums of parts (multipart uploads), and objects with a chunk that came too late.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from capture_forwarder.aws.errors import AwsError, TimedOut
from capture_forwarder.aws.s3_errors import unavailable
from capture_forwarder.aws.timed import TimedCalls, shut_down
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import SourceDamaged, SourceDenied, SourceUnavailable
from capture_forwarder.ports import TimeLeft

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

# Asks S3 for the bytes from an offset on, of the version with an etag. Raises `SourceUnavailable`.
Reopen = Callable[[int, str], "GetObjectOutputTypeDef"]

_CHUNK_BYTES = 256 * 1024
# A chunk that takes longer is asked for anew. botocore's timeout for one wait is shorter.
_CHUNK_SECS = 15.0
# A stream is opened again so often in a row without a byte of progress.
_TRIES = 3
_FIRST_PAUSE_SECS = 0.1


class S3Stream:
    """Reads one object from `start` on. Raises `SourceUnavailable` if `answer` is not the part that was asked for."""

    def __init__(
        self,
        source: CaptureObject,
        start: int,
        answer: "GetObjectOutputTypeDef",
        *,
        reopen: Reopen,
        calls: TimedCalls,
        left_secs: TimeLeft,
        sleep: Callable[[float], None],
    ) -> None:
        self._source = source
        self._position = start
        self._first = answer
        self._end = object_size(source, answer, start)
        self._reopen = reopen
        self._calls = calls
        self._left_secs = left_secs
        self._sleep = sleep
        self._part: _Part | None = None
        # Of the bytes so far, from the start of the object; `None` if it cannot be verified.
        self._checksum: Any = None

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes. Reading them raises `SourceUnavailable`, `SourceDenied` or `SourceDamaged`.

        The answer is closed at their end, or when the iterator is dropped, also if no chunk was read.
        """
        chunks = self._chunks()
        next(chunks)  # a generator that has not begun would not run its `finally`
        return chunks

    def _chunks(self) -> Iterator[bytes]:
        try:
            self._begin(self._first, _CHUNK_BYTES)
            yield b""
            while self._position < self._end:
                chunk = self._next()
                self._count(chunk)
                yield chunk
            self._verify()
        finally:
            self._close()

    def _next(self) -> bytes:
        """Return the next chunk, from a new answer if the stream breaks."""
        broken = 0
        while True:
            try:
                part = self._part or self._open_again(_CHUNK_BYTES >> 4 * broken)
                return part.chunk(min(self._left_secs(), _CHUNK_SECS))
            except (SourceDenied, SourceDamaged):
                raise
            except SourceUnavailable:
                self._close()
                pause_secs = _FIRST_PAUSE_SECS * 2.0**broken
                if broken == _TRIES or pause_secs >= self._left_secs():
                    raise
            self._sleep(pause_secs)
            broken += 1

    def _open_again(self, chunk_bytes: int) -> "_Part":
        """Open the object where it broke. Smaller chunks make progress even if S3 sends little before it breaks."""
        etag = self._first.get("ETag")
        if not etag:
            raise SourceUnavailable(f"{self._source.uri}: the stream broke off, and S3 named no etag to read on with")
        answer = self._reopen(self._position, etag)
        if object_size(self._source, answer, self._position) != self._end or answer.get("ETag") != etag:
            answer["Body"].close()
            raise SourceUnavailable(f"{self._source.uri}: S3 sent another version than the one that was begun")
        return self._begin(answer, chunk_bytes)

    def _begin(self, answer: "GetObjectOutputTypeDef", chunk_bytes: int) -> "_Part":
        body = answer["Body"]
        if self._position == 0:
            self._checksum = getattr(body, "checksum", None)
            self._first = answer
        self._part = _Part(self._source, body, self._position, self._end, self._calls, chunk_bytes)
        return self._part

    def _count(self, chunk: bytes) -> None:
        self._position += len(chunk)
        # botocore counts the chunks of an answer from the start of the object.
        if self._checksum and self._part and self._part.start:
            self._checksum.update(chunk)

    def _close(self) -> None:
        if self._part:
            if self._part.is_late:
                self._checksum = None  # it may cover a chunk that came too late, and that is read again
            self._part.close()
            self._part = None

    def _verify(self) -> None:
        """Compare the checksum of all bytes with the one that S3 stores. Raises `SourceDamaged`."""
        stored = self._first["ResponseMetadata"]["HTTPHeaders"]
        values = [value for name, value in stored.items() if name.startswith("x-amz-checksum-")]
        if self._checksum and self._checksum.b64digest() not in values:
            raise SourceDamaged(f"{self._source.uri}: the bytes that arrived do not have the checksum that S3 stores")


class _Part:
    """The body of one answer, from byte `start` of the object to before `end`. It is read one chunk ahead."""

    def __init__(
        self,
        source: CaptureObject,
        body: "StreamingBody",
        start: int,
        end: int,
        calls: TimedCalls,
        chunk_bytes: int,
    ) -> None:
        self.start = start
        self.is_late = False
        self._source = source
        self._body = body
        self._left_bytes = end - start
        self._calls = calls
        self._chunk_bytes = chunk_bytes
        self._reading = calls.begin(body.read, chunk_bytes)

    def chunk(self, within_secs: float) -> bytes:
        """Return the next chunk. Raises `SourceUnavailable`, also if the answer ends early."""
        try:
            chunk = self._reading.result(within_secs)
        except AwsError as error:
            self.is_late = isinstance(error, TimedOut)
            raise unavailable(self._source, error) from error
        if not chunk:
            raise SourceUnavailable(f"{self._source.uri}: S3 ended the stream early; a later try may succeed")
        self._left_bytes -= len(chunk)
        if self._left_bytes:
            self._chunk_bytes = min(_CHUNK_BYTES, 2 * self._chunk_bytes)
            self._reading = self._calls.begin(self._body.read, self._chunk_bytes)
        return chunk

    def close(self) -> None:
        """Close the answer. A thread that reads it ends at once."""
        body: Any = self._body
        shut_down(body._raw_stream.connection)  # noqa: SLF001 - botocore passes everything else on, but not this
        self._reading.abandon()
        self._reading.then(body.close)


def object_size(source: CaptureObject, answer: "GetObjectOutputTypeDef", start: int) -> int:
    """Return the size of the object.

    Raises `SourceUnavailable` if the answer does not go from `start` to the object's end; then it is closed.
    """
    length = answer.get("ContentLength", -1)
    size = start + length
    named = answer.get("ContentRange")
    if length >= 0 and (named == f"bytes {start}-{size - 1}/{size}" or (named is None and not start)):
        return size
    answer["Body"].close()
    raise SourceUnavailable(f"{source.uri}: S3 did not send the part of the object that was asked for")
