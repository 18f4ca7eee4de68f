"""What goes over the wire and what comes back, request by request, with a server that answers by script."""

import gzip
import json
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

import pytest

from capture_forwarder.destinations.arthur.adapter import ArthurDestination, headers
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    RejectionCode,
    RowStatus,
)

MIB = 1024 * 1024
GOOD = json.dumps({"results": [{"status": 200}, {"status": 200}]}).encode()


class Answering(ThreadingHTTPServer):
    """Answers by `script`, (status, headers, body) each, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.pause_secs = 0.0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Answering
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        sleep(self.server.pause_secs)
        status, fields, answer = self.server.script.pop(0)
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815 - the name that the library calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Tokens:
    """Gives a fresh token when asked for one."""

    def __init__(self) -> None:
        self.given = 1

    def __call__(self, *, refresh: bool = False) -> str:
        """Return the token."""
        self.given += refresh
        return f"token-{self.given}"


@pytest.fixture
def server() -> Iterator[Answering]:
    """Serve for one test."""
    answering = Answering()
    Thread(target=answering.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield answering
    answering.shutdown()
    answering.server_close()


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
    """Where the API was said to take gzip, that is what it gets, and is told so."""
    server.script = [(207, {}, GOOD)]
    destination(server.url, compressed=True).send(batch(), within_secs=60.0)
    ((_, _, fields, body),) = server.asked
    assert fields["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b'[{"row":0},{"row":1}]'


def test_a_batch_goes_over_as_one_array(server: Answering) -> None:
    """Path, headers and body as Arthur documents them; a slash at the end of the url changes nothing."""
    server.script = [(207, {}, GOOD)]
    receipt = destination(server.url + "/arthur/", organization_id="o-1").send(batch(), within_secs=60.0)
    assert receipt.results == [ACCEPTED] * 2
    ((method, path, fields, body),) = server.asked
    assert (method, path, body) == ("POST", "/arthur/api/v3/models/m-1/inferences", b'[{"row":0},{"row":1}]')
    assert fields["Authorization"] == "token-1"
    assert fields["Arthur-Organization-ID"] == "o-1"
    assert fields["Content-Type"] == "application/json"
    assert "Content-Encoding" not in fields


def test_without_an_organisation_no_header_names_one(server: Answering) -> None:
    """And a request without a body says nothing of its type."""
    server.script = [(200, {}, b'{"attributes":[{"name":"a","stage":"PIPELINE_INPUT","value_type":"FLOAT"}]}')]
    schema = destination(server.url).schema("m-1")
    assert [attribute.name for attribute in schema.attributes] == ["a"]
    ((method, path, fields, body),) = server.asked
    assert (method, path, body) == ("GET", "/api/v3/models/m-1?id_type=id&expand=attributes", b"")
    assert not {"Arthur-Organization-ID", "Content-Type"} & fields.keys()


def test_a_refused_token_is_refreshed_once(server: Answering) -> None:
    """Then the same body goes over again; a second refusal is a denial."""
    server.script = [(401, {}, b""), (207, {}, GOOD), (401, {}, b""), (401, {}, b"")]
    arthur = destination(server.url)
    assert arthur.send(batch(), within_secs=60.0).results == [ACCEPTED] * 2
    with pytest.raises(DestinationDenied, match=r"^status 401"):
        arthur.send(batch(), within_secs=60.0)
    assert [fields["Authorization"] for _, _, fields, _ in server.asked] == ["token-1", "token-2", "token-2", "token-3"]
    assert {body for _, _, _, body in server.asked} == {b'[{"row":0},{"row":1}]'}


def test_a_request_that_is_refused_rejects_its_rows(server: Answering) -> None:
    """One result a row, with the status as the reason; of a model's attributes it is a person's business."""
    server.script = [(422, {}, b"{}"), (400, {}, b"{}")]
    arthur = destination(server.url)
    results = arthur.send(batch(3), within_secs=60.0).results
    assert [(row.status, row.reason and row.reason.code) for row in results] == [
        (RowStatus.REJECTED, RejectionCode.REFUSED_BY_DESTINATION)
    ] * 3
    assert {row.reason.why for row in results if row.reason} == {"status 422 for the whole request"}
    with pytest.raises(DestinationDenied, match=r"^the model's attributes cannot be read: status 400 for the whole"):
        arthur.schema("m-1")


@pytest.mark.parametrize(("value", "secs"), [("7", 7.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), (None, None)])
def test_how_long_to_wait_is_read(server: Answering, value: str | None, secs: float | None) -> None:
    """From the header, in either of its forms."""
    server.script = [(503, {"Retry-After": value} if value else {}, b"")]
    with pytest.raises(DestinationUnavailable, match=r"^status 503$") as caught:
        destination(server.url).send(batch(), within_secs=60.0)
    assert caught.value.retry_after_secs == secs


def test_a_redirection_is_not_followed(server: Answering) -> None:
    """It would carry the token to somewhere nobody configured."""
    server.script = [(307, {"Location": server.url + "/elsewhere"}, b"")]
    with pytest.raises(DestinationDenied, match=r"^status 307: a redirection is not followed"):
        destination(server.url).send(batch(), within_secs=60.0)
    assert len(server.asked) == 1


def test_an_answer_may_be_long_but_not_endless(server: Answering) -> None:
    """Sixteen MiB are read whole, in pieces; one byte more says that the batch was too large."""
    server.script = [(207, {}, GOOD.ljust(16 * MIB)), (207, {}, GOOD.ljust(16 * MIB + 1))]
    arthur = destination(server.url)
    assert arthur.send(batch(), within_secs=60.0).results == [ACCEPTED] * 2
    with pytest.raises(BatchTooLarge):
        arthur.send(batch(), within_secs=60.0)


def test_a_server_that_is_silent_or_gone_is_passing_trouble(server: Answering) -> None:
    """The address and the kind of failure are told, nothing of the request."""
    server.pause_secs, server.script = 0.5, [(207, {}, GOOD)] * 2
    for read_secs, within_secs in ((0.1, 60.0), (5.0, 0.1)):
        with pytest.raises(DestinationUnavailable, match=rf"^{server.url}: ReadTimeout$"):
            destination(server.url, read_secs=read_secs).send(batch(), within_secs=within_secs)
    with pytest.raises(DestinationUnavailable, match=r"^http://127.0.0.1:9: ConnectionError$"):
        destination("http://127.0.0.1:9").send(batch(), within_secs=60.0)


def test_a_secret_that_is_no_token_is_a_persons_business(server: Answering) -> None:
    """A line end in it would be a header of its own; it is never sent, and never told."""
    client = HttpClient(
        server.url,
        token=lambda *, refresh=False: f"a\r\nb{refresh}",
        headers=partial(headers, organization_id=None),
        timeouts_secs=(5.0, 5.0),
        max_connections=1,
    )
    sentence = r"^the secret is not a token: it holds characters that a header must not have$"
    with pytest.raises(DestinationDenied, match=sentence):
        ArthurDestination(client, BatchLimits(), lambda: 0.0).send(batch(), within_secs=60.0)
    assert server.asked == []
