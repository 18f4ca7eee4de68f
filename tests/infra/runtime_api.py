"""Lambda's Runtime API on loopback: a runtime gets its events from it and posts its answers to it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

from msgspec import Struct

_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:capture-forwarder"


class Answer(Struct, frozen=True):
    """The answer of an invocation or of the start: `kind` is `response` or `error`."""

    kind: str
    body: Any


class RuntimeApi(ThreadingHTTPServer):
    """Gives out one event at a time and receives its answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting: SimpleQueue[tuple[dict[str, Any], float] | None] = SimpleQueue()
        self.answers: SimpleQueue[Answer] = SimpleQueue()

    def handle_error(self, *_: object) -> None:
        """Print nothing: the end of a runtime resets its waiting connection."""

    @property
    def address(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`."""
        return f"127.0.0.1:{self.server_port}"

    def invoke(self, event: dict[str, Any], *, timeout_secs: float) -> Answer:
        """Return the answer to `event` within `timeout_secs`; a failed start answers with its error."""
        self.waiting.put((event, timeout_secs))
        return self.answers.get(timeout=timeout_secs + 20)


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer `invocation/next` when there is an event."""
        invocation = self.server.waiting.get()
        if invocation is None:
            self.close_connection = True
            return
        event, timeout_secs = invocation
        self._send(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout_secs) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": _ARN,
            },
        )

    def do_POST(self) -> None:
        """Receive `invocation/ID/response`, `invocation/ID/error` and `init/error`."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.answers.put(Answer(self.path.rsplit("/", 1)[-1], body))
        self._send(202, {"status": "OK"}, {})

    def _send(self, status: int, body: Any, headers: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (
            {"Content-Type": "application/json", "Content-Length": str(len(content))} | headers
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def running_runtime_api() -> Iterator[RuntimeApi]:
    """Serve from a thread while the context is open."""
    with RuntimeApi() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), name="runtime-api")
        thread.start()
        yield server
        server.waiting.put(None)
        server.shutdown()
        thread.join()
