"""The one place where benchmarks touch the transform: captures made into request bodies by the product's parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from benchmarks.data import MODEL_ID, SCHEMA
from capture_forwarder.destinations.arthur import write_row
from capture_forwarder.domain.batch import Batcher, BatchLimits, Parcel
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import ReadingOptions
from capture_forwarder.formats.fast.path import FastPath, Ready, fast_path
from capture_forwarder.formats.lines import LineReader
from capture_forwarder.formats.transform import Decoded, Transform

_CHUNK_BYTES: Final = 256 * 1024
_MAX_LINE_BYTES: Final = 64 * 1024 * 1024


class _Nobody:
    """A claim that nobody waits for: nothing is sent here."""

    def settle(self, parcel: Parcel, result: RowResult) -> None:
        """Take no note of it."""


_NOBODY: Final = _Nobody()


def ours(path: Path) -> Iterator[bytes | bytearray]:
    """Yield the request bodies of a capture file, as a run makes them. Raises `ValueError` if any of it is rejected."""
    return _bodies(path, fast_path(ReadingOptions(), SCHEMA))


def plain(path: Path) -> Iterator[bytes | bytearray]:
    """Yield the same without the fast path."""
    return _bodies(path, None)


def _bodies(path: Path, fast: FastPath | None) -> Iterator[bytes | bytearray]:
    transform, batcher = Transform(ReadingOptions(), SCHEMA), Batcher(MODEL_ID, BatchLimits(), write_row)
    with path.open("rb") as file:
        for line in LineReader(_chunks(file), _MAX_LINE_BYTES):
            ready = fast(line.data) if fast else None
            if ready is None:
                ready = _plain(transform, line)
            for index, row_id in enumerate(ready.ids):
                if batch := batcher.add(_NOBODY, row_id, index, ready.time, ready.rows[index]):
                    yield batch.body
    if last := batcher.flush():
        yield last.body


def _plain(transform: Transform, line: Line) -> Ready:
    outcome = transform(line)
    rows = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    inferences = [row for row in rows if isinstance(row, Inference)]
    if len(inferences) < len(rows):
        raise ValueError(f"line {line.number} became {outcome}")
    return Ready(
        inferences[0].inference_timestamp,
        [inference.partner_inference_id for inference in inferences],
        [inference.data for inference in inferences],
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
