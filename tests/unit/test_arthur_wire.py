"""Arthur's wire contract: paths and rows of requests, and the meaning of answers."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from capture_forwarder.destinations.arthur import wire
from capture_forwarder.destinations.arthur_platform import models
from capture_forwarder.destinations.statuses import Answer, failure_of
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchRefused,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    RejectionCode,
    RowResult,
    RowStatus,
)
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from tests.support.captures import encode_inference
from tests.support.statuses import REPORTED

DEEP = b'{"results":' + b"[" * 100_000


def test_a_model_id_is_one_step_of_the_path() -> None:
    """A model id from the configuration cannot address another resource."""
    assert wire.inferences_path("a/b?c") == "/api/v3/models/a%2Fb%3Fc/inferences"
    assert models.model_path("a/b?c") == "/api/v3/models/a%2Fb%3Fc?id_type=id&expand=attributes"


def damaged(**changes: object) -> bytes:
    """Return a model with one attribute that is wrong."""
    attribute = {"name": "age", "stage": "PIPELINE_INPUT", "value_type": "INTEGER", "position": 0, "implicit": False}
    return json.dumps({"attributes": [attribute | changes]}).encode()


def receipt(*rows: dict[str, object], status: int = 207, ids: Sequence[str] | None = None) -> list[RowResult]:
    """Return the results of an answer with `rows`; `ids` are those of the request."""
    body = json.dumps({"counts": {}, "results": rows}).encode()
    return wire.read_receipt(Answer(status, body), ids or [f"id-{row}" for row in range(len(rows))]).results


def test_a_receipt_has_one_result_a_row_in_order() -> None:
    """A row is accepted, a duplicate, sent again, or rejected with Arthur's message."""
    results = receipt(
        {"status": 200}, {"status": 200, "message": "duplicate"}, {"status": 503}, {"status": 400, "message": "no"}
    )
    assert results[:3] == [ACCEPTED, DUPLICATE, RETRYABLE]
    rejected = receipt({"status": 400, "message": "no"}, {"status": 422})
    assert [row.status for row in rejected] == [RowStatus.REJECTED] * 2
    assert [(row.reason.code, row.reason.why) for row in rejected if row.reason] == [
        (RejectionCode.REFUSED_BY_DESTINATION, "status 400: no"),
        (RejectionCode.REFUSED_BY_DESTINATION, "status 422: no reason given"),
    ]


@pytest.mark.parametrize(
    ("status", "means"),
    [
        *[(status, RowStatus.ACCEPTED) for status in (200, 201, 299)],
        *[(status, RowStatus.REJECTED) for status in (400, 409, 413, 422)],
        *[(status, RowStatus.RETRYABLE) for status in (*REPORTED, 0, 199, 599, -1, 10**6) if status != 409],
    ],
)
def test_only_statuses_that_speak_of_a_row_reject_it(status: int, means: RowStatus) -> None:
    """409 is a conflict of the row with its first content. With any other status the row is sent again."""
    assert receipt({"status": 200}, {"status": status})[1].status is means


def test_a_status_may_be_written_as_a_float() -> None:
    """Arthur's models call it a float."""
    assert receipt({"status": 200.0}, {"status": 503.0}) == [ACCEPTED, RETRYABLE]


@pytest.mark.parametrize(
    ("statuses", "why", "means"),
    [
        ((401, 401), "status 401: the token", DestinationDenied),
        ((403, 403), "status 403: the token", DestinationDenied),
        ((404,), "status 404: the platform does not know", DestinationDenied),
        ((403, 401), "status 401: the token", DestinationDenied),
        ((403, 503), "status 503", DestinationUnavailable),
        ((429, 429), "status 429", DestinationUnavailable),
        ((504, 502), "status 502", DestinationUnavailable),
    ],
)
def test_rows_without_any_result_are_a_failure_of_the_request(statuses: tuple[int, ...], why: str, means: type) -> None:
    """It is a denial only if every row is denied."""
    with pytest.raises(DestinationUnavailable) as caught:
        receipt(*[dict[str, object](status=status) for status in statuses])
    assert str(caught.value).startswith(why)
    assert type(caught.value) is means


