"""SageMaker's verbose rows, dense and sparse: `{"data": {"features": {"keys", "shape", "values"}}}`."""

from typing import Any

import pytest

from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import capture, json_side, outcome_of


def row_of(instances: list[Any], schema: ModelSchema | None = None) -> Any:
    """Return the only row of a call, or the rejection of the call."""
    answer = json_side({"predictions": [{"score": 1}] * len(instances)})
    outcome = outcome_of(capture(json_side({"instances": instances}), answer), schema=schema)
    (row,) = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    return row


@pytest.mark.parametrize(
    ("keys", "shape", "row"), [([0], 1, [7]), ([0, 2], 3, [7, 0, 8]), ([3], 4, [0, 0, 0, 7]), ([], 0, [])]
)
def test_sparse_rows_are_filled_with_zeros(keys: list[int], shape: int, row: list[int]) -> None:
    """Key 0 is the first value, and the last key is one less than the shape."""
    verbose = {"keys": keys, "shape": [shape], "values": [7, 8][: len(keys)]}
    assert list(row_of([{"data": {"features": verbose}}]).inputs.values()) == row


def test_sparse_rows_are_bounded_together() -> None:
    """Many sparse rows that claim too many values together are rejected like a single one."""
    sparse = {"data": {"features": {"keys": [], "shape": [100_000], "values": []}}}
    assert row_of([sparse] * 30).code is RejectionCode.UNKNOWN_LAYOUT


@pytest.mark.parametrize(
    ("values", "code"),
    [(2_000_000, RejectionCode.VALUE_COUNT_MISMATCH), (2_000_001, RejectionCode.UNKNOWN_LAYOUT)],
)
def test_sparse_rows_may_have_two_million_values(values: int, code: RejectionCode) -> None:
    """They are read, so that the schema refuses their number; with one value more they are not read."""
    sparse = {"data": {"features": {"keys": [], "shape": [values], "values": []}}}
    schema = ModelSchema((Attribute("x", Stage.PIPELINE_INPUT, ValueType.FLOAT, 0),))
    assert row_of([sparse], schema).code is code


@pytest.mark.parametrize("features", [3, None, {"a": 3}, {"values": 3}])
def test_an_object_that_only_begins_like_a_verbose_row_is_named_values(features: JsonValue) -> None:
    """`data.features` without a list of values is an ordinary name."""
    row = row_of([{"data": {"features": features}}])
    assert set(row.inputs.values()) <= {3, None}
    assert all(name.startswith("data.features") for name in row.inputs)
