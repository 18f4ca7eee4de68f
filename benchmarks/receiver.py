"""A stand-in for the monitoring APIs: it answers every request with a 207 that gives every row the same status.

`python -m benchmarks.receiver LATENCY_SECS [STATUS]`; a status of 200 accepts the rows. GET /received answers with the
counts of requests, inferences and bytes.
"""

import gzip
import json
import re
import sys
import time
from collections import Counter
from functools import cache, partial
from threading import Lock
from typing import Final

from benchmarks.serve import Handler, serve

_ACCEPTED: Final = 200
_CAPTURE: Final = b'"eventMetadata":'
_EVENT_ID: Final = re.compile(rb'"id":"([^"]*)","time"')
_ROW: Final = b'"partner_inference_id":'


class Received:
    """Counts of the received requests."""

    def __init__(self) -> None:
        self._counts = Counter(requests=0, inferences=0, bytes=0)
        self._lock = Lock()

    def add(self, inferences: int, size: int) -> None:
        """Count one request."""
        with self._lock:
            self._counts.update(requests=1, inferences=inferences, bytes=size)

    def document(self) -> bytes:
        """Return the counts as JSON."""
        with self._lock:
            return json.dumps(self._counts).encode()


class ReceiverHandler(Handler):
    """Receives a post, waits for the latency, and answers."""

    def __init__(self, received: Received, latency_secs: float, status: int, *arguments: object) -> None:
        self._received = received
        self._status = status
        self._latency_secs = latency_secs
        super().__init__(*arguments)  # type: ignore[arg-type]  # socket, address and server

    def do_GET(self) -> None:  # noqa: N802 - the base class's naming
        """Answer with the counts."""
        self.answer(200, self._received.document())

    def do_POST(self) -> None:  # noqa: N802 - the base class's naming
        """Accept a batch."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
        rows, answer = self._taken(plain)
        self._received.add(rows, len(body))
        time.sleep(self._latency_secs)
        self.answer(207, answer)

    def _taken(self, body: bytes) -> tuple[int, bytes]:
        """Return how many inferences a request of any kind of destination has, and the answer."""
        match self.headers.get_content_type():
            case "multipart/form-data":
                rows = body.count(_CAPTURE)
                return rows, json.dumps({"counts": {"success": rows, "failure": 0, "total": rows}}).encode()
            case "application/cloudevents-batch+json":
                ids = _EVENT_ID.findall(body)
                results = [{"id": one.decode(), "status": self._status, "message": "success"} for one in ids]
                return len(ids), json.dumps({"results": results}).encode()
            case _:
                rows = body.count(_ROW)
                return rows, _results(rows, self._status)


@cache
def _results(rows: int, status: int) -> bytes:
    accepted = rows if status == _ACCEPTED else 0
    results = [{"message": "success" if accepted else "refused", "status": status}] * rows
    counts = {"success": accepted, "failure": rows - accepted, "total": rows}
    return json.dumps({"counts": counts, "results": results}).encode()


def main(latency_secs: str, status: str = str(_ACCEPTED)) -> None:
    """Serve."""
    serve(partial(ReceiverHandler, Received(), float(latency_secs), int(status)))  # type: ignore[arg-type]  # called like a class


if __name__ == "__main__":
    main(*sys.argv[1:])
