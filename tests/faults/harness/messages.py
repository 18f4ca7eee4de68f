"""HTTP messages as bytes: read from a socket whole, and written with exactly the bytes that a fault wants."""

import json
import socket
from io import BufferedReader

from msgspec import Struct

_MAX_HEAD_BYTES = 64 * 1024
_BODILESS = {204, 304}


class Head(Struct):
    """The first line and the headers of a message; the names are lower case."""

    line: str
    headers: dict[str, str]

    def encode(self, **changes: str) -> bytes:
        """Return the bytes of the head, with the headers `changes` in place of those of the same name."""
        headers = self.headers | {name.replace("_", "-"): value for name, value in changes.items()}
        lines = [self.line, *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Request(Struct):
    """A request, with the name that its service gives it; `body` is empty until it was read."""

    head: Head
    service: str
    operation: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target of the request, with its query."""
        return self.head.line.split(" ")[1]

    @property
    def body_bytes(self) -> int:
        """The length of the body, as its header says."""
        return int(self.head.headers.get("content-length", 0))


class Answer(Struct):
    """An answer: its head without any header about its length, and its body."""

    head: Head
    body: bytes

    @property
    def status(self) -> int:
        """The status."""
        return int(self.head.line.split(" ")[1])

    def encode(self, **changes: str) -> bytes:
        """Return the bytes of the answer; the length of the body is the true one unless `changes` has another."""
        length = {} if self.status in _BODILESS else {"content_length": str(len(self.body))}
        return self.head.encode(**{**length, **changes}) + self.body


def read_head(reader: BufferedReader) -> Head | None:
    """Return the next head, or `None` if the other side has closed the connection before the head was complete."""
    line = reader.readline(_MAX_HEAD_BYTES)
    if not line.endswith(b"\n"):
        return None
    headers: dict[str, str] = {}
    while (header := reader.readline(_MAX_HEAD_BYTES)) not in {b"\r\n", b"\n"}:
        if not header.endswith(b"\n"):
            return None
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Head(line.decode("latin-1").strip(), headers)


def read_body(reader: BufferedReader, head: Head) -> bytes:
    """Return the body of a request, without the framing of its transfer.

    Raises `ConnectionAbortedError` when its sender ends first, as a worker that is killed does.
    """
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return _read_chunks(reader)
    return _read_all(reader, int(head.headers.get("content-length", 0)))


def _read_all(reader: BufferedReader, size: int) -> bytes:
    data = reader.read(size)
    if len(data) < size:
        raise ConnectionAbortedError(f"a body of {size} bytes ended after {len(data)}")
    return data


def _read_chunks(reader: BufferedReader) -> bytes:
    body = bytearray()
    while size := int(reader.readline().split(b";")[0], 16):
        body += _read_all(reader, size)
        reader.readline()
    while reader.readline().strip():
        pass
    return bytes(body)


def named(head: Head) -> Request:
    """Return a request without its body: headers tell the services of AWS apart, and all else is the API's."""
    method, path, *_ = head.line.split(" ")
    service, _, operation = head.headers.get("x-amz-target", "").partition(".")
    if operation:
        return Request(head, _TARGETS[service.partition("_")[0].lower()], operation)
    if "/s3/aws4_request" in head.headers.get("authorization", ""):
        return Request(head, "s3", _s3_operation(method, path))
    return Request(head, "api", "PostInferences" if method == "POST" else "GetModel")


_TARGETS = {"dynamodb": "dynamodb", "amazonsqs": "sqs", "secretsmanager": "secretsmanager"}


def _s3_operation(method: str, path: str) -> str:
    if method == "POST":
        return "CreateMultipartUpload" if path.endswith("?uploads") else "CompleteMultipartUpload"
    if method == "PUT":
        return "UploadPart" if "partNumber=" in path else "PutObject"
    return f"{method.title()}{'Object' if path.count('/') > 1 else 'Bucket'}"


def exchange(port: int, request: Request) -> Answer:
    """Send `request` to a server on loopback by a connection of its own, and return its answer."""
    head = Head(request.head.line, dict(request.head.headers))
    for name in ("transfer-encoding", "expect", "connection"):
        head.headers.pop(name, None)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as upstream:
        upstream.sendall(head.encode(connection="close", content_length=str(len(request.body))) + request.body)
        with upstream.makefile("rb") as reader:
            answered = read_head(reader)
            assert answered, "the server behind the proxy has closed the connection"
            chunked = "chunked" in answered.headers.get("transfer-encoding", "").lower()
            body = _read_chunks(reader) if chunked else reader.read()
    length = answered.headers.pop("content-length", None)
    for name in ("transfer-encoding", "connection"):
        answered.headers.pop(name, None)
    if request.head.line.startswith("HEAD") and length is not None:
        answered.headers["content-length"] = length
    return Answer(answered, body)


def refusal(request: Request, status: int, headers: dict[str, str]) -> Answer:
    """Return an error in the words of the service of `request`."""
    code = _CODES.get(status, f"Status{status}")
    if request.service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>fault</Message></Error>".encode()
        kind = "application/xml"
    elif request.service == "api":
        body, kind = b"<html>fault</html>", "text/html"
    else:
        body, kind = json.dumps({"__type": f"com.amazonaws#{code}", "message": "fault"}).encode(), "application/json"
    return Answer(Head(f"HTTP/1.1 {status} Fault", {"content-type": kind} | headers), body)


_CODES = {
    301: "PermanentRedirect",
    400: "ThrottlingException",
    403: "AccessDeniedException",
    500: "InternalServerError",
    503: "SlowDown",
}
