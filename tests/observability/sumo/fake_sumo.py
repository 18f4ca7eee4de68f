"""Sumo Logic's API on loopback, as far as `sumo setup` uses it, after its public documentation.

https://help.sumologic.com/docs/api/: lists have pages, writes of collectors and sources need the ETag, names are unique,
the answer to a source of type HTTP has a URL with a token, and every call needs the access id and key.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.serving import make_server

ACCESS = ("suABCDEF", "key-of-the-test")
TOKEN = "ZaVnC4dhaV0uTOKENuQ7"
Document = dict[str, Any]


class FakeSumo:
    """The state of one organisation, the writes that it took, and failures that a test orders."""

    def __init__(self) -> None:
        self.collectors: dict[int, Document] = {}
        self.sources: dict[int, dict[int, Document]] = {}
        self.fields: dict[str, Document] = {"f0": {"fieldId": "f0", "fieldName": "_custom", "state": "Enabled"}}
        self.rules: dict[str, Document] = {}
        self.folders: dict[str, Document] = {"root": {"id": "root", "name": "Monitor", "contentType": "Folder"}}
        self.monitors: dict[str, Document] = {}
        self.writes: list[str] = []
        self.bodies: list[str] = []
        self.failures: list[tuple[str, int, bool]] = []
        self._ids = count(101)
        self.url = ""

    def fail(self, call: str, status: int, *, after: bool = False) -> None:
        """Answer the first call that `call` matches, such as "POST /fields", by `status`; `after` does it first."""
        self.failures.append((call, status, after))

    def new_id(self) -> int:
        """Return a new number."""
        return next(self._ids)

    def named(self, kind: str) -> set[str]:
        """Return the names of all objects of a kind."""
        values: Any = getattr(self, kind).values()
        if kind == "sources":
            return {each["name"] for sources in values for each in sources.values()}
        return {each["fieldName" if kind == "fields" else "name"] for each in values}

    @property
    def state(self) -> str:
        """The whole state, to compare."""
        return json.dumps(
            [self.collectors, self.sources, self.fields, self.rules, self.folders, self.monitors], sort_keys=True
        )


class Refused(Exception):
    """A refusal with its status."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@contextmanager
def serving(sumo: FakeSumo) -> Iterator[FakeSumo]:
    """Serve `sumo` on a free port of loopback."""
    server = make_server("127.0.0.1", 0, _app(sumo), threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    sumo.url = f"http://127.0.0.1:{server.server_port}/api"
    yield sumo
    server.shutdown()
    thread.join()
    server.server_close()


def etag(document: Document) -> str:
    """Return the ETag of a document."""
    return f'"{sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]}"'


def _app(sumo: FakeSumo) -> Flask:
    from tests.observability.sumo.fake_sumo_calls import CALLS  # noqa: PLC0415 - it needs the types above

    app = Flask(__name__)

    @app.errorhandler(Refused)
    def _refused(error: Refused) -> Response:
        return _json({"id": "X", "errors": [{"code": error.code, "message": f"see {sumo.url}"}]}, error.status)

    @app.route("/api/v1/<path:path>", methods=["GET", "POST", "PUT", "DELETE"])
    def call(path: str) -> Response:
        if (request.authorization is None) or (
            request.authorization.username,
            request.authorization.password,
        ) != ACCESS:
            raise Refused(401, "unauthorized")
        done = f"{request.method} /{path}"
        failure = next((each for each in sumo.failures if re.match(each[0], done)), None)
        if failure:
            sumo.failures.remove(failure)
            if not failure[2]:
                raise Refused(failure[1], "ordered")
        answer = _answer(sumo, done, CALLS)
        if failure:
            raise Refused(failure[1], "ordered")
        return answer

    return app


def _answer(sumo: FakeSumo, done: str, calls: Any) -> Response:
    for pattern, make in calls.items():
        if found := re.fullmatch(pattern, done):
            body = request.get_json() if request.data else {}
            result = make(sumo, body, *found.groups())
            if request.method != "GET":
                sumo.writes.append(done)
                sumo.bodies.append(request.data.decode())
            return _json(result, 200, etag(result)) if result is not None else _json({}, 204)
    raise NotFound


def _json(document: Any, status: int, tag: str = "") -> Response:
    headers = {"ETag": tag} if tag else {}
    return Response(json.dumps(document), status, headers, mimetype="application/json")


__all__ = ["ACCESS", "TOKEN", "FakeSumo", "HTTPException", "Refused", "etag", "serving"]
