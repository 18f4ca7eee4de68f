"""Requests and answers of the HTTP client, against a server that answers by a script."""

import gzip
import json
from collections.abc import Iterator
from functools import partial
from math import inf

import pytest

from capture_forwarder.destinations.arthur.adapter import ArthurDestination
from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    BatchRefused,
    DestinationDenied,
    DestinationUnavailable,
    Reason,
    RejectionCode,
)
from tests.support.answering import Answering, answering

MIB = 1024 * 1024
GOOD = json.dumps({"results": [{"status": 200}, {"status": 200}]}).encode()


class Tokens:
    """Returns a new token when a refresh is requested."""

    def __init__(self) -> None:
        self.given = 1

    def __call__(self, *, within_secs: float = inf, refresh: bool = False) -> str:
        """Return the token."""
        self.given += refresh
        return f"token-{self.given}"


@pytest.fixture
def server() -> Iterator[Answering]:
    """Serve for one test."""
    with answering() as found:
        yield found


def destination(
    url: str, *, organization_id: str | None = None, read_secs: float = 5.0, compressed: bool = False
) -> ArthurDestination:
    """Return Arthur at `url`."""
    client = HttpClient(
        url,
        token=Tokens(),
        headers=partial(headers, organization_id=organization_id),
        timeouts_secs=(5.0, read_secs),
        max_connections=2,
        compressed=compressed,
    )
    return ArthurDestination(client, BatchLimits(), lambda: 0.0)


def batch(rows: int = 2) -> Batch:
    """Return a batch of `rows` inferences."""
    body = b"[%b]" % b",".join(b'{"row":%d}' % row for row in range(rows))
    return Batch("m-1", ["id"] * rows, body)


def test_a_compressed_request_is_the_same_array(server: Answering) -> None:
    """With compression, the body is gzip, and a header says so."""
    server.script = [(207, {}, GOOD)]
    destination(server.url, compressed=True).send(batch(), within_secs=60.0)
    ((_, _, fields, body),) = server.requests
    assert fields["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b'[{"row":0},{"row":1}]'


def test_a_batch_is_sent_as_one_array(server: Answering) -> None:
    """Path, headers and body are those of Arthur's documentation. A slash at the end of the URL makes no difference."""
    server.script = [(207, {}, GOOD)]
    receipt = destination(server.url + "/arthur/", organization_id="o-1").send(batch(), within_secs=60.0)
    assert receipt.results == [ACCEPTED] * 2
    ((method, path, fields, body),) = server.requests
    assert (method, path, body) == ("POST", "/arthur/api/v3/models/m-1/inferences", b'[{"row":0},{"row":1}]')
    assert fields["Authorization"] == "token-1"
    assert fields["Arthur-Organization-ID"] == "o-1"
    assert fields["Content-Type"] == "application/json"
    assert "Content-Encoding" not in fields


def test_without_an_organisation_no_header_names_one(server: Answering) -> None:
    """A request without a body has no content type either."""
    server.script = [(200, {}, b'{"attributes":[{"name":"a","stage":"PIPELINE_INPUT","value_type":"FLOAT"}]}')]
    schema = destination(server.url).schema("m-1", within_secs=inf)
    assert [attribute.name for attribute in schema.attributes] == ["a"]
    ((method, path, fields, body),) = server.requests
    assert (method, path, body) == ("GET", "/api/v3/models/m-1?id_type=id&expand=attributes", b"")
    assert not {"Arthur-Organization-ID", "Content-Type"} & fields.keys()


def test_a_refused_token_is_refreshed_once(server: Answering) -> None:
    """The same body is sent again. A second 401 is a denial."""
    server.script = [(401, {}, b""), (207, {}, GOOD), (401, {}, b""), (401, {}, b"")]
    arthur = destination(server.url)
    assert arthur.send(batch(), within_secs=60.0).results == [ACCEPTED] * 2
    with pytest.raises(DestinationDenied, match=r"^status 401"):
        arthur.send(batch(), within_secs=60.0)
    assert [fields["Authorization"] for _, _, fields, _ in server.requests] == [
        "token-1",
        "token-2",
        "token-2",
        "token-3",
    ]
    assert {body for _, _, _, body in server.requests} == {b'[{"row":0},{"row":1}]'}


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_request_has_the_reason_of_the_api(server: Answering, status: int) -> None:
    """The sender finds the row that it is about. For the attributes of a model the status is a denial."""
    server.script = [(status, {}, b'{"message":"row 2 has no time"}'), (status, {}, b"<html>"), (status, {}, b"")]
    arthur = destination(server.url)
    for message in ("row 2 has no time", "no reason given"):
        with pytest.raises(BatchRefused) as caught:
            arthur.send(batch(3), within_secs=60.0)
        assert caught.value.reason == Reason(
            RejectionCode.REFUSED_BY_DESTINATION, f"status {status} for the whole request: {message}"
        )
    with pytest.raises(DestinationDenied, match=rf"^status {status}: the API refuses to show the model"):
        arthur.schema("m-1", within_secs=inf)


@pytest.mark.parametrize(
    ("value", "secs"), [("7", 7.0), ("600.5", 601.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), (None, None)]
)
def test_retry_after_is_read(server: Answering, value: str | None, secs: float | None) -> None:
    """The header is in seconds or a date."""
    server.script = [(503, {"Retry-After": value} if value else {}, b"")]
    with pytest.raises(DestinationUnavailable, match=r"^status 503$") as caught:
        destination(server.url).send(batch(), within_secs=60.0)
    assert caught.value.retry_after_secs == secs


def test_a_redirection_is_not_followed(server: Answering) -> None:
    """It would send the token to an address outside the configuration."""
    server.script = [(307, {"Location": server.url + "/elsewhere"}, b"")]
    with pytest.raises(DestinationDenied, match=r"^status 307: a redirection is not followed"):
        destination(server.url).send(batch(), within_secs=60.0)
    assert len(server.requests) == 1


def test_the_length_of_an_answer_is_limited(server: Answering) -> None:
    """16 MiB are read. One byte more leaves the rows pending, because they may have been taken."""
    server.script = [(207, {}, GOOD.ljust(16 * MIB)), (207, {}, GOOD.ljust(16 * MIB + 1))]
    arthur = destination(server.url)
    assert arthur.send(batch(), within_secs=60.0).results == [ACCEPTED] * 2
    with pytest.raises(DestinationUnavailable, match=r": the answer is too long$") as caught:
        arthur.send(batch(), within_secs=60.0)
    assert caught.value.unanswered


def test_an_answer_that_is_too_long_is_not_read_to_its_end(server: Answering) -> None:
    """The request ends after 16 MiB, although the server has announced more and then stops."""
    server.script = [(207, {"Content-Length": str(64 * MIB)}, GOOD.ljust(17 * MIB))]
    with pytest.raises(DestinationUnavailable, match=r": the answer is too long$"):
        destination(server.url).send(batch(), within_secs=60.0)


def test_a_server_that_does_not_answer_is_a_temporary_failure(server: Answering) -> None:
    """The error names the address and the kind of failure, and no part of the request."""
    server.pause_secs, server.script = 0.5, [(207, {}, GOOD)] * 2
    for read_secs, within_secs in ((0.1, 60.0), (5.0, 0.1)):
        with pytest.raises(DestinationUnavailable, match=rf"^{server.url}: no complete answer in time$"):
            destination(server.url, read_secs=read_secs).send(batch(), within_secs=within_secs)
    with pytest.raises(DestinationUnavailable, match=r"^http://127.0.0.1:9: the connection was refused; check"):
        destination("http://127.0.0.1:9/path").send(batch(), within_secs=60.0)
