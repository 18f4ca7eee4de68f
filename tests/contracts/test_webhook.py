"""A webhook over real HTTP: every request is valid CloudEvents, has the configured headers, and a valid signature."""

import gzip
import hmac
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.delivery import ACCEPTED, DestinationUnavailable
from capture_forwarder.ports import Destination
from tests.contracts.test_destinations import batch
from tests.support.answering import Answering, answering
from tests.support.destinations import connected


@pytest.fixture
def server() -> Iterator[Answering]:
    """Serve for one test."""
    with answering() as found:
        yield found


def hook(server: Answering, *tokens: str, **options: Any) -> tuple[Destination, Batch]:
    """Return a webhook at `server`, and a batch for it."""
    destination = connected("webhook", server.url, *tokens, **options).destination
    return destination, batch(destination, {"a": 1}, {"a": "\u00e9"})


def test_each_request_is_a_batch_of_valid_events(server: Answering) -> None:
    """The SDK of CloudEvents reads each event; the content type is that of batches."""
    server.script = [(204, {}, b"")]
    destination, sent = hook(server)
    assert destination.send(sent, within_secs=9.0).results == [ACCEPTED] * 2
    ((method, path, fields, body),) = server.requests
    assert (method, path, fields["Content-Type"]) == ("POST", "/events", "application/cloudevents-batch+json")
    events = [
        from_structured_event(HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(one).encode()))
        for one in json.loads(body)
    ]
    assert [(one.get_id(), one.get_subject(), one.get_data()) for one in events] == [
        ("id-0", "endpoint/variant", {"inputs": {"a": 1}, "outputs": {}}),
        ("id-1", "endpoint/variant", {"inputs": {"a": "\u00e9"}, "outputs": {}}),
    ]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_headers_and_signature_follow_a_rotated_secret(server: Answering, compression: str) -> None:
    """A 401 costs one more request, which is signed anew; the signature is over the bytes as they are sent."""
    server.script = [(401, {}, b""), (200, {}, b"")]
    options = {"headers": {"X-Api-Key": "ssm:/a", "Authorization": "ssm:/b"}, "signing_secret": "ssm:/c"}
    destination, sent = hook(server, "old", "older", "oldest", "new", compression=compression, **options)
    assert destination.send(sent, within_secs=9.0).results == [ACCEPTED] * 2
    _, (_, _, fields, body) = server.requests
    assert (fields["X-Api-Key"], fields["Authorization"]) == ("older", "oldest")
    expected = hmac.new(b"new", fields["X-Capture-Timestamp"].encode() + b"." + body, sha256).hexdigest()
    assert fields["X-Capture-Signature"] == f"v1={expected}"
    assert (gzip.decompress(body) if compression == "gzip" else body) == sent.body


@pytest.mark.parametrize(("path", "seen"), [("", "/"), ("/", "/"), ("/a", "/a"), ("/a/", "/a/")])
def test_the_address_is_used_as_it_is(server: Answering, path: str, seen: str) -> None:
    """A slash at the end may lead to another receiver."""
    server.script = [(200, {}, b"")]
    destination, sent = hook(server, url="{}" + path)
    destination.send(sent, within_secs=9.0)
    assert server.requests[0][1] == seen


def test_the_wait_that_a_receiver_asks_for_is_kept(server: Answering) -> None:
    """As for any destination."""
    server.script = [(429, {"Retry-After": "17"}, b"")]
    destination, sent = hook(server)
    with pytest.raises(DestinationUnavailable) as caught:
        destination.send(sent, within_secs=9.0)
    assert (caught.value.retry_after_secs, caught.value.throttled) == (17.0, True)
