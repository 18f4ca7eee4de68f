"""Scripts of servers that are slow, each in its own way, for `raw_server`."""

import socket
from collections.abc import Callable

from tests.support.peer_server import Peer, answer

Script = Callable[[Peer], object]


def serve(peer: Peer) -> None:
    """Answer every request."""
    while peer.request():
        peer.send(answer())


def drip_headers(peer: Peer) -> None:
    """Send a header without end."""
    peer.request()
    peer.send(b"HTTP/1.1 207 Multi-Status\r\n")
    peer.drip(b"X-Header: 1\r\n" + b"X" * 1000)


def drip_many_informational(peer: Peer) -> None:
    """Send a slow informational answer."""
    peer.request()
    peer.drip(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n")


def drip_body(peer: Peer) -> None:
    """Send a body without end."""
    peer.request()
    peer.send(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 10000000\r\n\r\n")
    peer.drip(b" ")


def drip_chunks(peer: Peer) -> None:
    """Send chunks without end."""
    peer.request()
    peer.send(b"HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"1\r\n \r\n")


def drip_until_close(peer: Peer) -> None:
    """Send a body without length."""
    peer.request()
    peer.send(b"HTTP/1.0 200 OK\r\n\r\n")
    peer.drip(b" ")


def drip_body_of_a_refusal(peer: Peer) -> None:
    """Send a 400 whose body has no end."""
    peer.request()
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 10000000\r\n\r\n")
    peer.drip(b" ")


def say_nothing(peer: Peer) -> None:
    """Read the request, and hang."""
    peer.request()
    peer.hang()


def read_nothing(peer: Peer) -> None:
    """Let the request wait in the buffers."""
    peer.hang()


def drip_handshake(peer: Peer) -> None:
    """Begin a record of TLS that has no end, after the client has begun the handshake."""
    peer.connection.recv(4096)  # bytes that are sent before may be lost behind the proxy's answer
    peer.send(b"\x16\x03\x03\x40\x00")
    peer.drip(b"\x02")


def read_slowly(peer: Peer) -> None:
    """Read so slowly that each single write succeeds in time."""
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(10_000):
        if not peer.connection.recv(4096):
            return
        peer.pause(0.02)


# These leave the request in the buffers, so that it must be larger than they are.
UNREAD = (read_nothing, read_slowly)