def test_a_denied_row_leaves_the_results_of_the_others() -> None:
    """They count; the denied rows alone are sent again, and are a denial then."""
    results = receipt({"status": 200}, {"status": 403}, {"status": 400})
    assert [row.status for row in results] == [RowStatus.ACCEPTED, RowStatus.RETRYABLE, RowStatus.REJECTED]


def test_no_results_are_no_failure_of_rows() -> None:
    """The sender compares their number with that of the rows."""
    assert receipt(ids=["a"]) == []


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_request_may_be_bisected(status: int) -> None:
    """The reason has the status and the message of the API, of at most 500 characters."""
    for body, message in ((b'{"message":"no"}', "no"), (b'{"message":"%b"}' % (b"x" * 501), "x" * 500)):
        with pytest.raises(BatchRefused) as caught:
            wire.read_receipt(Answer(status, body), ["a"])
        assert caught.value.reason.why == f"status {status} for the whole request: {message}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"message":1}', b'{"message":null}', DEEP, b"\xff"])
def test_a_refused_request_without_a_readable_message_is_refused_too(body: bytes) -> None:
    """A gateway answers with a page of its own."""
    with pytest.raises(BatchRefused, match=r"^status 400 for the whole request: no reason given$"):
        wire.read_receipt(Answer(400, body), ["a"])


def test_a_request_that_is_too_large_may_be_split() -> None:
    """413 rejects the request and no row of it."""
    with pytest.raises(BatchTooLarge):
        wire.read_receipt(Answer(413, b""), ["a"])


@pytest.mark.parametrize("status", REPORTED)
def test_no_other_status_rejects_a_row(status: int) -> None:
    """The rows stay pending, whatever the body says."""
    with pytest.raises(DestinationUnavailable, match=rf"^status {status}\b") as caught:
        wire.read_receipt(Answer(status, b'{"results":[{"status":400}]}', 7.0), ["a"])
    assert caught.value.retry_after_secs == 7.0


def test_ids_in_an_answer_must_be_those_of_the_rows() -> None:
    """A mismatch means that the answer belongs to another request, so that no row has a result."""
    named = [{"status": 200, "partner_inference_id": "a"}, {"status": 200, "partner_inference_id": "b"}]
    assert receipt(*named, ids=["a", "b"]) == [ACCEPTED] * 2
    assert receipt(named[0], {"status": 200}, ids=["a", "b"]) == [ACCEPTED] * 2
    for ids in (["b", "a"], ["a", "c"]):
        with pytest.raises(DestinationUnavailable, match="the results name other rows"):
            receipt(*named, ids=ids)
    with pytest.raises(DestinationUnavailable, match="the results name other rows"):
        receipt(named[0], named[0], ids=["a", "b"])
    with pytest.raises(DestinationUnavailable, match="the results name other rows"):
        receipt({"status": 200}, named[0], ids=["a", "b"])


def test_a_long_reason_is_cut() -> None:
    """The message goes into quarantine and reports, so its length is limited to 500 characters."""
    body = json.dumps({"results": [{"status": 400, "message": "x" * 501}]}).encode()
    (row,) = wire.read_receipt(Answer(207, body), ["a"]).results
    assert row.reason is not None
    assert row.reason.why == "status 400: " + "x" * 500


@pytest.mark.parametrize(
    "body",
    [
        *[
            b"",
            b"<html>",
            b"{}",
            b'{"results":null}',
            b'{"results":[{"status":"ok"}]}',
        ],
        *[b'{"results":[{"status":200,"partner_inference_id":1}]}', b'{"results":[{"status":200}', b"\xff", DEEP],
        *[b'{"results":[{"status":200,"message":"\xff"}]}', b'{"results":[{"status":1e400}]}', b'{"results":[200]}'],
    ],
)
def test_rows_of_an_answer_without_readable_results_stay_pending(body: bytes) -> None:
    """A proxy may answer with status 200 and a page of its own."""
    with pytest.raises(DestinationUnavailable, match=r"^status 200 without readable results: no row has a result$"):
        wire.read_receipt(Answer(200, body), ["a"])


