"""Promises about any line: it is counted once, its rows can be encoded, ids differ, and no rejection quotes data."""

import json
from typing import Any

import msgspec

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import Rejection, Skipped
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import (
    DecodingOptions,
    IdSource,
    Layout,
    OneSided,
    PayloadOptions,
    UnknownAttributes,
)
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.compiled import CompiledPath, RowLists
from capture_forwarder.kinds.captures.plain import Decoded, Outcome, PlainPath
from tests.support.captures import encode_inference

_MAX_WHY_CHARS = 400


class BothPaths:
    """The plain path; wherever the compiled path decodes a line, it must make the same."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema) -> None:
        self._plain = PlainPath(options, schema)
        self._compiled = CompiledPath(options, schema, Row)

    def __call__(self, line: Line) -> Outcome:
        """Return the outcome of the plain path; check the compiled path before and after it learns from the line."""
        outcome = self._plain(line)
        self._check(line, outcome)
        if isinstance(outcome, Decoded):
            self._compiled.learn(outcome)
            self._check(line, outcome)
        return outcome

    def _check(self, line: Line, outcome: Outcome) -> None:
        lists = RowLists()
        large = self._compiled([line.data], lists)
        if large is None and not lists.counts:
            return
        compiled = large or lists.encoded()
        assert isinstance(outcome, Decoded)
        rows = [row for row in outcome.rows if isinstance(row, Inference)]
        assert len(rows) == len(outcome.rows)
        assert [row.partner_inference_id for row in rows] == list(compiled.ids)
        assert [encode_inference(row) for row in rows] == [msgspec.json.encode(row) for row in compiled.rows]


Reader = PlainPath | BothPaths


def routes() -> dict[str, Reader]:
    """Return readers with every kind of option; hostile lines meet each."""
    pinned = {
        str(layout): PlainPath(DecodingOptions(input=PayloadOptions("application/json", layout)))
        for layout in Layout
        if layout is not Layout.ROWS
    }
    forward = DecodingOptions(one_sided=OneSided.FORWARD, id_source=IdSource.EVENT_ID)
    header = PayloadOptions(content_type="text/csv", csv_header=True)
    both: dict[str, Reader] = {
        **pinned,
        "default": PlainPath(DecodingOptions()),
        "forward": PlainPath(forward),
        "header": PlainPath(DecodingOptions(input=header, output=header, one_sided=OneSided.FORWARD)),
        "jsonlines": PlainPath(DecodingOptions(output=PayloadOptions("application/jsonlines"))),
        "short ids": PlainPath(DecodingOptions(max_partner_id_chars=37)),
        **{f"schema of {kind}": BothPaths(_DROP, _schema(kind)) for kind in ValueType},
        "strict schema": BothPaths(DecodingOptions(), _schema(ValueType.FLOAT)),
        "schema of two": BothPaths(DecodingOptions(), _two(ValueType.FLOAT)),
        "schema of two texts": BothPaths(DecodingOptions(), _two(ValueType.STRING)),
    }
    return both


_DROP = DecodingOptions(one_sided=OneSided.FORWARD, unknown_attributes=UnknownAttributes.DROP)


def _schema(kind: ValueType) -> ModelSchema:
    names = ("a", "a.b", "a_0", "prob", "features", "data", "message")
    inputs = [Attribute(name, Stage.PIPELINE_INPUT, kind, at) for at, name in enumerate(names)]
    answers = [Attribute(f"p{at}", Stage.PREDICTED_VALUE, kind, at, implicit=at == 0) for at in range(2)]
    return ModelSchema((*inputs, *answers))


def _two(kind: ValueType) -> ModelSchema:
    """Return a schema of as few values as most captures of the seed corpus have that are short."""
    inputs = [Attribute(f"i{at}", Stage.PIPELINE_INPUT, kind, at) for at in range(2)]
    return ModelSchema((*inputs, Attribute("p", Stage.PREDICTED_VALUE, kind, 0)))


def ending(data: bytes, transform: Reader) -> str:
    """Return the kind of outcome of a line. Raises `AssertionError` if a promise is broken."""
    line = Line(7, 1000, 1000 + len(data) + 1, data)
    outcome = transform(line)
    check(outcome, line)
    match outcome:
        case Rejection():
            return f"rejected: {outcome.code}"
        case Skipped():
            return f"skipped: {outcome.reason}"
        case Decoded():
            refused = next((f", but a row: {row.code}" for row in outcome.rows if isinstance(row, Rejection)), "")
            return f"decoded{refused}"


def check(outcome: Outcome, line: Line) -> None:
    """Check every promise for one outcome."""
    if isinstance(outcome, Skipped):
        assert outcome.line == line.number
        return
    if isinstance(outcome, Rejection):
        _check_rejection(outcome, line, None)
        return
    assert outcome.rows, "a decoded line has at least one row, else it is missing from both equations"
    for index, row in enumerate(outcome.rows):
        if isinstance(row, Rejection):
            _check_rejection(row, line, index)
        else:
            _check_inference(row, line, index, len(outcome.rows))
    ids = [row.partner_inference_id for row in outcome.rows if isinstance(row, Inference)]
    assert len(set(ids)) == len(ids), "two rows of one call share an id"


def _check_rejection(rejection: Rejection, line: Line, index: int | None) -> None:
    assert (rejection.line, rejection.offset, rejection.index) == (line.number, line.offset, index)
    assert len(rejection.why) <= _MAX_WHY_CHARS, "a sentence of that length quotes captured data"
    rejection.why.encode("utf-8")


def _check_inference(row: Inference, line: Line, index: int, count: int) -> None:
    assert (row.line, row.index) == (line.number, index)
    assert row.partner_inference_id.endswith(f"_{index}") or count == 1
    sent = json.loads(encode_inference(row), parse_constant=_refuse)
    assert sent.keys() == {"partner_inference_id", "inference_timestamp", "inference_data"}
    assert sent["partner_inference_id"] == row.partner_inference_id
    assert sent["inference_data"] == _flat_row(row)
    assert len(sent["inference_data"]) == len(row.inputs) + len(row.outputs), "two values have one name"


def _flat_row(row: Inference) -> dict[str, Any]:
    """Return the values of an inference under the names of one row: a name of both sides is the input's."""
    renamed = {f"output.{name}" if name in row.inputs else name: value for name, value in row.outputs.items()}
    return row.inputs | renamed


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")
