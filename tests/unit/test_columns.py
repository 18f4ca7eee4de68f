"""Rows of columns: errors among the elements of answers, and names that two values beside each other would share."""

import json
from itertools import pairwise
from typing import Any

import pytest

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.payloads.lazy import LARGE_CHARS, LISTED_ROWS, Lazy
from tests.support.captures import capture, csv_side, json_side, outcome_of

_TRACEBACK = "Traceback (most recent call last): ValueError"
_SCHEMA = ModelSchema(
    (
        Attribute("x", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),
        Attribute("label", Stage.PREDICTED_VALUE, ValueType.STRING, 0),
    )
)


def rows_of(request: dict[str, Any], answer: dict[str, Any]) -> Any:
    """Return the rows of a call without a schema."""
    outcome = outcome_of(capture(request, answer))
    assert isinstance(outcome, Decoded), outcome
    return outcome.rows


@pytest.mark.parametrize("key", ["predictions", "label"])
def test_a_traceback_among_many_texts_rejects_its_row(key: str) -> None:
    """Rows that are made when they are read are judged, too."""
    count = LARGE_CHARS // 20
    texts = [f"a label of some length {place}" for place in range(count)]
    texts[count - 2] = _TRACEBACK
    rows = rows_of(json_side({"instances": [[1]] * count}), json_side({key: texts}))
    assert type(rows) is Lazy
    rejected = [place for place, row in enumerate(rows) if isinstance(row, Rejection)]
    assert rejected == [count - 2]
    assert rows[count - 2].code is RejectionCode.ERROR_BODY


def test_a_traceback_in_a_request_is_a_value() -> None:
    """A model may classify logs."""
    (row,) = rows_of(json_side({"instances": [_TRACEBACK]}), json_side({"predictions": [1]}))
    assert row.inputs == {"feature_0": _TRACEBACK}


def test_the_compiled_path_leaves_a_traceback_to_the_plain_path() -> None:
    """The first call teaches the compiled path; in the second only the row of the error is rejected."""
    request = json_side({"instances": [[1], [2]]})
    lines = [
        capture(request, json_side({"predictions": labels})) for labels in (["a", "b"], ["c", "d"], [_TRACEBACK, "e"])
    ]
    route = Route(name="r", bucket="b", prefix="p/", destination="d", model_id="m")
    reader = LineReader([b"".join(line + b"\n" for line in lines)], 1_000_000)
    spans = list(CaptureKind().decoder(route, _SCHEMA, Row).decode(reader, 1000))
    assert sum(len(span.rows.ids) for span in spans) == 5
    assert [rejection.code for span in spans for rejection in span.rejections] == [RejectionCode.ERROR_BODY]


def test_a_name_with_the_key_before_it_may_be_taken_too() -> None:
    """No value replaces another one, whatever the names are."""
    answer = {"predictions": [{"x": 1, "x.x": 2}, {"x": 3, "x.x": 4}], "x": [5, 6]}
    first, second = rows_of(csv_side("1\n2"), json_side(answer))
    assert first.outputs == {"x": 1, "x.x": 2, "x.x.x": 5}
    assert second.outputs == {"x": 3, "x.x": 4, "x.x.x": 6}


def test_names_of_many_rows_do_not_depend_on_the_order_of_keys() -> None:
    """A name that one row of a column has is shared in all rows."""
    count = LISTED_ROWS + 1
    columns = {"a": [{"x": place} for place in range(count)], "b": [{"y": 1}] * (count - 1) + [{"x": 2}]}
    orders = [json.dumps(columns), json.dumps(dict(reversed(columns.items())))]
    request = json_side({"instances": [[1]] * count})
    for one, other in pairwise(rows_of(request, json_side(text)) for text in orders):
        assert [row.outputs for row in one] == [row.outputs for row in other]
    assert one[0].outputs == {"a.x": 0, "y": 1}
    assert one[count - 1].outputs == {"a.x": count - 1, "b.x": 2}
