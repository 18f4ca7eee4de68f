"""`inspect`: the inferences and rejections of a capture file, without sending them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

import msgspec

from capture_forwarder.configuration.settings import FunctionSettings, Settings
from capture_forwarder.domain.conservation import LineCounts
from capture_forwarder.domain.delivery import Rejection, RejectionCode, Skipped
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.kinds.captures.noticing import InferenceIds
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.lines.reader import LineReader
from capture_ops.commands.inspect_source import Source, route_of
from capture_ops.terminal.tables import counted, ends_of_lines

Part = Inference | Rejection | Skipped

_SHOWN_LINES = 10
_NO_CAPTURES = {RejectionCode.LINE_NOT_JSON, RejectionCode.NOT_A_CAPTURE}
_CAPTURES = "Data Capture writes one JSON object a line; check the name of the file."
_REMEDY = 'Set the route\'s id_source = "event-id", or let callers send an id of its own for each call.'


class Inspection:
    """The rows of a capture file, their counts, and notes about its calls: complete when all rows were read.

    Raises `CommandError` for a target or a route that is named wrongly, `Unavailable` if a schema cannot be read now.
    """

    def __init__(
        self, target: str, settings: Settings | None = None, route_name: str | None = None, key: str | None = None
    ) -> None:
        self._source = Source.parse(target)
        self._decode = _plain_path(settings, self._source, route_name, key)
        self._limits = settings.function if settings else FunctionSettings()
        self._ids = InferenceIds()
        self._lines = LineCounts()
        self._inferences = 0
        self._rejected: Counter[RejectionCode] = Counter()
        self._reused_in: list[int] = []
        self._reused = 0
        self._left_out = 0

    def __iter__(self) -> Iterator[Part]:
        """Yield every row and every rejected or skipped line of the target as they are read.

        Raises `CommandError` if the target does not exist or is binary, `Unavailable` if it cannot be read now.
        """
        for line in LineReader(self._source.chunks(), self._limits.max_line_bytes):
            self._lines.read += 1
            outcome = self._decode(line)
            match outcome:
                case Decoded():
                    self._lines.decoded += 1
                    self._notice(outcome, line.number)
                    yield from self._counted(outcome.rows)
                case Rejection():
                    self._lines.rejected[outcome.code] += 1
                    yield outcome
                case Skipped():
                    self._lines.skipped[outcome.reason] += 1
                    yield outcome

    @property
    def yielded(self) -> int:
        """How many rows and rejected or skipped lines were yielded."""
        return self._inferences + sum(
            counts.total() for counts in (self._rejected, self._lines.rejected, self._lines.skipped)
        )

    def summary(self) -> str:
        """Return the counts of the lines and rows that were read."""
        if not self._lines.read:
            return f"{self._source.name} is empty."
        rows = f"{self._inferences + self._rejected.total()} made, {self._inferences} would be sent, "
        rows += counted("rejected", self._rejected)
        return f"lines: {self._lines.read} read, {ends_of_lines(self._lines)}; rows: {rows}"

    def notes(self) -> Iterator[str]:
        """Yield a sentence for everything that was noticed."""
        if self._reused:
            lines = ", ".join(map(str, self._reused_in)) + (", ..." if self._reused > len(self._reused_in) else "")
            reused = f"{self._reused} call(s) have an inference id that came before with other content"
            yield f"{reused}: line {lines}. {_REMEDY}"
        if self._lines.rejected and self._lines.rejected.keys() <= _NO_CAPTURES and not self._lines.decoded:
            yield f"{self._source.name} holds no captures. {_CAPTURES}"
        if self._left_out:
            yield f"{self._left_out} captured value(s) are not data and are left out."

    def _counted(self, rows: Iterable[Inference | Rejection]) -> Iterator[Inference | Rejection]:
        for row in rows:
            if isinstance(row, Rejection):
                self._rejected[row.code] += 1
            else:
                self._inferences += 1
            yield row

    def _notice(self, decoded: Decoded, line: int) -> None:
        self._left_out += decoded.left_out
        self._ids.see_call(decoded.record, decoded.call_id)
        if self._ids.take():
            self._reused += 1
            if len(self._reused_in) < _SHOWN_LINES:
                self._reused_in.append(line)


def as_json(part: Part) -> str:
    """Return `part` as one line of `inspect --json`."""
    return msgspec.json.encode(_fields(part)).decode()


def _fields(part: Part) -> dict[str, Any]:
    match part:
        case Inference():
            return {
                "kind": "inference",
                "partner_inference_id": part.partner_inference_id,
                "inference_timestamp": part.inference_timestamp,
                "inputs": part.inputs,
                "outputs": part.outputs,
                "line": part.line,
                "index": part.index,
            }
        case Rejection():
            row = {} if part.index is None else {"index": part.index}
            return {"kind": "rejection", "code": part.code, "line": part.line, "why": part.why} | row
        case Skipped():
            return {"kind": "skipped", "reason": part.reason, "line": part.line}


def _plain_path(settings: Settings | None, source: Source, route_name: str | None, key: str | None) -> PlainPath:
    if settings is None:
        return PlainPath(DecodingOptions())
    route = route_of(settings, source, route_name, key)
    if not route.schema_from_model:
        return PlainPath(route.decoding, route.schema)
    from capture_forwarder.bootstrap import target  # only here: the AWS libraries take long to import

    destination = next(one for one in settings.destination if one.name == route.destination)
    schemas = target(destination).schemas
    return PlainPath(route.decoding, schemas.schema(route.model_id, within_secs=inf) if schemas else None)
