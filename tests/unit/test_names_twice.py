"""A name that occurs twice in one object loses a value, so the call is rejected, however large the payload is."""

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.payloads.lazy import LARGE_CHARS
from tests.support.captures import capture, csv_side, json_side, outcome_of

_ELEMENT = '{"a": 1, "b": 2}'
_COUNT = LARGE_CHARS // len(_ELEMENT) + 2


@pytest.mark.parametrize("place", [0, _COUNT // 2, _COUNT - 1])
@pytest.mark.parametrize("around", ["[{}]", '{{"instances": [{}]}}'])
def test_a_name_twice_in_an_element_of_a_large_list(place: int, around: str) -> None:
    """Elements of a large list are read piece by piece."""
    elements = [_ELEMENT] * _COUNT
    elements[place] = '{"a": 1, "a": 2}'
    outcome = outcome_of(capture(json_side(around.format(",".join(elements))), csv_side("\n".join(["1"] * _COUNT))))
    assert isinstance(outcome, Rejection)
    assert outcome.code is RejectionCode.BAD_JSON


@pytest.mark.parametrize("beside", [[1, 2], {"z": [1]}])
def test_a_column_and_a_list_beside_the_columns(beside: object) -> None:
    """Both would have the name of the column."""
    request = {"inputs": {"a": [1, 2], "b": [3, 4]}, "a": beside}
    outcome = outcome_of(capture(json_side(request), csv_side("1\n2")))
    assert isinstance(outcome, Rejection)
    assert outcome.code is RejectionCode.AMBIGUOUS_NAME


@pytest.mark.parametrize("text", ["[,{}]", "[{},]", "[{},,{}]", f"[{' ' * LARGE_CHARS},{{}}]"])
def test_a_comma_too_many_in_a_large_list(text: str) -> None:
    """There is no element beside it, so the text is no JSON."""
    outcome = outcome_of(capture(json_side(text.replace("{}", ",".join([_ELEMENT] * _COUNT))), csv_side("1")))
    assert isinstance(outcome, Rejection)
    assert outcome.code is RejectionCode.BAD_JSON
