"""Connections to the monitor: they stay open between requests, and are closed when the monitor ends."""

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from capture_ops.monitor.server import Monitor, running_monitor
from tests.support.monitors import FREE, TOKEN, call, row

ROW = row("a", inference_data={"x": 1})


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve one model, with a limit of 10 kB for a body."""
    with running_monitor([FREE], token="t", max_body_bytes=10_000) as running:
        yield running


def dial(monitor: Monitor) -> socket.socket:
    return socket.create_connection((urlsplit(monitor.url).hostname, urlsplit(monitor.url).port), timeout=30)


def connect(monitor: Monitor) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(monitor.url).netloc, timeout=30)


def ask(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", "/api/v3/models/free/inferences", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_one_connection_serves_request_after_request(monitor: Monitor) -> None:
    """Also after a request whose body was not used: its rest is never read as the next request."""
    connection = connect(monitor)
    connection.connect()
    opened = connection.sock
    large = b"[" + b" " * 300_000 + b"]"
    for body, headers, status in (
        (b"[]", TOKEN, 207),
        (large, {}, 401),
        (b"GET / HTTP/1.1\r\n\r\n", {}, 401),
        (b"[]", TOKEN, 207),
    ):
        assert ask(connection, body, headers) == status
        assert connection.sock is opened
    connection.close()


def test_a_large_body_is_answered_before_its_connection_is_closed(monitor: Monitor) -> None:
    """The sender must see the 413, because it then sends smaller batches."""
    connection = connect(monitor)
    assert ask(connection, b"[" + b" " * 30_000_000 + b"]", TOKEN) == 413
    assert ask(connection, b"[]", TOKEN) == 207
    connection.close()


def test_a_body_of_unknown_length_is_refused(monitor: Monitor) -> None:
    """A chunked body cannot evade the limit. The connection can be used again."""
    connection = connect(monitor)
    connection.request(
        "POST", "/api/v3/models/free/inferences", iter([b"[", b" " * 20_000, b"]"]), TOKEN, encode_chunked=True
    )
    assert connection.getresponse().read().startswith(b'{"message":"send the body with a Content-Length"')
    assert ask(connection, b"[]", TOKEN) == 207
    connection.close()


@pytest.mark.parametrize(("size", "status"), [(10_000, 207), (10_001, 413)])
def test_the_limit_is_the_largest_accepted_size(monitor: Monitor, size: int, status: int) -> None:
    """A 413 makes a sender split its batch, so a body at the limit must be accepted."""
    connection = connect(monitor)
    assert ask(connection, b"[" + b" " * (size - 2) + b"]", TOKEN) == status
    connection.close()


def test_an_incomplete_body_is_rejected(monitor: Monitor) -> None:
    """No row of it is stored, even if the part that arrived is a complete array of rows."""
    body = json.dumps([ROW]).encode()
    with dial(monitor) as client:
        client.sendall(b"POST /api/v3/models/free/inferences HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n")
        client.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body) + 9, body))
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
    assert monitor.store.count("free") == 0


def test_a_length_that_is_no_number_ends_the_connection(monitor: Monitor) -> None:
    """The end of its body is unknown, so the following bytes are not read as a request."""
    following = b"GET /api/v3/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n\r\n"
    with dial(monitor) as client, client.makefile("rb") as answers:
        client.sendall(following.replace(b"Host: x", b"Content-Length: x") + following)
        assert answers.read().count(b"HTTP/1.1 ") == 1


def test_the_end_does_not_wait_for_a_busy_sender() -> None:
    """Of many requests that were sent at once, the monitor answers the current one, and then closes the connection."""
    with running_monitor([FREE], token="t") as monitor:
        client = dial(monitor)
        client.sendall(b"GET /api/v3/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: t\r\n\r\n" * 2000)
        assert client.recv(10, socket.MSG_PEEK)
    answers = b""
    with suppress(ConnectionResetError):
        while piece := client.recv(100_000):
            answers += piece
    client.close()
    assert 0 < answers.count(b"HTTP/1.1 200 ") < 1000


def test_the_end_closes_open_connections() -> None:
    """Afterwards neither old nor new connections are answered, and the port is free."""
    with running_monitor([FREE], token="t") as monitor:
        connection = connect(monitor)
        assert ask(connection, b"[]", TOKEN) == 207
        opened = connection.sock
    assert opened.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        connect(monitor).connect()
    with running_monitor([FREE], token="t", port=urlsplit(monitor.url).port or 0) as again:
        assert call(again, "GET", "users/me").ok


WRITTEN = b'[{"partner_inference_id": "a", "inference_timestamp": "2026-01-15T10:00:00Z", "inference_data": {}}]'
GZIP = {"Content-Encoding": "gzip", **TOKEN}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (gzip.compress(WRITTEN), GZIP, 207),
        (gzip.compress(WRITTEN)[:-9], GZIP, 400),
        (WRITTEN, GZIP, 400),
        (gzip.compress(b"[" + b" " * 1_000_000 + b"]"), GZIP, 413),
        (WRITTEN, TOKEN | {"Content-Encoding": "br"}, 415),
    ],
    ids=["whole", "cut off", "not compressed", "too large", "another encoding"],
)
def test_a_gzip_body_must_be_complete_and_within_the_limit(
    monitor: Monitor, body: bytes, headers: dict[str, str], status: int
) -> None:
    """The limit applies to the decompressed body."""
    connection = connect(monitor)
    assert ask(connection, body, headers) == status
    assert len(monitor.store.inferences("free")) == (status == 207)
    connection.close()
