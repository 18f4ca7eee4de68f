"""The product's decoder for benchmarks: captures made into request bodies."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from benchmarks.data import MODEL_ID, SCHEMA
from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.forward.sending.batching import Batcher
from capture_forwarder.kinds.captures.compiled import CompiledPath
from capture_forwarder.kinds.captures.decoder import CaptureDecoder
from capture_forwarder.kinds.captures.plain import PlainPath
from capture_forwarder.lines.reader import LineReader

_CHUNK_BYTES: Final = 256 * 1024
_MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_LIMITS: Final = BatchLimits()
_OPTIONS: Final = DecodingOptions()


class _NoResults:
    """A recorder that is never called: no request is sent here."""

    def record(self, span: LineSpan, start: int, ids: Sequence[str], results: Sequence[RowResult]) -> None:
        """Do nothing."""


def ours(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, as a run makes them. Raises `ValueError` if a line is rejected."""
    return _bodies(path, CaptureDecoder(PlainPath(_OPTIONS, SCHEMA), CompiledPath(_OPTIONS, SCHEMA, Row), Row))


def without_schema(path: Path) -> Iterator[bytes]:
    """Yield the bodies that a route without a schema makes."""
    return _bodies(path, CaptureDecoder(PlainPath(_OPTIONS), CompiledPath(_OPTIONS, None, Row), Row))


def plain_without_schema(path: Path) -> Iterator[bytes]:
    """Yield the same by the plain path alone."""
    return _bodies(path, CaptureDecoder(PlainPath(_OPTIONS), None, Row))


def plain(path: Path) -> Iterator[bytes]:
    """Yield the same by the plain path alone."""
    return _bodies(path, CaptureDecoder(PlainPath(_OPTIONS, SCHEMA), None, Row))


def _bodies(path: Path, decoder: CaptureDecoder) -> Iterator[bytes]:
    bodies: list[bytes] = []
    recorder = _NoResults()
    batcher = Batcher(MODEL_ID, _LIMITS, lambda batch, _: bodies.append(batch.body))
    with path.open("rb") as file:
        for span in decoder.decode(LineReader(_chunks(file), _MAX_LINE_BYTES), _LIMITS.max_inferences):
            if span.rejections:
                raise ValueError(f"line {span.span.number} became {span.rejections}")
            batcher.add(recorder, span.span, span.rows.ids, span.rows.rows)
            del span  # as in a run
            yield from bodies
            bodies.clear()
    batcher.flush()
    yield from bodies


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
