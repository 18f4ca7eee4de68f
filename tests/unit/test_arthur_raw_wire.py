"""Arthur's endpoint for SageMaker Data Capture: the request, and the meaning of its answers."""

import json
from email import message_from_bytes
from typing import Any

import pytest

from capture_forwarder.configuration.reader import SettingsError, parse_settings
from capture_forwarder.destinations.arthur_raw import wire
from capture_forwarder.destinations.statuses import Answer
from capture_forwarder.domain.batch import LineBatch, WholeLine
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchRefused,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    RowStatus,
)

ONE = WholeLine(b'{"a":1}', "a", ["a"], 1)
THREE = WholeLine(b'{"b":1}', "b", ["b_0", "b_1", "b_2"], 3)
ALL = [ONE, THREE]


def answer(*failures: dict[str, Any], total: int = 4, failed: int | None = None) -> Answer:
    """Return a 207."""
    failed = len(failures) if failed is None else failed
    counts = {"success": total - failed, "failure": failed, "total": total}
    return Answer(207, json.dumps({"counts": counts, "failures": failures}).encode())


def failure(event_id: str, index: int, status: int = 400) -> dict[str, Any]:
    """Return a failure."""
    return {"message": "no", "status": status, "event_id": event_id, "inference_index_in_event": index}


def rows(*failures: dict[str, Any]) -> list[RowStatus]:
    """Return the statuses of all rows."""
    receipt = wire.read_receipt(answer(*failures), ALL)
    return [one.status for one in LineBatch.made_of("m", ALL, None).row_results(receipt.results)]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("application/jsonlines", "application/jsonlines"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        (None, "application/jsonlines"),
        ("", "application/jsonlines"),
        ("text/plain\r\nX: y", "application/jsonlines"),
        ('text/plain; a="b"', "application/jsonlines"),
        ("text/" + "a" * 300, "application/jsonlines"),
    ],
)
def test_a_request_is_one_file_of_lines(given: str | None, used: str) -> None:
    """Its name ends with .jsonl. The content type of an object cannot break the headers."""
    body = b"".join(wire.body(ALL, given, "boundary"))
    head = f"Content-Type: {wire.content_type('boundary')}\r\n\r\n".encode()
    message: Any = message_from_bytes(head + body)
    (part,) = message.get_payload()
    assert part["Content-Disposition"] == 'form-data; name="inference_data"; filename="smdatacapture.jsonl"'
    assert part["Content-Type"] == used
    assert part.get_payload(decode=True) == b'{"a":1}\n{"b":1}\n'
    assert wire.captures_path("a/b") == "/api/v3/models/a%2Fb/inferences/integrations/sagemaker_data_capture"


def test_failures_are_assigned_by_event_and_index() -> None:
    """All rows without a failure are accepted."""
    accepted, rejected = RowStatus.ACCEPTED, RowStatus.REJECTED
    assert rows() == [accepted] * 4
    assert rows(failure("b", 1)) == [accepted, accepted, rejected, accepted]
    assert rows(failure("b", 2), failure("a", 0, 409)) == [rejected, accepted, accepted, rejected]


@pytest.mark.parametrize("status", [500, 503, 429, 401, 404, 200, 999])
def test_a_line_with_a_temporary_failure_is_sent_again(status: int) -> None:
    """As a whole, because its other rows cannot be left out."""
    assert rows(failure("b", 1, status), failure("b", 0)) == [RowStatus.ACCEPTED, *[RowStatus.RETRYABLE] * 3]


def test_only_the_wanted_rows_have_results() -> None:
    """The others of the line were recorded by another run."""
    line = THREE.only(["b_0", "b_2"], [0, 2])
    receipt = wire.read_receipt(answer(failure("b", 1), failure("b", 2), total=3), [line])
    results = LineBatch.made_of("m", [line], None).row_results(receipt.results)
    assert results[0] == ACCEPTED
    assert results[1].status is RowStatus.REJECTED


def test_a_repeated_event_has_the_same_result() -> None:
    """An endpoint may capture a call twice, and events may be in two objects."""
    receipt = wire.read_receipt(answer(failure("a", 0), failure("a", 0), total=2), [ONE, ONE])
    assert [result.status for result in LineBatch.made_of("m", [ONE, ONE], None).row_results(receipt.results)] == [
        RowStatus.REJECTED
    ] * 2


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Answer(207, b""), DestinationUnavailable),
        (Answer(200, b"{}"), DestinationUnavailable),
        (answer(failure("a", 0), failed=2), DestinationUnavailable),
        (answer(failure("other", 0)), DestinationUnavailable),
        (answer(failure("a", 1)), DestinationUnavailable),
        (answer(failure("a", -1)), DestinationUnavailable),
        (answer(total=5), BatchRefused),
        (answer(total=0), BatchRefused),
        (answer(failure("", 0), total=2), BatchRefused),
        (Answer(400, b""), BatchRefused),
        (Answer(413, b""), BatchTooLarge),
        (Answer(401, b""), DestinationDenied),
        (Answer(500, b""), DestinationUnavailable),
    ],
)
def test_without_clear_results_no_row_has_one(given: Answer, error: type[Exception]) -> None:
    """If the platform reads another number of rows, the request is halved down to that line."""
    with pytest.raises(error) as caught:
        wire.read_receipt(given, ALL)
    assert type(caught.value) is error


def test_a_refused_line_has_the_reason_of_the_platform() -> None:
    """The counts of both sides, and the first message."""
    with pytest.raises(BatchRefused) as caught:
        wire.read_receipt(answer(failure("b", 0), total=1), [THREE])
    assert caught.value.reason.why == "the platform reads 1 inferences where 3 lie: no"


def test_if_no_line_has_a_result_the_statuses_say_why() -> None:
    """A denial only if every row is denied."""
    with pytest.raises(DestinationDenied):
        wire.read_receipt(answer(failure("a", 0, 403), total=1), [ONE])
    with pytest.raises(DestinationUnavailable) as caught:
        wire.read_receipt(answer(failure("a", 0, 503), failure("b", 0, 403)), ALL)
    assert type(caught.value) is DestinationUnavailable
    assert wire.read_receipt(answer(failure("a", 0, 503)), ALL).results == [RETRYABLE, ACCEPTED]


CONFIG = """
[[destination]]
name = "raw"
kind = "arthur-raw"
url = "https://arthur.example.com"
secret = "ssm:/t"
[[route]]
name = "r"
bucket = "captures"
prefix = "p/"
destination = "raw"
model_id = "m"
{}
"""


@pytest.mark.parametrize("line", ['id_source = "event-id"', 'one_sided = "forward"', 'metadata = ["a"]'])
def test_options_that_the_platform_does_not_know_are_refused(line: str) -> None:
    """It derives ids and reads lines by itself."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(CONFIG.format(line))
    (problem,) = caught.value.problems
    assert problem.startswith(
        f"route[0].{line.split(' ', maxsplit=1)[0]}: remove it; the destination 'raw' reads captured lines"
    )


def test_the_path_of_the_api_is_not_part_of_the_url() -> None:
    """As for `arthur`."""
    with pytest.raises(SettingsError, match="remove /api/v3"):
        parse_settings(CONFIG.replace("example.com", "example.com/api/v3").format(""))
    assert parse_settings(CONFIG.format("")).destination[0].limits.framing_bytes
