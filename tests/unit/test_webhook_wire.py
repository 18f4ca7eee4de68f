"""CloudEvents: what a webhook receives is valid, and each of its answers has one meaning."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from capture_forwarder.configuration.reader import SettingsError, parse_settings
from capture_forwarder.destinations.statuses import Answer
from capture_forwarder.destinations.webhook import wire
from capture_forwarder.domain.capture import CaptureObject, CaptureOrigin
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchRefused,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    RowStatus,
)
from capture_forwarder.domain.inference import Sides

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC)
KEY = "datacapture/churn/AllTraffic/2026/01/02/03/04-05-600-a.jsonl"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/"


def event(key: str = KEY, prefix: str = "", one_id: str = "id_0") -> dict[str, object]:
    """Return an event as a receiver reads it, after the SDK of CloudEvents accepted it."""
    build = wire.event_builder(CaptureOrigin.of(CaptureObject("captures", key)), "m-1", prefix)
    body = msgspec.json.encode(build(one_id, MOMENT, Sides({"age": 1}, {"score": None})))
    parsed = from_structured_event(HTTPMessage({"content-type": "application/cloudevents+json"}, body))
    document: dict[str, object] = json.loads(body)
    assert parsed.get_id() == one_id
    assert parsed.get_time() == MOMENT
    assert parsed.get_source() == document["source"]
    assert parsed.get_extension("modelid") == "m-1"
    return document


def test_an_event_has_the_attributes_of_a_capture() -> None:
    """Its data has inputs and outputs apart."""
    assert event() == {
        "specversion": "1.0",
        "type": "ai.sagemaker.inference.v1",
        "source": "churn",
        "subject": "churn/AllTraffic",
        "modelid": "m-1",
        "id": "id_0",
        "time": "2026-01-02T03:04:05.000600Z",
        "data": {"inputs": {"age": 1}, "outputs": {"score": None}},
    }
    assert event(prefix=ARN)["source"] == f"{ARN}churn"


@pytest.mark.parametrize(
    ("key", "source", "subject"),
    [
        ("churn/v 1/2026/01/02/03/a.jsonl", "churn", "churn/v%201"),
        ("a/b/c\u00e9/v\n/2026/01/02/03/a.jsonl", "c%C3%A9", "c%C3%A9/v%0A"),
        ("uploads/by hand.jsonl", "s3://captures/uploads", None),
        ("a.jsonl", "s3://captures/", None),
        ("churn/v/2026/01/02/3/a.jsonl", "s3://captures/churn/v/2026/01/02/3", None),
    ],
)
def test_source_and_subject_come_from_the_key(key: str, source: str, subject: str | None) -> None:
    """They are URI references whatever the key holds; a key that SageMaker did not make has no subject."""
    found = event(key)
    assert (found["source"], found.get("subject")) == (source, subject)


def test_a_signature_is_over_the_time_and_the_body() -> None:
    """As a receiver computes it."""
    headers = wire.signature_headers("key", 1_700_000_000, b'[{"a":1}]')
    expected = hmac.new(b"key", b'1700000000.[{"a":1}]', sha256).hexdigest()
    assert headers == {"X-Capture-Timestamp": "1700000000", "X-Capture-Signature": f"v1={expected}"}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_accepts_all_rows(status: int) -> None:
    """Whatever the body is."""
    assert wire.read_receipt(Answer(status, b"<html>"), ["a", "b"]).results == [ACCEPTED, ACCEPTED]


def test_results_are_assigned_by_id() -> None:
    """In any order; a row without a result stays pending."""
    rows = [
        {"id": "b", "status": 400, "message": "no"},
        {"id": "other", "status": 400},
        {"id": "a", "status": 200, "message": "duplicate"},
        {"id": "d", "status": 500},
    ]
    ids = ["a", "b", "c", "d", "a"]
    results = wire.read_receipt(Answer(207, json.dumps({"results": rows}).encode()), ids).results
    assert [result.status for result in results] == [
        RowStatus.DUPLICATE,
        RowStatus.REJECTED,
        RowStatus.RETRYABLE,
        RowStatus.RETRYABLE,
        RowStatus.DUPLICATE,
    ]
    assert results[0] == DUPLICATE
    assert results[2] == RETRYABLE
    reason = results[1].reason
    assert reason is not None
    assert reason.why == "status 400: no"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (207, b"", DestinationUnavailable),
        (207, b'{"results":[]}', DestinationUnavailable),
        (207, b'{"results":[{"id":"other","status":200}]}', DestinationUnavailable),
        (207, b'{"results":[{"id":"a","status":429}]}', DestinationUnavailable),
        (207, b'{"results":[{"id":"a","status":403}]}', DestinationDenied),
        (413, b"", BatchTooLarge),
        (400, b'{"message":"no"}', BatchRefused),
        (422, b"", BatchRefused),
        (429, b"", DestinationUnavailable),
        (503, b"", DestinationUnavailable),
        (301, b"", DestinationDenied),
        (401, b"", DestinationDenied),
        (403, b"", DestinationDenied),
        (404, b"", DestinationDenied),
        (410, b"", DestinationDenied),
    ],
)
def test_other_answers_mean_what_they_mean_elsewhere(status: int, body: bytes, error: type[Exception]) -> None:
    """No row has a result."""
    with pytest.raises(error) as caught:
        wire.read_receipt(Answer(status, body, 7.0), ["a"])
    assert type(caught.value) is error
    if isinstance(caught.value, DestinationUnavailable) and body != b"":
        assert caught.value.retry_after_secs in {7.0, None}


CONFIG = """
[[destination]]
name = "hook"
kind = "webhook"
url = "https://hooks.example.com/a/"
{}
[[route]]
name = "r"
bucket = "captures"
prefix = "p/"
destination = "hook"
model_id = "m"
{}
"""


@pytest.mark.parametrize(
    ("options", "route", "problem"),
    [
        ('headers = {"X Y" = "ssm:/t"}', "", "destination[0].headers: write names of headers"),
        ('headers = {Content-Type = "ssm:/t"}', "", "destination[0].headers.Content-Type: remove it"),
        ('headers = {A = "ssm:/t", a = "ssm:/t"}', "", "destination[0].headers: remove one of two headers"),
        ('headers = {A = "secret-text"}', "", "destination[0].headers: write a table of headers"),
        ('headers = {A = "ssm:/t#"}', "", "destination[0].headers.A: write the key of the token"),
        ('signing_secret = "env:"', "", 'destination[0].signing_secret: write "secretsmanager:NAME"'),
        ('source_prefix = "a b"', "", "destination[0].source_prefix: write the beginning of a URI"),
        ('secret = "ssm:/t"', "", "destination[0].secret: no such option; did you mean secret_kms_key_arn or signing_"),
        ("", 'schema = "model"', "route[0].schema: write [[route.attribute]]"),
    ],
)
def test_a_problem_has_its_path_and_the_remedy(options: str, route: str, problem: str) -> None:
    """No sentence shows a value."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(CONFIG.format(options, route))
    (found,) = caught.value.problems
    assert found.startswith(problem)
    assert "secret-text" not in found


def test_a_webhook_needs_a_name_and_a_url_only() -> None:
    """Each secret is found under the path of its option."""
    assert parse_settings(CONFIG.format("", "")).destination[0].secrets == {}
    text = CONFIG.format('headers = {A = "ssm:/a", B = "env:B"}\nsigning_secret = "secretsmanager:k"', "")
    assert parse_settings(text).destination[0].secrets == {
        "headers.A": "ssm:/a",
        "headers.B": "env:B",
        "signing_secret": "secretsmanager:k",
    }
