"""A loopback SageMaker that answers from a table, counts calls, and fails as it is asked to.

SageMaker speaks JSON 1.1: the operation is in the header X-Amz-Target. Calls that the table cannot
answer, and those of other services such as STS, are passed on to moto, if there is one.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import requests
from msgspec import Struct

from tests.catalog.table import Document, Refused, Table

# What moto 5.2 has of the operations that the catalog calls.
MOTO_HAS = frozenset(
    {
        *(f"List{kind}s" for kind in ("AutoMLJob", "CompilationJob", "HyperParameterTuningJob", "ProcessingJob")),
        *(f"List{kind}s" for kind in ("TrainingJob", "TransformJob", "Endpoint", "Model", "ModelPackageGroup")),
        *(
            "ListModelPackages",
            "ListPipelines",
            "ListPipelineExecutions",
            "ListTags",
            "DescribeAutoMLJobV2",
            "DescribeFeatureGroup",
        ),
        *(f"Describe{kind}" for kind in ("CompilationJob", "HyperParameterTuningJob", "ProcessingJob", "TrainingJob")),
        *(f"Describe{kind}" for kind in ("TransformJob", "Endpoint", "EndpointConfig", "Model", "ModelPackageGroup")),
        *("DescribeModelPackage", "DescribePipeline"),
    }
)
_TYPE = "application/x-amz-json-1.1"


class Call(Struct, frozen=True):
    """A request: for SageMaker its parameters, for other services the fields of the form; headers in lower case."""

    operation: str
    parameters: Document
    headers: dict[str, str]


class Failure(Struct):
    """An error for calls of `operation` whose parameters are `match`; the next `times` of them, or all."""

    operation: str
    code: str
    match: Document
    times: int | None
    message: str


class TableServer(ThreadingHTTPServer):
    """Serves `table`. `calls` has every request. With `allowed` other actions are denied, as a policy does.

    `expiration` gives the end of the credentials of each assumed role, in place of moto, and `identity` is the ARN that
    STS answers for the caller.
    """

    daemon_threads = True

    def __init__(self, table: Table, moto_url: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.table = table
        self.moto_url = moto_url
        self.calls: list[Call] = []
        self.allowed: frozenset[str] | None = None
        self.identity: str | None = None
        self.expiration: Callable[[], datetime] | None = None
        self._failures: list[Failure] = []
        self._lock = Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def counts(self) -> Counter[str]:
        """The number of calls of each operation."""
        return Counter(call.operation for call in self.calls)

    @property
    def lists(self) -> int:
        """The number of calls of listings."""
        return sum(count for operation, count in self.counts.items() if operation.startswith("List"))

    def fail(self, operation: str, code: str, times: int | None = None, message: str = "", **match: Any) -> None:
        """Answer `code` to the next `times` calls of `operation` with these parameters, or to all."""
        self._failures.append(Failure(operation, code, match, times, message or f"not for {operation}"))

    def client(self, **changes: Any) -> Any:
        """Return a client of SageMaker for this server."""
        return boto3.client("sagemaker", **({"endpoint_url": self.url, "region_name": "eu-west-1"} | changes))

    def answer(self, operation: str, parameters: Document) -> Document:
        """Return the answer of SageMaker. Raises `Refused`."""
        if self.allowed is not None and f"sagemaker:{operation}" not in self.allowed:
            raise Refused("AccessDeniedException", f"User is not authorized to perform: sagemaker:{operation}")
        self.check(operation, parameters)
        return self.table.answer(operation, parameters)

    def check(self, operation: str, parameters: Document) -> None:
        """Raise `Refused` if the call shall fail."""
        with self._lock:
            for failure in self._failures:
                matches = all(parameters.get(key) == value for key, value in failure.match.items())
                if failure.operation == operation and matches and failure.times != 0:
                    failure.times = None if failure.times is None else failure.times - 1
                    raise Refused(failure.code, failure.message)

    def sts(self, operation: str, parameters: Document) -> tuple[int, str] | None:
        """Return status and body of an answer of STS, `None` to ask moto."""
        try:
            self.check(operation, parameters)
        except Refused as refused:
            return 403, sts_answer("Error", f"<Error><Code>{refused.code}</Code><Message>{refused}</Message></Error>")
        if operation == "GetCallerIdentity" and self.identity:
            return 200, sts_answer(operation, f"<{operation}Result><Arn>{self.identity}</Arn></{operation}Result>")
        if operation == "AssumeRole" and self.expiration:
            fields = {
                "AccessKeyId": f"ASIA{self.counts[operation]}",
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": self.expiration().isoformat(),
            }
            inner = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
            return 200, sts_answer(
                operation, f"<AssumeRoleResult><Credentials>{inner}</Credentials></AssumeRoleResult>"
            )
        return None

    def is_for_moto(self, operation: str) -> bool:
        """Tell whether the table lacks an operation that moto has."""
        return operation in MOTO_HAS and not self.table.serves(operation)

    def keep(self, call: Call) -> None:
        """Keep a request."""
        with self._lock:
            self.calls.append(call)


class _Handler(BaseHTTPRequestHandler):
    server: TableServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: else each answer waits 40 ms for an acknowledgement

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {key.lower(): value for key, value in self.headers.items()}
        service, _, operation = headers.get("x-amz-target", "").partition(".")
        is_ours = service == "SageMaker"
        parameters = json.loads(body or "{}") if is_ours else {k: v[0] for k, v in parse_qs(body.decode()).items()}
        operation = operation or parameters.get("Action", "")
        self.server.keep(Call(operation, parameters, headers))
        if not is_ours:
            self._other(operation, parameters, headers, body)
        elif self.server.moto_url and self.server.is_for_moto(operation):
            self._pass_on(headers, body)
        else:
            self._answer(operation, parameters)

    def _answer(self, operation: str, parameters: Document) -> None:
        try:
            status, answer = 200, self.server.answer(operation, parameters)
        except Refused as refused:
            status, answer = 400, {"__type": refused.code, "message": str(refused)}
        self._write(status, _TYPE, json.dumps(answer, default=_seconds).encode())

    def _other(self, operation: str, parameters: Document, headers: dict[str, str], body: bytes) -> None:
        if answer := self.server.sts(operation, parameters):
            self._write(answer[0], "text/xml", answer[1].encode())
        else:
            self._pass_on(headers, body)

    def _pass_on(self, headers: dict[str, str], body: bytes) -> None:
        kept = {key: value for key, value in headers.items() if key not in {"host", "content-length", "connection"}}
        answer = requests.post(f"{self.server.moto_url}{urlsplit(self.path).path}", data=body, headers=kept, timeout=30)
        self._write(answer.status_code, answer.headers.get("Content-Type", _TYPE), answer.content)

    def _write(self, status: int, kind: str, answer: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep the output of tests free of requests."""


def sts_answer(operation: str, inner: str) -> str:
    """Return an answer of STS."""
    return f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{inner}</{operation}Response>'


def _seconds(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(value)


@contextmanager
def serving(table: Table, moto_url: str | None = None) -> Iterator[TableServer]:
    """Serve until the block ends."""
    server = TableServer(table, moto_url)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Answer these bytes to every request, then close the connection. Yields the address."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.wfile.write(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
