"""Answers of an API: the rules for any destination, and those for Arthur."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from capture_forwarder.destinations.arthur import wire
from capture_forwarder.destinations.statuses import (
    Answer,
    RequestRefused,
    check_status,
    is_temporary,
    retry_after,
    row_status,
)
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    RejectionCode,
    RowStatus,
)
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.support.captures import encode_inference

NOW = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 207, 299])
def test_a_2xx_status_raises_no_error(status: int) -> None:
    """The results of the rows are in the body."""
    check_status(Answer(status, b""))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_temporary_status_is_tried_again(status: int) -> None:
    """The error has the wait that the destination asked for. 429 and 503 also ask for fewer requests."""
    with pytest.raises(DestinationUnavailable, match=f"^status {status}$") as caught:
        check_status(Answer(status, b"", 7.0))
    assert caught.value.retry_after_secs == 7.0
    assert caught.value.throttled is (status in (429, 503))
    assert not isinstance(caught.value, DestinationDenied)
    assert is_temporary(status)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "put a valid one into the destination's secret"),
        (402, "pay its bill"),
        (403, "give it the permission"),
        (404, "correct the route's model_id or the destination's url"),
        (407, "let it admit the function without them"),
        (300, "correct the destination's url"),
        (302, "correct the destination's url"),
        (399, "correct the destination's url"),
    ],
)
def test_a_denial_says_what_a_person_must_do(status: int, remedy: str) -> None:
    """The rows stay pending; the sentence names the status and the remedy."""
    with pytest.raises(DestinationDenied) as caught:
        check_status(Answer(status, b""))
    assert str(caught.value).startswith(f"status {status}: ")
    assert remedy in str(caught.value)


def test_a_request_that_is_too_large_may_be_split() -> None:
    """413 rejects the request and no row of it."""
    with pytest.raises(BatchTooLarge):
        check_status(Answer(413, b""))


@pytest.mark.parametrize("status", [400, 405, 409, 422, 451, 499, 501, 199])
def test_any_other_status_refuses_the_whole_request(status: int) -> None:
    """501 is not temporary: the same request fails again."""
    with pytest.raises(RequestRefused, match=f"^status {status} for the whole request$"):
        check_status(Answer(status, b""))
    assert not is_temporary(status)


@pytest.mark.parametrize(
    ("status", "means"),
    [
        *[(status, RowStatus.ACCEPTED) for status in (200, 201, 299)],
        *[(status, RowStatus.RETRYABLE) for status in (408, 425, 429, 500, 503)],
        *[(status, RowStatus.REJECTED) for status in (199, 300, 400, 404, 409, 413, 422, 501)],
    ],
)
def test_rows_have_statuses_of_their_own(status: int, means: RowStatus) -> None:
    """A row is accepted, sent again, or rejected."""
    assert row_status(status) is means


@pytest.mark.parametrize(
    ("value", "secs"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("Thu, 15 Jan 2026 10:00:30 GMT", 30.0),
        ("Thu, 15 Jan 2026 12:00:30 +0200", 30.0),
        ("Thu, 15 Jan 2026 10:00:30 -0000", 30.0),
        ("Thu, 15 Jan 2026 09:00:00 GMT", 0.0),
        ("Thu, 99 Jan 2026 09:00:00 GMT", None),
        ("Thu, 15 Jan 2026 09:00:00 +9999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, secs: float | None) -> None:
    """A date in the past asks for no wait. A value that cannot be read is ignored."""
    assert retry_after(value, NOW) == secs


def receipt(*rows: dict[str, object], status: int = 207) -> list[object]:
    """Return the results of an answer with `rows`."""
    return list(wire.read_receipt(Answer(status, json.dumps({"counts": {}, "results": rows}).encode())).results)


def test_a_receipt_has_one_result_a_row_in_order() -> None:
    """A row is accepted, a duplicate, sent again, or rejected with Arthur's message."""
    results = receipt(
        {"status": 200}, {"status": 200, "message": "duplicate"}, {"status": 503}, {"status": 400, "message": "no"}
    )
    assert results[:3] == [ACCEPTED, DUPLICATE, RETRYABLE]
    rejected = wire.read_receipt(Answer(207, b'{"results":[{"status":400,"message":"no"},{"status":422}]}')).results
    assert [row.status for row in rejected] == [RowStatus.REJECTED] * 2
    assert [(row.reason.code, row.reason.why) for row in rejected if row.reason] == [
        (RejectionCode.REFUSED_BY_DESTINATION, "status 400: no"),
        (RejectionCode.REFUSED_BY_DESTINATION, "status 422: no reason given"),
    ]


