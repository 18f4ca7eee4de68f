"""Lines of JSON that are no captures: the sentence names the field and its type, and shows no value."""

import json
from typing import Any

import pytest

from capture_forwarder.domain.delivery import Rejection
from tests.support.captures import outcome_of
from tests.support.sentinels import PAYLOAD

VALUES: list[tuple[Any, str]] = [
    (5, "a number"),
    (5.5, "a number"),
    (10**30, "a number"),
    (True, "a boolean"),
    (False, "a boolean"),
    (PAYLOAD, "text"),
    ("", "text"),
    ([], "a list"),
    ([PAYLOAD], "a list"),
    ({}, "an object"),
    ({PAYLOAD: PAYLOAD}, "an object"),
]
OBJECT, TEXT, TIME = "an object", "text", "a time with a time zone"
FIELDS = {
    "captureData": OBJECT,
    "captureData.endpointInput": OBJECT,
    "captureData.endpointOutput": OBJECT,
    "captureData.endpointInput.data": TEXT,
    "captureData.endpointOutput.encoding": TEXT,
    "captureData.endpointOutput.observedContentType": TEXT,
    "eventMetadata": OBJECT,
    "eventMetadata.eventId": TEXT,
    "eventMetadata.inferenceId": TEXT,
    "eventMetadata.inferenceTime": TIME,
    "eventMetadata.invocationSource": TEXT,
}
WRONG = [
    (field, value, found, expected)
    for field, expected in FIELDS.items()
    for value, found in VALUES
    if found != expected and not (expected == TIME and found == TEXT)
]


def why_not(line: bytes) -> str:
    """Return why a line is no capture record. No value of it may be in the sentence."""
    outcome = outcome_of(line)
    assert isinstance(outcome, Rejection)
    assert outcome.code == "not_a_capture"
    assert PAYLOAD not in outcome.why
    return outcome.why.removeprefix("not a capture record: ")


def line_with(field: str, value: Any) -> bytes:
    """Return a line with one field. The other text that a side must have is there."""
    for name in reversed(field.split(".")):
        value = {"data": "1"} | {name: value} if name in {"encoding", "observedContentType"} else {name: value}
    return json.dumps(value).encode()


@pytest.mark.parametrize(("value", "found"), [*(each for each in VALUES if each[1] != OBJECT), (None, "null")])
def test_a_whole_line_of_another_type(value: Any, found: str) -> None:
    """A file of numbers, or a list of captures, is a common mistake."""
    assert why_not(json.dumps(value).encode()) == f"the line is {found}, not a JSON object"


@pytest.mark.parametrize(("field", "value", "found", "expected"), WRONG)
def test_a_field_of_another_type(field: str, value: Any, found: str, expected: str) -> None:
    """The field has its whole path."""
    assert why_not(line_with(field, value)) == f"{field} is {found}, not {expected}"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({PAYLOAD: 1}, "captureData or eventMetadata is missing"),
        ({"captureData": None, "eventMetadata": {}}, "captureData or eventMetadata is missing"),
        ({"captureData": {}, "eventMetadata": {"eventId": "e"}}, "eventMetadata.eventId or eventMetadata.inferenceTime is missing"),
        ({"captureData": {"endpointInput": {PAYLOAD: "1"}}}, "captureData.endpointInput.data is missing"),
        ({"captureData": {"endpointOutput": {"data": None}}}, "captureData.endpointOutput.data is null, not text"),
        ({"eventMetadata": {"eventId": ""}}, "eventMetadata.eventId is empty"),
        ({"eventMetadata": {"inferenceTime": PAYLOAD}}, f"eventMetadata.inferenceTime is not {TIME}"),
        ({"eventMetadata": {"inferenceTime": ""}}, f"eventMetadata.inferenceTime is not {TIME}"),
        ({"eventMetadata": {"inferenceTime": "2026-01-15T10:00:01"}}, f"eventMetadata.inferenceTime is not {TIME}"),
    ],
)  # fmt: skip
def test_a_field_that_is_missing_or_has_no_such_value(line: Any, why: str) -> None:
    """A missing field, an empty id, and a time that cannot be read or has no zone."""
    assert why_not(json.dumps(line).encode()) == why
