"""A strict receiver of every kind of destination. It numbers every row that it took."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final

import msgspec

from capture_ops.monitor.captures import read_captures
from capture_ops.monitor.contract import Model, NewInference
from tests.support.sentinels import TOKEN

REFUSED_VALUE: Final = 666  # a row with this value as `feature_0` is refused
ATTRIBUTES: Final = [
    {"name": "feature_0", "stage": "PIPELINE_INPUT", "value_type": "INTEGER", "position": 0},
    {"name": "feature_1", "stage": "PIPELINE_INPUT", "value_type": "FLOAT", "position": 1},
    {"name": "feature_2", "stage": "PIPELINE_INPUT", "value_type": "STRING", "position": 2},
    {"name": "prediction_0", "stage": "PREDICTED_VALUE", "value_type": "FLOAT", "position": 0},
]
_decode = msgspec.json.decode


class Receiver(ThreadingHTTPServer):
    """Accepts rows by id: `accepted` and `refused` count how often, `values` has the values that were sent, `sizes` each request.

    `secs_per_row` makes it slow: it takes the rows before it answers. `refuses` chooses rows for status 400.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.values: defaultdict[str, list[Any]] = defaultdict(list)
        self.sizes: list[int] = []
        self.tokens: Counter[str] = Counter()
        self.secs_per_row = 0.0
        self.refuses: Callable[[Any], bool] = lambda values: values.get("feature_0") == REFUSED_VALUE
        self.keeps_values = True
        self.lock = Lock()

    def take(self, rows: list[Any]) -> list[dict[str, Any]]:
        """Return one result a row."""
        time.sleep(self.secs_per_row * len(rows))
        with self.lock:
            self.sizes.append(len(rows))
            return [self._take(row["partner_inference_id"], row["inference_data"]) for row in rows]

    def _take(self, partner_id: str, values: Any) -> dict[str, Any]:
        if self.refuses(values):
            self.refused[partner_id] += 1
            return {"message": "a value is refused", "status": 400}
        self.accepted[partner_id] += 1
        if self.keeps_values:
            self.values[partner_id].append(values)
        return {"message": "duplicate" if self.accepted[partner_id] > 1 else "success", "status": 200}

    def handle_error(self, *_: object) -> None:
        """Write nothing: clients that end a connection are part of the tests."""


def _row(partner_id: str, values: Any) -> dict[str, Any]:
    return {"partner_inference_id": partner_id, "inference_data": values}


def _counts(results: list[dict[str, Any]]) -> dict[str, int]:
    success = sum(result["status"] == 200 for result in results)
    return {"success": success, "failure": len(results) - success, "total": len(results)}


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, {"id": "model", "name": "model", "attributes": ATTRIBUTES})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens[self.headers.get("Authorization", "")] += 1
        if self.headers.get("Authorization") != TOKEN:
            self._answer(401, {})
            return
        self._answer(207, self._taken(body))

    def _taken(self, body: bytes) -> dict[str, Any]:
        """Take the rows of a request of any kind of destination, and return the answer."""
        match self.headers.get_content_type():
            case "multipart/form-data":
                return self._taken_lines(body)
            case "application/cloudevents-batch+json":
                rows = [
                    _row(event["id"], event["data"]["inputs"] | event["data"]["outputs"]) for event in _decode(body)
                ]
                pairs = zip(rows, self.server.take(rows), strict=True)
                return {"results": [{"id": row["partner_inference_id"]} | result for row, result in pairs]}
            case _:
                results = self.server.take(_decode(body))
                return {"counts": _counts(results), "results": results}

    def _taken_lines(self, body: bytes) -> dict[str, Any]:
        message: Any = message_from_bytes(f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode() + body)
        (part,) = message.get_payload()
        captured = list(read_captures([part.get_payload(decode=True)], Model("model", "model")))
        found = [one.row for one in captured if isinstance(one.row, NewInference)]
        assert len(found) == len(captured), "a line was sent that cannot be read"
        results = self.server.take([_row(one.partner_inference_id, one.inference_data) for one in found])
        failures = [
            {"event_id": one.event_id, "inference_index_in_event": one.index} | result
            for one, result in zip(captured, results, strict=True)
            if result["status"] != 200
        ]
        return {"counts": _counts(results), "failures": failures}

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Serve a receiver until the block ends."""
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever, args=(0.02,), name="receiver")
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
