"""Events on a connection beside one request and its answer, and the reuse of connections."""

import socket
import ssl
from time import sleep

import pytest

from capture_forwarder.domain.delivery import (
    ACCEPTED,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
)
from tests.e2e.tls import Certificate
from tests.support.http_client import EARLY_HINTS, GOOD, arthur, batch
from tests.support.peer_server import Peer, answer, raw_server, saying

OTHER = b'{"results":[{"status":400,"message":"of another request"}]}'


def test_informational_answers_keep_the_connection(tls: Certificate | None) -> None:
    """A proxy's early hints before every answer cost no new connection, and never become an answer."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(EARLY_HINTS)
            peer.send(EARLY_HINTS + answer(207, GOOD))

    with raw_server(script, tls) as server:
        destination = arthur(server.url, tls)
        for _ in range(20):
            assert destination.send(batch(), within_secs=30.0).results == [ACCEPTED]
        assert server.connections == 1


@pytest.mark.parametrize("pause_secs", [None, 0.0, 0.05])
@pytest.mark.parametrize("surplus", [answer(207, OTHER), EARLY_HINTS, b"\r\n", b"x", answer(207, OTHER)[:30]])
def test_a_second_answer_is_never_that_of_the_next_request(
    tls: Certificate | None, surplus: bytes, pause_secs: float | None
) -> None:
    """Anything behind an answer closes the connection, in the same packet or later; the next request has a new one."""

    def script(peer: Peer) -> None:
        while peer.request():
            if pause_secs is None:
                peer.send(answer(207, GOOD) + surplus)
            else:
                peer.send(answer(207, GOOD))
                peer.pause(pause_secs)
                peer.send(surplus)

    with raw_server(script, tls) as server:
        destination = arthur(server.url, tls)
        for number in range(1, 4):
            assert destination.send(batch(), within_secs=30.0).results == [ACCEPTED]
            if pause_secs is not None:
                server.pause(0.2)
            assert server.connections == number


def test_many_answers_in_one_record_of_tls(certificate: Certificate) -> None:
    """Those that TLS has decrypted already are seen, although the socket is empty."""

    def script(peer: Peer) -> None:
        while peer.request():
            # A record holds 16 KiB.
            peer.send(answer(207, GOOD.ljust(8000)) + answer(207, OTHER.ljust(8000)))

    with raw_server(script, certificate) as server:
        destination = arthur(server.url, certificate)
        for number in range(1, 4):
            assert destination.send(batch(), within_secs=30.0).results == [ACCEPTED]
            assert server.connections == number


def test_bytes_before_a_request_are_no_answer(tls: Certificate | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes cannot be the answer to a request that it has not seen."""
    settimeout = socket.socket.settimeout

    def wait_before_looking(one: socket.socket, secs: float | None) -> None:
        if secs == 0:
            sleep(0.3)
        settimeout(one, secs)

    def script(peer: Peer) -> None:
        peer.send(answer(207, GOOD))
        peer.hang()

    monkeypatch.setattr(socket.socket, "settimeout", wait_before_looking)
    with raw_server(script, tls) as server:
        with pytest.raises(DestinationUnavailable, match=r": the server sent bytes before a request$") as caught:
            arthur(server.url, tls).send(batch(), within_secs=30.0)
        assert not caught.value.unanswered


BODY = b"[" + b" " * 5_000_000 + b"]"


@pytest.mark.parametrize("status", [413, 401, 429])
@pytest.mark.parametrize("pause_secs", [0.0, 0.2])
def test_an_answer_before_the_body_was_read(tls: Certificate | None, status: int, pause_secs: float) -> None:
    """If it can be read it counts. If not, the request is unanswered, so that a smaller one is tried."""

    def script(peer: Peer) -> None:
        peer.connection.recv(1000)
        peer.send(answer(status, b"{}", "Connection: close"))
        peer.pause(pause_secs)
        if isinstance(peer.connection, ssl.SSLSocket):
            peer.connection.unwrap()

    means = {413: BatchTooLarge, 401: DestinationDenied, 429: DestinationUnavailable}
    with raw_server(script, tls) as server:
        with pytest.raises((BatchTooLarge, DestinationUnavailable)) as caught:
            arthur(server.url, tls).send(batch(BODY), within_secs=30.0)
        failure = caught.value
        if isinstance(failure, DestinationUnavailable) and not str(failure).startswith("status"):
            assert failure.unanswered
        else:
            assert type(failure) is means[status]


def test_success_before_the_body_was_read_is_no_answer(tls: Certificate | None) -> None:
    """A server has no results for rows that it has not seen."""

    def script(peer: Peer) -> None:
        peer.connection.recv(1000)
        peer.send(answer(207, GOOD))

    with raw_server(script, tls) as server, pytest.raises(DestinationUnavailable) as caught:
        arthur(server.url, tls).send(batch(BODY), within_secs=30.0)
    assert caught.value.unanswered


def test_a_connection_that_the_server_closed_is_replaced(tls: Certificate | None) -> None:
    """An idle connection that ends costs no failure."""
    with raw_server(saying(answer(207, GOOD)), tls) as server:
        destination = arthur(server.url, tls)
        for number in range(1, 4):
            server.ended.clear()
            assert destination.send(batch(), within_secs=30.0).results == [ACCEPTED]
            assert server.ended.wait(20.0)
            assert server.connections == number
