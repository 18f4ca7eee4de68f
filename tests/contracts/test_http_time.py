"""Requests that would never end: each ends in time, as an unanswered request, and its connection is closed."""

import socket
from threading import Thread
from time import monotonic

import pytest

from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from tests.e2e.tls import Certificate
from tests.support.http_client import Tokens, http_client
from tests.support.peer_server import Peer, answer, raw_server
from tests.support.slow_scripts import (
    UNREAD,
    Script,
    drip_body,
    drip_body_of_a_refusal,
    drip_chunks,
    drip_headers,
    drip_many_informational,
    drip_until_close,
    read_nothing,
    read_slowly,
    say_nothing,
)

# A request that ends at its limit ends far before this, also on a busy machine.
LATE_SECS = 20.0
BODY = b"[" + b" " * 20_000_000 + b"]"
SLOW = [
    *[drip_headers, drip_many_informational, drip_body, drip_chunks, drip_until_close, drip_body_of_a_refusal],
    *[say_nothing, read_nothing, read_slowly],
]


@pytest.mark.parametrize("limit", ["within_secs", "timeouts"])
@pytest.mark.parametrize("script", SLOW, ids=[script.__name__ for script in SLOW])
def test_a_slow_server_does_not_hold_a_request(tls: Certificate | None, script: Script, limit: str) -> None:
    """It ends at its limit in total, however often a byte comes, and the server sees that the connection is closed."""
    with raw_server(script, tls) as server:
        secs = 0.3 if limit == "timeouts" else 60.0
        sending = http_client(server.url, tls, connect_secs=secs, read_secs=secs)
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$") as caught:
            sending.post("/x", BODY if script in UNREAD else b"[]", 0.4 if limit == "within_secs" else 60.0)
        assert 0.25 < monotonic() - started < LATE_SECS
        assert caught.value.unanswered
        assert not isinstance(caught.value, DestinationDenied)
        if script not in (say_nothing, *UNREAD):  # these do not come to the end of the connection
            assert server.ended.wait(LATE_SECS)


def test_a_get_ends_in_time_too(tls: Certificate | None) -> None:
    """A schema that never comes is an unanswered request."""
    with raw_server(drip_body, tls) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
            http_client(server.url, tls).get("/x", 0.3)
        assert monotonic() - started < LATE_SECS


def test_the_answer_has_its_time_after_the_request_was_sent(tls: Certificate | None) -> None:
    """`read_timeout_secs` counts from the end of sending: a server that reads slowly and answers at once is in time."""

    def read_for_a_while(peer: Peer) -> None:
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        peer.pause(1.5)
        peer.request()
        peer.send(answer())

    with raw_server(read_for_a_while, tls) as server:
        assert http_client(server.url, tls, connect_secs=20.0, read_secs=1.0).post("/x", BODY, 60.0).status == 207


def test_no_time_left_sends_nothing(tls: Certificate | None) -> None:
    """The server sees no connection."""
    with raw_server(say_nothing, tls) as server:
        for within_secs in (0.0, -1.0):
            with pytest.raises(DestinationUnavailable, match=r": no connection in time$") as caught:
                http_client(server.url, tls).post("/x", b"[]", within_secs)
            assert not caught.value.unanswered
        assert server.connections == 0


def test_the_repeat_after_a_401_has_the_time_that_is_left(tls: Certificate | None) -> None:
    """So has the token that is read for it."""

    def refuse_then_hang(peer: Peer) -> None:
        peer.request()
        peer.pause(0.3)
        peer.send(answer(401))
        peer.request()
        peer.hang()

    tokens = Tokens()
    with raw_server(refuse_then_hang, tls) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
            http_client(server.url, tls, token=tokens).post("/x", b"[]", 0.8)
        assert monotonic() - started < LATE_SECS
    assert tokens.within_secs[0] <= 0.8
    assert 0 < tokens.within_secs[1] <= 0.5


def test_many_threads_have_their_own_time(tls: Certificate | None) -> None:
    """A request that is slow ends at its own limit, and one beside it has its answer."""
    statuses: list[int] = []

    def first_hangs(peer: Peer) -> None:
        if b"/slow" in peer.request():
            peer.hang()
        peer.send(answer())

    with raw_server(first_hangs, tls) as server:
        sending = http_client(server.url, tls)
        quick = Thread(target=lambda: statuses.append(sending.post("/quick", b"[]", 60.0).status))
        quick.start()
        with pytest.raises(DestinationUnavailable):
            sending.post("/slow", b"[]", 0.4)
        quick.join()
    assert statuses == [207]
