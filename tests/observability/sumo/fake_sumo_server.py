"""Serves the API of `fake_sumo` by HTTP."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.serving import make_server

from tests.observability.sumo.fake_sumo import ACCESS, FakeSumo, Refused, etag
from tests.observability.sumo.fake_sumo_calls import CALLS


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


def _app(sumo: FakeSumo) -> Flask:
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
        answer = _answer(sumo, done)
        if failure:
            raise Refused(failure[1], "ordered")
        return answer

    return app


def _answer(sumo: FakeSumo, done: str) -> Response:
    for pattern, make in CALLS.items():
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
