"""Both paths of one route, for tests that compare them."""

from collections.abc import Iterable

import msgspec

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled import CompiledPath, RowLists
from capture_forwarder.kinds.captures.compiled_calls import compile_reading
from capture_forwarder.kinds.captures.learned_calls import LEARNED
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.kinds.kind import EncodedRows
from tests.support.captures import Side, capture, encode_inference


class Paths:
    """Both paths of one route; every decoder of the compiled path is made in the test."""

    def __init__(self, model: ModelSchema | None, options: DecodingOptions | None = None) -> None:
        compile_reading.cache_clear()
        LEARNED.clear()
        self._apart = options is not None and options.form is RowForm.APART
        self.plain = PlainPath(options or DecodingOptions(), model)
        self.compiled = CompiledPath(options or DecodingOptions(), model, Row)

    def learn(self, line: bytes) -> None:
        """Let the compiled path learn how the plain path reads a line."""
        outcome = self.plain(Line(1, 0, len(line), line))
        if isinstance(outcome, Decoded):
            self.compiled.learn(outcome)

    def compare(self, calls: Iterable[tuple[Side, Side]]) -> None:
        """Compare the rows of both paths, after each call is learned and after all calls are."""
        lines = [capture(*call) for call in calls]
        for line in lines:
            self.learn(line)
            self.compiled_rows(line)
        for line in lines:
            self.compiled_rows(line)

    def compiled_rows(self, line: bytes) -> EncodedRows | None:
        """Return the rows of the compiled path, and check that the plain path makes the same; `None` if it refuses."""
        lists = RowLists()
        large = self.compiled([line], lists)
        assert len(lists.ids) == len(lists.rows) == sum(lists.counts), "other lines add no rows"
        assert not (large and lists.counts)
        if large is None and not lists.counts:
            return None
        rows = large or lists.encoded()
        outcome = self.plain(Line(1, 0, len(line), line))
        assert isinstance(outcome, Decoded)
        inferences = [row for row in outcome.rows if isinstance(row, Inference)]
        assert len(inferences) == len(outcome.rows)
        assert [row.partner_inference_id for row in inferences] == list(rows.ids)
        assert [self._encoded(row) for row in inferences] == [msgspec.json.encode(row) for row in rows.rows]
        assert {row.inference_timestamp for row in inferences} == {rows.time}
        assert self.compiled.left_out.take() == outcome.left_out
        return rows

    def _encoded(self, row: Inference) -> bytes:
        if self._apart:
            return msgspec.json.encode(Row(row.partner_inference_id, row.inference_timestamp, row.sides))
        return encode_inference(row)


def compiled_rows(line: bytes, model: ModelSchema, options: DecodingOptions | None = None) -> EncodedRows | None:
    """Return the rows that the compiled path makes of a line after it has learned how this line is read."""
    paths = Paths(model, options)
    paths.learn(line)
    return paths.compiled_rows(line)
