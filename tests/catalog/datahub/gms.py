"""A stand-in for DataHub's server: it takes proposals with the right token, and answers 503 to the first ones."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from tests.catalog.datahub.records import Records, merged

TOKEN = "token-of-the-test"
CONFIG = {"noCode": "true", "models": {}, "versions": {"acryldata/datahub": {"version": "v1.6.0", "commit": "0"}}}
_RUNS = ("dataHubExecutionRequest", "dataHubIngestionSource")


class Gms(ThreadingHTTPServer):
    """Keeps the proposals. `refusals` is how many posts are still answered by 503; `tokens` are those that were sent."""

    daemon_threads = True

    def __init__(self, refusals: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals = refusals
        self.refused = 0
        self.tokens: set[str | None] = set()
        self.entries: list[dict[str, Any]] = []
        self.lock = Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def records(self) -> Records:
        """The records that it holds, without the report of the run itself."""
        return merged([each for each in self.entries if each["entityType"] not in _RUNS])


class _Handler(BaseHTTPRequestHandler):
    server: Gms
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._write(200, CONFIG)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        with self.server.lock:
            self.server.tokens.add(self.headers.get("Authorization"))
            if self.server.refused < self.server.refusals:
                self.server.refused += 1
                self._write(503, {})
                return
            listed = body.get("proposals", [body.get("proposal")])
            self.server.entries += [_entry(each) for each in listed if each]
        self._write(200, {"value": "ok"})

    def _write(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Write no log."""


def _entry(proposal: dict[str, Any]) -> dict[str, Any]:
    """Return a proposal in the form of the file sink, without the metadata of the run."""
    aspect = {"json": json.loads(proposal["aspect"]["value"])}
    return {key: value for key, value in proposal.items() if key != "systemMetadata"} | {"aspect": aspect}


@contextmanager
def gms(refusals: int = 0) -> Iterator[Gms]:
    """Serve until the block ends."""
    server = Gms(refusals)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
