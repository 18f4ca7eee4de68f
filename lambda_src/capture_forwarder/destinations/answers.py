"""Answers of HTTP/1.1. One that breaks a rule is an error, and never counts as the answer to this or the next request.

The rules are those of https://www.rfc-editor.org/rfc/rfc9112. An unclear end of the body is an error too.
"""

import http.client
import io
import re
import ssl
from typing import Any, Protocol

from capture_forwarder.destinations.limits import current_limits

_MAX_INFORMATIONAL = 32
_SWITCHING_PROTOCOLS = 101
_FINAL = 200
_REDIRECTION = 300
_BUFFER_BYTES = 64 * 1024
# Headers, framing and body together, so that no part of an answer is read for ever.
_MAX_RECEIVED_BYTES = 17 * 1024 * 1024
_LENGTH = re.compile(r"\s*[0-9]{1,15}\s*")
_HTTP_1_1 = 11


class UnusableAnswer(http.client.HTTPException):
    """An answer that breaks the rules; its sentence does not quote the answer."""


class Connection(Protocol):
    """The connection of an answer: whether the request was sent whole, and a way to close it."""

    is_broken: bool

    def close(self) -> None:
        """Close it, so that it is never used again."""
        ...


class Received(io.RawIOBase):
    """The bytes of a connection; every read ends in time. Once `at_end`, it gives only bytes that are there."""

    def __init__(self, raw: Any, sock: Any) -> None:
        super().__init__()
        self.at_end = False
        self._raw = raw
        self._sock = sock
        self._left_bytes = _MAX_RECEIVED_BYTES

    def readable(self) -> bool:
        """Return that it can be read, as `io.BufferedReader` asks."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Fill `buffer`. Raises `TimeoutError`, `OSError`, or `UnusableAnswer` for one without end."""
        try:
            self._sock.settimeout(0 if self.at_end else current_limits().left_secs())
            count: int | None = self._raw.readinto(buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        self._left_bytes -= count or 0
        if self._left_bytes < 0:
            raise UnusableAnswer("the answer is too long")
        return count

    def close(self) -> None:
        """Release the socket."""
        super().close()
        self._raw.close()


class Response(http.client.HTTPResponse):
    """An answer: informational ones before it are skipped, and unclear framing is an error.

    Any bytes behind it close the connection, so that they are never read as the answer to the next request.
    """

    def __init__(self, connection: Connection, sock: Any, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self._of = connection
        self._received = Received(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._received, _BUFFER_BYTES)

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MAX_INFORMATIONAL):
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # http.client has no public hook
            if line[1] >= _FINAL:
                return line
            if line[1] == _SWITCHING_PROTOCOLS:
                raise UnusableAnswer("the server changes the protocol")
            http.client.parse_headers(self.fp)
        raise UnusableAnswer("informational answers without end")

    def begin(self) -> None:
        """Read status and headers. Raises `UnusableAnswer` if the end of the body is not clear."""
        super().begin()
        _check_framing(self.msg)
        if self._of.is_broken and self.status < _REDIRECTION:
            raise UnusableAnswer("success, although the request was not sent as a whole")
        if self._of.is_broken or self.version != _HTTP_1_1:
            self.will_close = True

    def _close_conn(self) -> None:
        self._received.at_end = True
        # `will_close` is not known yet if a proxy answers CONNECT.
        has_surplus = self.will_close is False and self._has_surplus()
        super()._close_conn()  # type: ignore[misc]  # as above
        if has_surplus:
            self._of.close()

    def _has_surplus(self) -> bool:
        try:
            return bool(self.fp.peek(1))
        except (OSError, http.client.HTTPException):
            return True


def _check_framing(message: http.client.HTTPMessage) -> None:
    lengths = message.get_all("Content-Length", [])
    codings = [coding.strip().lower() for coding in message.get_all("Transfer-Encoding", [])]
    is_clear = len(set(lengths)) + len(codings) <= 1 and codings in ([], ["chunked"])
    # A line that is no header ends the headers for Python's parser, and hides those after it.
    is_whole = not message.defects and not message.get_payload()
    if not is_clear or not is_whole or not all(map(_LENGTH.fullmatch, lengths)):
        raise UnusableAnswer("the headers are unclear")