def test_an_error_status_is_raised_before_the_body_is_read() -> None:
    """This holds for receipts and for models."""
    with pytest.raises(DestinationDenied):
        wire.read_receipt(Answer(403, b'{"results":[]}'), [])
    with pytest.raises(DestinationDenied):
        models.read_schema(Answer(404, b'{"attributes":[]}'))


def test_requests_to_arthur_have_its_paths_and_its_form() -> None:
    """An element of the array has inputs and predictions together, and the time with its zone."""
    assert wire.inferences_path("m-1") == "/api/v3/models/m-1/inferences"
    assert models.model_path("m-1") == "/api/v3/models/m-1?id_type=id&expand=attributes"
    time = datetime(2026, 1, 15, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    inference = Inference("id-1", time, {"a": 1, "b": None}, {"p": 0.5}, 1, 0)
    assert json.loads(encode_inference(inference)) == {
        "partner_inference_id": "id-1",
        "inference_timestamp": "2026-01-15T12:00:00.000005+02:00",
        "inference_data": {"a": 1, "b": None, "p": 0.5},
    }


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_for_a_model_holds_no_rows(status: int) -> None:
    """A status that is about rows for a batch is a denial there."""
    with pytest.raises(DestinationDenied, match=rf"^status {status}: the API refuses to show the model"):
        models.read_schema(Answer(status, b""))


@pytest.mark.parametrize("status", REPORTED)
def test_any_other_status_for_a_model_means_what_it_means_for_rows(status: int) -> None:
    """A denial or a passing failure."""
    with pytest.raises(DestinationUnavailable, match=rf"^status {status}\b") as caught:
        models.read_schema(Answer(status, b""))
    assert type(caught.value) is type(failure_of(status))


def test_a_models_attributes_become_a_schema() -> None:
    """Attributes of unknown stages are left out; values of unknown types are text."""
    rows = [
        {"name": "age", "stage": "PIPELINE_INPUT", "value_type": "INTEGER", "position": 2, "label": "x"},
        {"name": "p0", "stage": "PREDICTED_VALUE", "value_type": "FLOAT", "position": 0, "implicit": True},
        {"name": "raw", "stage": "NON_INPUT_DATA", "value_type": "TIME_SERIES", "implicit": None},
        {"name": "new", "stage": "NON_INPUT_DATA", "value_type": "SOMETHING_NEW", "implicit": None},
        {"name": "later", "stage": "SOMETHING_NEW", "value_type": "FLOAT", "position": 1},
    ]
    assert models.read_schema(Answer(200, json.dumps({"attributes": rows}).encode())) == ModelSchema(
        (
            Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 2),
            Attribute("p0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
            Attribute("raw", Stage.NON_INPUT_DATA, ValueType.TIME_SERIES),
            Attribute("new", Stage.NON_INPUT_DATA, ValueType.UNSTRUCTURED_TEXT),
        )
    )


@pytest.mark.parametrize(
    "body",
    [
        *[b"", b"[]", b'{"attributes":[{"name":"a"}]}', b'{"attributes":{}}', b'{"attributes":[1]}', DEEP, b"\xff"],
        *[damaged(name=1), damaged(stage=1), damaged(value_type=None), damaged(position="1"), damaged(position=1.5)],
        *[damaged(implicit="no"), damaged(name="\ud800")],
    ],
)
def test_an_unreadable_model_is_a_temporary_error(body: bytes) -> None:
    """The rows stay pending, because they could be sent under wrong names."""
    with pytest.raises(DestinationUnavailable, match=r"^status 200 without a readable model$"):
        models.read_schema(Answer(200, body))


@pytest.mark.parametrize("body", [b"{}", b'{"attributes":[]}'])
def test_a_model_without_attributes_is_a_denial(body: bytes) -> None:
    """A person must give it attributes or choose generated names; until then the rows stay pending."""
    with pytest.raises(DestinationDenied, match=r'the route\'s schema = "none"$'):
        models.read_schema(Answer(200, body))