def test_a_long_reason_is_cut() -> None:
    """The message goes into quarantine and reports, so its length is limited to 500 characters."""
    body = json.dumps({"results": [{"status": 400, "message": "x" * 501}]}).encode()
    (row,) = wire.read_receipt(Answer(207, body)).results
    assert row.reason is not None
    assert row.reason.why == "status 400: " + "x" * 500


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"results":null}', b'{"results":[{"status":"ok"}]}'])
def test_rows_of_an_answer_without_readable_results_stay_pending(body: bytes) -> None:
    """A proxy may answer with status 200 and a page of its own."""
    with pytest.raises(DestinationUnavailable, match=r"^status 200 without readable results: no row has a result$"):
        wire.read_receipt(Answer(200, body))


def test_an_error_status_is_raised_before_the_body_is_read() -> None:
    """This holds for receipts and for models."""
    with pytest.raises(DestinationDenied):
        wire.read_receipt(Answer(403, b'{"results":[]}'))
    with pytest.raises(DestinationDenied):
        wire.read_schema(Answer(404, b'{"attributes":[]}'))


def test_requests_to_arthur_have_its_paths_and_its_form() -> None:
    """An element of the array has inputs and predictions together, and the time with its zone."""
    assert wire.inferences_path("m-1") == "/api/v3/models/m-1/inferences"
    assert wire.model_path("m-1") == "/api/v3/models/m-1?id_type=id&expand=attributes"
    time = datetime(2026, 1, 15, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    inference = Inference("id-1", time, {"a": 1, "b": None}, {"p": 0.5}, 1, 0)
    assert json.loads(encode_inference(inference)) == {
        "partner_inference_id": "id-1",
        "inference_timestamp": "2026-01-15T12:00:00.000005+02:00",
        "inference_data": {"a": 1, "b": None, "p": 0.5},
    }


def test_a_models_attributes_become_a_schema() -> None:
    """Attributes of unknown stages are left out; values of unknown types are text."""
    rows = [
        {"name": "age", "stage": "PIPELINE_INPUT", "value_type": "INTEGER", "position": 2, "label": "x"},
        {"name": "p0", "stage": "PREDICTED_VALUE", "value_type": "FLOAT", "position": 0, "implicit": True},
        {"name": "raw", "stage": "NON_INPUT_DATA", "value_type": "TIME_SERIES", "implicit": None},
        {"name": "later", "stage": "SOMETHING_NEW", "value_type": "FLOAT", "position": 1},
    ]
    assert wire.read_schema(Answer(200, json.dumps({"attributes": rows}).encode())) == ModelSchema(
        (
            Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 2),
            Attribute("p0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
            Attribute("raw", Stage.NON_INPUT_DATA, ValueType.UNSTRUCTURED_TEXT),
        )
    )


@pytest.mark.parametrize("body", [b"", b"[]", b'{"attributes":[{"name":"a"}]}'])
def test_an_unreadable_model_is_a_temporary_error(body: bytes) -> None:
    """The rows stay pending, because they could be sent under wrong names."""
    with pytest.raises(DestinationUnavailable, match=r"^status 200 without a readable model$"):
        wire.read_schema(Answer(200, body))


@pytest.mark.parametrize("body", [b"{}", b'{"attributes":[]}'])
def test_a_model_without_attributes_is_a_denial(body: bytes) -> None:
    """A person must give it attributes or choose generated names; until then the rows stay pending."""
    with pytest.raises(DestinationDenied, match=r'the route\'s schema = "none"$'):
        wire.read_schema(Answer(200, body))
