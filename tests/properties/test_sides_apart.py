"""Both paths make the same rows for a destination that takes inputs and outputs apart."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference, Sides
from capture_forwarder.domain.route import DecodingOptions, RowForm
from capture_forwarder.kinds.captures.plain import Decoded
from tests.properties.compiled_paths import Paths
from tests.properties.compiled_samples import schema
from tests.properties.generated_sides import LETTERS, OPTIONS, sides
from tests.support.captures import capture, csv_side, json_side, outcome_of

APART = DecodingOptions(form=RowForm.APART)
NAMED = (json_side({"a": 1, "output.a": 2}), json_side({"a": 3}))


@given(
    st.lists(st.tuples(sides(), sides()), min_size=1, max_size=4),
    st.none() | st.builds(schema, LETTERS, LETTERS),
    OPTIONS,
)
@example([(csv_side("1,2"), csv_side("3"))] * 3, None, DecodingOptions())
@example([(json_side({"a": 1}), json_side({"a": 2}))] * 3, None, DecodingOptions())
@example([NAMED] * 3, None, DecodingOptions())
def test_both_paths_make_the_same_sides(
    calls: list[tuple[dict[str, Any], dict[str, Any]]], model: Any, options: DecodingOptions
) -> None:
    """For any payloads, schema and options, and for any calls learned before."""
    Paths(model, replace(options, form=RowForm.APART)).compare(calls)


def test_the_compiled_path_makes_sides() -> None:
    """With names of both sides as they are, also where one flat row would lose a value."""
    for asked, answered in (NAMED, (csv_side("1,2\n3,4"), csv_side("5\n6"))):
        paths = Paths(None, APART)
        line = capture(asked, answered)
        for _ in range(2):
            paths.learn(line)
            rows = paths.compiled_rows(line)
            assert rows is not None
            assert all(isinstance(row.inference_data, Sides) for row in rows.rows)


def test_a_flat_row_that_loses_a_value_is_rejected_and_sides_are_not() -> None:
    """`output.a` is the name of another value only where both sides share one row."""
    flat, apart = outcome_of(capture(*NAMED)), outcome_of(capture(*NAMED), APART)
    assert isinstance(flat, Decoded)
    assert isinstance(apart, Decoded)
    (rejected,), (kept,) = flat.rows, apart.rows
    assert isinstance(rejected, Rejection)
    assert rejected.code is RejectionCode.AMBIGUOUS_NAME
    assert isinstance(kept, Inference)
    assert (kept.inputs, kept.outputs) == ({"a": 1, "output.a": 2}, {"a": 3})
