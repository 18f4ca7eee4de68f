"""Notes about calls that can be read: inference ids used again, layouts that change, values left out."""

from typing import Any

import pytest

from capture_forwarder.domain.capture import CaptureRecord
from capture_forwarder.domain.conservation import ReadingCounts
from capture_forwarder.domain.route import DecodingOptions, IdSource, OneSided, Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.captures.noticing import InferenceIds, LayoutChanges, Noticing
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import base64_side, capture, csv_side, json_side, outcome_of

SCHEMA = ModelSchema(
    (
        Attribute("a", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("p", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    )
)
WITH_SCHEMA = pytest.mark.parametrize("schema", [SCHEMA, None], ids=["compiled", "plain"])


def noticed(lines: list[bytes], schema: ModelSchema | None, **options: Any) -> ReadingCounts:
    """Return the counts of all spans of a file."""
    route = Route(
        name="r", bucket="b", prefix="", destination="d", model_id="m", decoding=DecodingOptions(**options)
    )  # fmt: skip
    reader = LineReader(iter([b"".join(line + b"\n" for line in lines)]), 10_000_000)
    spans = CaptureKind().decoder(route, schema, lambda _id, _time, data: data).decode(reader, 100)
    return sum((span.noticed for span in spans if span.noticed), ReadingCounts())


def call(request: object, answer: object = "0.5", inference_id: str | None = "0", **metadata: str) -> bytes:
    """Return a line of CSV."""
    ids = {"inferenceId": inference_id} if inference_id is not None else {}
    return capture(csv_side(str(request)), csv_side(str(answer)), **ids, **metadata)


REUSED: dict[str, tuple[list[bytes], int]] = {
    "other inputs": ([call(1), call(2), call(3)], 2),
    "other outputs": ([call(1, 1), call(1, 2)], 1),
    "the first content again": ([call(1), call(2), call(1)], 1),
    "a call that was captured twice": ([call(1), call(1)], 0),
    "a call that was sent twice": ([call(1), call(1, eventId="another")], 0),
    "other ids": ([call(1), call(2, inference_id="1")], 0),
    "no ids": ([call(1, inference_id=None), call(2, inference_id=None)], 0),
    "empty ids": ([call(1, inference_id=""), call(2, inference_id="")], 0),
    "a line that the compiled path refuses": ([call(1), call('"2"'), call(3), call('"2"')], 3),
    "several rows": ([call("1\n2", "1\n2"), call("1\n3", "1\n2")], 1),
    "very many rows": ([call("1\n" * 9000, "1\n" * 9000), call("2\n" * 9000, "1\n" * 9000)], 1),
    "many calls": ([call(number % 7, inference_id=str(number % 3)) for number in range(300)], 255),
    "a rejected line": ([call(1), call("1\n2"), call(3)], 1),
}


@WITH_SCHEMA
@pytest.mark.parametrize(("lines", "count"), REUSED.values(), ids=REUSED)
def test_calls_with_the_id_of_an_earlier_call_are_counted(
    lines: list[bytes], count: int, schema: ModelSchema | None
) -> None:
    """Those with other content: the destination keeps one content of an id. Both paths see the ids of the other."""
    assert noticed(lines, schema).reused_ids == count


@WITH_SCHEMA
def test_inference_ids_that_are_not_sent_are_not_counted(schema: ModelSchema | None) -> None:
    """With `id_source = "event-id"` their callers may use ids twice."""
    assert noticed([call(1), call(2)], schema, id_source=IdSource.EVENT_ID).reused_ids == 0


@WITH_SCHEMA
def test_a_call_with_one_side_has_a_content(schema: ModelSchema | None) -> None:
    """The side that is missing is part of it."""
    lines = [
        capture(None, csv_side("1"), inferenceId="0"),
        capture(csv_side("1"), None, inferenceId="0"),
        capture(csv_side("1"), csv_side("1"), inferenceId="0"),
    ]
    assert noticed(lines, schema, one_sided=OneSided.FORWARD).reused_ids == 2


def test_the_number_of_ids_in_memory_is_bounded() -> None:
    """Ids that come again after ten thousand others are not noticed."""
    ids = InferenceIds()
    found = []
    for number in range(25_000):
        ids.see(str(number % 12_000), str(number), None)
        found.append(ids.take())
    assert sum(found) == 0
    ids.see("new", "x", None)
    ids.see("new", "y", None)
    assert [ids.take(), ids.take()] == [1, 0]


ONE_ROW = json_side([[1]])
IN_ONE_LINE = call("1\n2", "1,2")  # as XGBoost answers
CHANGES: dict[str, tuple[list[bytes], int]] = {
    "one way": ([capture(ONE_ROW, csv_side("1"))] * 3, 0),
    "another way": ([capture(ONE_ROW, csv_side("1")), capture(json_side({"instances": [[1]]}), csv_side("1"))], 1),
    "two ways in turns": (
        [capture(ONE_ROW, csv_side("1")), capture(json_side({"instances": [[1]]}), csv_side("1"))] * 3,
        1,
    ),
    "another content type": (
        [capture(ONE_ROW, csv_side("1")), capture(json_side({"instances": [[1]]}, "text/json"), csv_side("1"))],
        0,
    ),
    "another encoding": (
        [capture(ONE_ROW, csv_side("1")), capture(base64_side(b'{"instances": [[1]]}', "application/json"), csv_side("1"))],
        0,
    ),
    "CSV, then an answer in one line": ([call(1), call(2), call(3), IN_ONE_LINE], 1),
    "an answer in one line, then CSV": ([IN_ONE_LINE, call(2), call("\ufeff3")], 1),
    "answers in one line": ([IN_ONE_LINE] * 3, 0),
    "text without a type": ([capture(base64_side(b"1"), csv_side("1")), capture(base64_side(b"[1]"), csv_side("1"))], 1),
    "CSV that the compiled path refuses": ([call('"1"'), call('"2"')], 0),
    "CSV of both paths": ([call(1), call('"2"')], 0),
    "a rejected line": ([call(1, "a\nb"), call('"2"')], 0),
}  # fmt: skip


@WITH_SCHEMA
@pytest.mark.parametrize(("lines", "count"), CHANGES.values(), ids=CHANGES)
def test_records_that_are_read_in_a_new_way_are_counted(
    lines: list[bytes], count: int, schema: ModelSchema | None
) -> None:
    """The first record is no change, and a way that was there before is none either."""
    assert noticed(lines, schema).changed_layouts == count


def reading_of(line: bytes) -> tuple[CaptureRecord, Reading]:
    """Return a record, and how it is read."""
    outcome = outcome_of(line)
    assert isinstance(outcome, Decoded)
    return outcome.record, outcome.reading


def test_ways_of_reading_are_bounded() -> None:
    """Content types are captured data. After too many all are forgotten, and the next record is the first one."""
    layouts = LayoutChanges()
    _, other = reading_of(capture(json_side({"instances": [[1]]}), csv_side("1")))
    for number in range(64):
        record, reading = reading_of(capture(json_side([[1]], f"text/json; v={number}"), csv_side("1")))
        assert not layouts.count(record, reading, None)
    assert layouts.count(record, other, None)
    new, reading = reading_of(capture(json_side([[1]], "text/json; v=64"), csv_side("1")))
    assert not layouts.count(new, reading, None)
    assert not layouts.count(record, other, None), "all are forgotten"


def test_the_readings_of_one_declaration_are_bounded() -> None:
    """They depend on captured data, too."""
    layouts = LayoutChanges()
    requests = ([[1]], {"instances": [[1]]}, {"instances": [{"a": 1}]}, {"a": 1}, [{"a": 1}])
    answers = ([[1]], {"predictions": [[1]]}, {"predictions": [{"p": 1}]}, {"p": 1})
    pairs = [(json_side(given), json_side(answered)) for given in requests for answered in answers]
    record, _ = reading_of(capture(*pairs[0]))
    readings = list(dict.fromkeys(reading_of(capture(*pair))[1] for pair in pairs))[:17]
    assert [layouts.count(record, one, None) for one in readings] == [0] + [1] * 16
    assert layouts.count(record, readings[0], None), "the first ones are forgotten"


def test_values_that_are_left_out_are_counted() -> None:
    """The reading of a call gives their number."""
    record, reading = reading_of(call(1))
    noticing = Noticing(InferenceIds())
    assert noticing.of_call(record, "0", reading, None, left_out=3) == ReadingCounts(left_out=3)
    assert noticing.of_call(record, "0", reading, None, left_out=0) is None
    assert noticing.of_lines(2) == ReadingCounts(compiled=2)


def test_counts_are_added() -> None:
    """Those of spans are those of their object."""
    assert ReadingCounts(1, 2, 3, 4) + ReadingCounts(10, 20, 30, 40) == ReadingCounts(11, 22, 33, 44)
