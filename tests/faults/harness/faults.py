"""The faults of dependencies, and the rules that choose the requests."""

import socket
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from math import inf
from select import select
from threading import Event

from msgspec import Struct, field

from tests.faults.harness.messages import Answer, Request, refusal

_LOOK_SECS = 0.1
_DRIP_SECS = 0.5
_PARTIAL = 206
_ENDLESS = b" " * 65_536


class Kind(StrEnum):
    """The treatment of a request. `TAKEN` has the kinds that pass it on first."""

    STATUS = "status"
    EARLY_STATUS = "status before the body is read"
    STATUS_AFTER = "taken, then an error status"
    HANG = "hang"
    HANG_AFTER = "taken, then hang"
    DRIP_HEADERS = "headers a byte at a time"
    DRIP_BODY = "body a byte at a time"
    RESET_BEFORE = "reset before it is taken"
    RESET_AFTER = "reset after it is taken"
    LOST = "taken, answer lost"
    TRUNCATED = "truncated"
    EDITED = "edited"
    EARLY_HINTS = "103 first"
    ENDLESS = "endless"
    REDIRECT = "redirected to another region"
    SLOW = "slow"


TAKEN = frozenset(Kind) - {
    Kind.STATUS,
    Kind.EARLY_STATUS,
    Kind.HANG,
    Kind.RESET_BEFORE,
    Kind.REDIRECT,
}


class Rule(Struct):
    """One fault: its kind, the chosen requests, the index of the first of them (from 0), and how often it happens.

    `operations` is a set of names, all operations if it is empty. `text` is a part of the target or of the body, in
    which AWS names the resource. `hook` is called before the fault.
    """

    kind: Kind
    service: str
    operations: frozenset[str] = frozenset()
    text: str = ""
    first: int = 0
    times: float = inf
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    secs: float = 0.0
    keep_bytes: int | None = None
    when: Callable[[Request], bool] | None = None
    hook: Callable[[], None] | None = None
    matched: int = 0
    applied: int = 0

    def applies(self, request: Request) -> bool:
        """Count a request that matches, and return whether this rule is for it. One thread at a time."""
        if request.service != self.service or (self.operations and request.operation not in self.operations):
            return False
        if self.text and self.text not in request.path and self.text.encode() not in request.body:
            return False
        if self.when and not self.when(request):
            return False
        self.matched += 1
        chosen = self.first < self.matched <= self.first + self.times
        self.applied += chosen
        return chosen


class Reset(Exception):
    """The connection is to be reset."""


class Closed(Exception):
    """The connection is to be closed in order."""


_ENDS = {Kind.RESET_AFTER: Reset, Kind.LOST: Closed}


def spoil(
    rule: Rule, connection: socket.socket, request: Request, pass_on: Callable[[], Answer], closing: Event
) -> None:
    """Answer a request as `rule` says. Raises `Reset` or `Closed` if the connection cannot be used further."""
    if rule.hook:
        rule.hook()
    match rule.kind:
        case Kind.STATUS:
            connection.sendall(refusal(request, rule.status, rule.headers).encode())
        case Kind.EARLY_STATUS:
            connection.sendall(refusal(request, rule.status, rule.headers).encode(connection="close"))
            raise Closed
        case Kind.REDIRECT:
            moved = {"x-amz-bucket-region": "us-west-2"}
            connection.sendall(refusal(request, 301, moved).encode())
        case Kind.HANG:
            _wait_for_client(connection, closing)
        case Kind.RESET_BEFORE:
            raise Reset
        case _:
            _spoil_answer(rule, connection, pass_on(), request, closing)


def _spoil_answer(rule: Rule, connection: socket.socket, answer: Answer, request: Request, closing: Event) -> None:
    if rule.kind in _ENDS:
        raise _ENDS[rule.kind]
    match rule.kind:
        case Kind.HANG_AFTER:
            _wait_for_client(connection, closing)
        case Kind.STATUS_AFTER:
            connection.sendall(refusal(request, rule.status, rule.headers).encode())
        case Kind.TRUNCATED:
            kept = len(answer.body) // 2 if rule.keep_bytes is None else rule.keep_bytes
            whole = answer.encode()
            connection.sendall(whole[: len(whole) - max(0, len(answer.body) - kept)])
            raise Closed
        case Kind.EDITED:
            connection.sendall(_edited(answer, request.service).encode())
        case Kind.EARLY_HINTS:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + answer.encode())
        case Kind.DRIP_HEADERS:
            _drip(connection, answer.encode(), closing)
        case Kind.DRIP_BODY:
            connection.sendall(answer.encode()[: -len(answer.body) or None])
            _drip(connection, answer.body, closing)
        case Kind.ENDLESS:
            _send_endlessly(connection, answer, closing)
        case _:
            closing.wait(rule.secs)
            connection.sendall(answer.encode())


def _edited(answer: Answer, service: str) -> Answer:
    """Return other bytes under the checksum of the right ones. S3 has no checksum for a part of an object."""
    head = answer.head
    if answer.status == _PARTIAL:
        return answer
    if service == "s3" and answer.body:
        head.headers["x-amz-checksum-crc32"] = b64encode(zlib.crc32(answer.body).to_bytes(4, "big")).decode()
    if service == "dynamodb":
        head.headers["x-amz-crc32"] = str(zlib.crc32(answer.body))
    if service == "api":
        return Answer(head, answer.body.replace(b'"status"', b'"tatus"'))
    return Answer(head, answer.body.replace(b",2.5,", b",9.5,").replace(b'"N"', b'"S"'))


def _wait_for_client(connection: socket.socket, closing: Event) -> None:
    """Wait until the client gives up. Raises `Closed`."""
    while not closing.is_set() and not select([connection], [], [], _LOOK_SECS)[0]:
        pass
    raise Closed


def _drip(connection: socket.socket, data: bytes, closing: Event) -> None:
    for place in range(len(data)):
        connection.sendall(data[place : place + 1])
        end = time.monotonic() + _DRIP_SECS
        while time.monotonic() < end:
            if closing.is_set() or select([connection], [], [], _LOOK_SECS)[0]:
                raise Closed


def _send_endlessly(connection: socket.socket, answer: Answer, closing: Event) -> None:
    connection.sendall(answer.head.encode(transfer_encoding="chunked"))
    while not closing.is_set():
        connection.sendall(b"%x\r\n%b\r\n" % (len(_ENDLESS), _ENDLESS))
        time.sleep(0.002)
    raise Closed


def end(connection: socket.socket, *, reset: bool) -> None:
    """Close a connection; without lingering this is a reset."""
    with suppress(OSError):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
