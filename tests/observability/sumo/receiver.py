"""An HTTP source on loopback: takes requests of Firehose as Sumo Logic's sources do, and misbehaves on order."""

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from tests.observability.sumo.metric_records import Point, points_in

TOKEN = "ZaVnC4dhaV0uTOKENuQ7"


class Receiver:
    """The received headers of each request, log events with group and stream, and points of metrics.

    `answers` are the ways to answer the next requests: a status, "wrong id", "no json" or "late".
    """

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.logs: list[tuple[str, str, str]] = []
        self.points: list[Point] = []
        self.control_messages = 0
        self.answers: list[int | str] = []
        self.stopped = Event()

    def take(self, headers: dict[str, str], body: dict[str, Any]) -> None:
        """Read all records of one request."""
        for record in body["records"]:
            data = base64.b64decode(record["data"], validate=True)
            if data[:2] == b"\x1f\x8b":
                self._take_logs(json.loads(gzip.decompress(data)))
            else:
                self.points += points_in(data)
        self.headers.append(headers)
        self.bodies.append(body)

    def _take_logs(self, document: dict[str, Any]) -> None:
        if document["messageType"] == "CONTROL_MESSAGE":
            self.control_messages += 1
            return
        place = (document["logGroup"], document["logStream"])
        self.logs += [(*place, event["message"]) for event in document["logEvents"]]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a source on a free port of loopback. Its URL has a token, as those of Sumo Logic have."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Write no log."""

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            text = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
            order = receiver.answers.pop(0) if receiver.answers else 200
            if self.path != f"/receiver/v1/kinesis/{TOKEN}":
                order = 401
            if order == "late":
                receiver.stopped.wait(10)
                return
            body = json.loads(text)
            if order == 200:
                receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            request_id = "another" if order == "wrong id" else body["requestId"]
            answer = json.dumps({"requestId": request_id, "timestamp": body["timestamp"] + 5}).encode()
            self.send_response(order if isinstance(order, int) else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"taken" if order == "no json" else answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/receiver/v1/kinesis/{TOKEN}"
    yield receiver
    receiver.stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()
