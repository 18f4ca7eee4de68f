"""The one place where benchmarks touch the transform: captures made into request bodies by the product's parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from benchmarks.data import MODEL_ID, SCHEMA
from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batcher, BatchLimits
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.kinds.captures.compiled import FastPath, fast_path
from capture_forwarder.kinds.captures.plain import Decoded, Transform
from capture_forwarder.kinds.captures.spans import DecodedSpan, decode_spans
from capture_forwarder.lines.reader import LineReader

_CHUNK_BYTES: Final = 256 * 1024
_MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_LIMITS: Final = BatchLimits()


def _unheard(start: int, ids: list[str], results: list[RowResult]) -> None:
    """Tell nobody: nothing is sent here."""


def ours(path: Path) -> Iterator[bytes]:
    """Yield the request bodies of a capture file, as a run makes them. Raises `ValueError` if any of it is rejected."""
    return _bodies(path, fast_path(DecodingOptions(), SCHEMA, Row))


def plain(path: Path) -> Iterator[bytes]:
    """Yield the same without the fast path."""
    return _bodies(path, None)


def _bodies(path: Path, fast: FastPath | None) -> Iterator[bytes]:
    transform, made = Transform(DecodingOptions(), SCHEMA), list[bytes]()
    batcher = Batcher(MODEL_ID, _LIMITS, lambda batch, _: made.append(batch.body))
    with path.open("rb") as file:
        for gathered in decode_spans(LineReader(_chunks(file), _MAX_LINE_BYTES), fast, _LIMITS.max_inferences):
            batcher.add(_unheard, *(_plain(transform, gathered) if isinstance(gathered, Line) else _rows(gathered)))
            yield from made
            made.clear()
    batcher.flush()
    yield from made


def _rows(gathered: DecodedSpan) -> tuple[list[str], list[object]]:
    return gathered.ready.ids, gathered.ready.rows


def _plain(transform: Transform, line: Line) -> tuple[list[str], list[object]]:
    outcome = transform(line)
    rows = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    made = [row for row in rows if isinstance(row, Inference)]
    if len(made) < len(rows):
        raise ValueError(f"line {line.number} became {outcome}")
    return [one.partner_inference_id for one in made], [
        Row(one.partner_inference_id, one.inference_timestamp, one.data) for one in made
    ]


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
