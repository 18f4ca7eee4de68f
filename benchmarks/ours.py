"""The one place where benchmarks touch the transform: captures made into request bodies by the product's parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from benchmarks.data import MODEL_ID, SCHEMA
from capture_forwarder.destinations.arthur import Row
from capture_forwarder.domain.batch import Batch, Batcher, BatchLimits, Results
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import ReadingOptions
from capture_forwarder.formats.fast.path import FastPath, Ready, fast_path
from capture_forwarder.formats.lines import LineReader
from capture_forwarder.formats.transform import Decoded, Transform

_CHUNK_BYTES: Final = 256 * 1024
_MAX_LINE_BYTES: Final = 64 * 1024 * 1024


class _Nobody:
    """Somebody who waits for nothing: nothing is sent here."""

    owed = 0

    def settle(self, results: Results) -> None:
        """Take no note of it."""


_NOBODY: Final = _Nobody()


def ours(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, as a run makes them. Raises `ValueError` if any of it is rejected."""
    return _bodies(path, fast_path(ReadingOptions(), SCHEMA))


def plain(path: Path) -> Iterator[bytes]:
    """Yield the same without the fast path."""
    return _bodies(path, None)


def _bodies(path: Path, fast: FastPath | None) -> Iterator[bytes]:
    transform, made = Transform(ReadingOptions(), SCHEMA), list[Batch]()
    batcher = Batcher(MODEL_ID, BatchLimits(), Row, made.append)
    with path.open("rb") as file:
        for line in LineReader(_chunks(file), _MAX_LINE_BYTES):
            ready = fast(line.data) if fast else None
            if ready is None:
                ready = _plain(transform, line)
            batcher.add_typed(_NOBODY, _NOBODY, ready.ids, ready.time, ready.rows)
            if made:
                yield from (batch.body for batch in made)
                made.clear()
    batcher.flush()
    yield from (batch.body for batch in made)


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
