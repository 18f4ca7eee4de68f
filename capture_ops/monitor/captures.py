"""Inferences of an uploaded capture file, decoded by the forwarder's own code; pure."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureRecord, Line
from capture_forwarder.domain.delivery import Rejection, Skipped
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.envelope import decode_record
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.lines.reader import LineReader
from capture_ops.monitor.contract import CaptureFailure, Model, NewInference, RowAnswer, rejected

_MAX_LINE_BYTES = 64 * 1024 * 1024


class Captured(Struct, frozen=True):
    """One inference of a capture file, or its rejection, with its event and its index in the event."""

    event_id: str
    index: int
    row: NewInference | RowAnswer

    def failure(self, answer: RowAnswer) -> CaptureFailure:
        """Return `answer` in the form that the contract has for failures."""
        return CaptureFailure(answer.message, answer.status, self.event_id, self.index)


def read_captures(chunks: Iterable[bytes], model: Model) -> Iterator[Captured]:
    """Yield every inference and rejection of a capture file. Skipped lines, such as blank ones, give none."""
    plain = PlainPath(DecodingOptions(), ModelSchema(model.attributes) if model.attributes else None)
    for line in LineReader(chunks, _MAX_LINE_BYTES):
        outcome = plain(line)
        if isinstance(outcome, Skipped):
            continue
        event_id = _event_id(line)
        for part in outcome.rows if isinstance(outcome, Decoded) else (outcome,):
            yield Captured(event_id, part.index or 0, _row(part))


def _row(part: Inference | Rejection) -> NewInference | RowAnswer:
    if isinstance(part, Rejection):
        return rejected([f"line {part.line}: {part.code}: {part.why}"])
    return NewInference(part.partner_inference_id, part.inference_timestamp, part.data)


def _event_id(line: Line) -> str:
    # The contract requires a string, also for a line without an event id.
    record = decode_record(line.data)
    return record.event_id if isinstance(record, CaptureRecord) else ""
