"""Rejections that name options: each option that a sentence names changes how the call is read."""

import re
from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import capture, csv_side, json_side, outcome_of

_TWO_LINES = csv_side("5,3\n6,2")
_CALLS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a list of numbers and tensors": (
        json_side([1, 2]),
        json_side({"predictions": [1, 2]}),
        ["input list", "output whole"],
    ),
    "two lists of numbers": (
        json_side({"a": [1, 2]}),
        json_side({"b": [1, 2]}),
        ["input columns", "input whole", "output columns", "output whole"],
    ),
    "an open answer in a list": (_TWO_LINES, json_side([1, 2, 3]), ["input whole", "input arrays", "output list", "output whole"]),
    "an open answer in CSV": (_TWO_LINES, csv_side("1,2,3"), ["input whole", "input arrays", "output arrays", "output whole"]),
    "tensors": (
        json_side({"inputs": [{"name": "x", "shape": [2], "datatype": "INT8", "data": [1, 2]}]}),
        json_side({"outputs": [{"name": "p", "shape": [2], "datatype": "INT8", "data": [3, 4]}]}),
        ["input kserve", "input whole", "output kserve", "output whole"],
    ),
    "an object without lists": (_TWO_LINES, json_side({"p": 1}), ["input whole", "input arrays"]),
    "an object with a list inside": (
        _TWO_LINES,
        json_side({"p": {"q": [1, 2, 3]}}),
        ["input whole", "input arrays", "output rows"],
    ),
    "a list of several kinds": (_TWO_LINES, json_side([1, "a"]), ["input whole", "input arrays", "output list"]),
    "arrays side by side": (_TWO_LINES, json_side([["a", "b"], [0.1, 0.2]]), ["input whole", "input arrays", "output arrays"]),
    "columns": (_TWO_LINES, json_side({"p": [1, 2, 3], "q": [1, 2, 3]}), ["input whole", "input arrays", "output whole"]),
    "lines of objects": (json_side('{"a": 1}\n{"a": 2}'), json_side({"p": 1}), ["input whole"]),
    "no row": (csv_side(""), csv_side("1"), ["output arrays", "output whole"]),
}  # fmt: skip


@pytest.mark.parametrize("name", _CALLS)
def test_a_rejection_names_the_options_that_apply(name: str) -> None:
    """No option is named that has no effect on the payload."""
    request, answer, options = _CALLS[name]
    assert named_in(why(request, answer)) == options


def test_an_option_that_is_set_is_not_named_again() -> None:
    """The other side decides then."""
    outcome = outcome_of(
        capture(_TWO_LINES, csv_side("1\n2")), DecodingOptions(output=PayloadOptions(layout=Layout.WHOLE))
    )
    assert isinstance(outcome, Rejection)
    assert named_in(outcome.why) == ["input whole", "input arrays"]


@pytest.mark.parametrize("layout", [Layout.WHOLE, Layout.OBJECT])
def test_a_payload_that_is_read_whole_is_not_searched_for_rows(layout: Layout) -> None:
    """A text that is compared with two sentences has two scores."""
    request, answer = json_side({"inputs": {"source": "a", "sentences": ["b", "c"]}}), json_side([0.2, 0.7])
    sentence = why(request, answer)
    assert "input_rows = 'inputs.sentences'" in sentence
    assert 'input_layout = "whole"' in sentence
    outcome = outcome_of(capture(request, answer), DecodingOptions(input=PayloadOptions(layout=layout)))
    assert isinstance(outcome, Decoded)
    assert len(outcome.rows) == 1


def why(request: dict[str, Any], answer: dict[str, Any]) -> str:
    """Return the sentence of a call that is rejected."""
    outcome = outcome_of(capture(request, answer))
    assert isinstance(outcome, Rejection), outcome
    return outcome.why


def named_in(sentence: str) -> list[str]:
    """Return the options in a sentence: a side and a layout, or `rows`."""
    found: list[str] = []
    for part in sentence.split(";"):
        if side := re.search(r"(input|output)_(layout|rows)", part):
            layouts = re.findall(r'"(\w+)" (?:says|that)', part)
            found += [f"{side[1]} {layout}" for layout in layouts or ["rows"]]
    return found
