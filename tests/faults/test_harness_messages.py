"""The proxy does not pass on a request whose sender ended before its last byte."""

import socket

import pytest

from tests.faults.harness.messages import read_body, read_head


def read(message: bytes) -> bytes | None:
    """Return the body of `message`, or `None` if its head is not whole; its sender ends the connection after it."""
    sender, receiver = socket.socketpair()
    with receiver:
        with sender:
            sender.sendall(message)
        with receiver.makefile("rb") as reader:
            head = read_head(reader)
            return None if head is None else read_body(reader, head)


LENGTH = b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nabcde"
CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"


@pytest.mark.parametrize("message", [LENGTH, CHUNKED])
def test_a_whole_request_is_read(message: bytes) -> None:
    """Both ways to frame a body give the same bytes."""
    assert read(message) == b"abcde"


@pytest.mark.parametrize("message", [LENGTH, CHUNKED])
def test_a_request_that_ends_early_is_not_passed_on(message: bytes) -> None:
    """At any byte, the head is missing or the read of the body raises an error that the proxy expects."""
    last_data = message.index(b"abcde") + 5
    for end in range(last_data):
        try:
            assert read(message[:end]) is None
        except (OSError, ValueError):
            assert b"\r\n\r\n" in message[:end]
