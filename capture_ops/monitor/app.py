"""The monitor's routes around the store: Arthur v3's paths, statuses and bodies, and a receiver of CloudEvents."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from hmac import compare_digest
from typing import Any, TypeVar

import msgspec
from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from capture_ops.monitor.bodies import decompressed_body, uploaded_chunks
from capture_ops.monitor.captures import read_captures
from capture_ops.monitor.contract import (
    CapturesAnswer,
    GroundTruth,
    InvalidBody,
    Model,
    NewInference,
    RowAnswer,
    counts,
    model_answer,
    read_rows,
    rejected,
    rows_answer,
)
from capture_ops.monitor.events import Event, events_answer, read_events
from capture_ops.monitor.paging import InvalidPage, inferences_page
from capture_ops.monitor.store import Outcome, Store
from capture_ops.monitor.values import problems

ORGANIZATION_ID = "5eb46b1e-0c8f-4c5e-9d0b-2f6a3c8f7d10"
_API = "/api/v3"
_MODEL = f"{_API}/models/<model_id>"
_PIECE_BYTES = 256 * 1024
_SUCCESS = RowAnswer("success", 200)
_ANSWERS = {
    Outcome.NEW: _SUCCESS,
    Outcome.DUPLICATE: RowAnswer("duplicate", 200),
    Outcome.CONFLICT: RowAnswer(
        "conflict: this partner_inference_id came before with other content; the first content stays", 409
    ),
}
_UNKNOWN_INFERENCE = RowAnswer("no inference has this partner_inference_id", 404)

_Row = TypeVar("_Row", NewInference, GroundTruth)


def create_app(models: Iterable[Model], store: Store, *, token: str, max_body_bytes: int) -> Flask:
    """Return the WSGI application. Every path requires `token` as the whole Authorization header."""
    api = _Api({model.id: model for model in models}, store)
    app = Flask("capture_ops.monitor", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.before_request(partial(_check_token, token.encode()))
    app.before_request(_check_length)
    app.after_request(_drain)
    app.register_error_handler(HTTPException, _error_answer)
    for method, path, view in (
        ("GET", f"{_API}/users/me", api.user),
        ("GET", f"{_API}/users/me/auth_info", api.auth_info),
        ("GET", _MODEL, api.model),
        ("GET", f"{_MODEL}/inferences", api.inferences),
        ("POST", f"{_MODEL}/inferences", api.post_inferences),
        ("PATCH", f"{_MODEL}/inferences", api.patch_ground_truth),
        ("PATCH", f"{_MODEL}/ground_truth", api.patch_ground_truth),
        ("POST", "/events", api.post_events),
        ("POST", f"{_MODEL}/inferences/integrations/sagemaker_data_capture", api.post_captures),
    ):
        app.add_url_rule(path, f"{method} {path}".replace(".", "_"), view, methods=[method])
    return app


class _Api:
    """The answers, one method a path."""

    def __init__(self, models: dict[str, Model], store: Store) -> None:
        self._models = models
        self._store = store

    def user(self) -> Response:
        return _json({"organization_id": ORGANIZATION_ID, "organization_name": "local", "roles": ["Admin"]})

    def auth_info(self) -> Response:
        names = dict.fromkeys(("issuer", "username", "first_name", "last_name"), "capture-forwarder")
        return _json(names | {"email": "", "roles": ["Admin"], "organization_ids": [ORGANIZATION_ID]})

    def model(self, model_id: str) -> Response:
        if request.args.get("id_type", "id") != "id":
            abort(400, "id_type: only id is supported")
        expand = ",".join(request.args.getlist("expand")).split(",")
        return _json(model_answer(self._known(model_id), attributes="attributes" in expand))

    def inferences(self, model_id: str) -> Response:
        self._known(model_id)
        try:
            return _json(inferences_page(self._store, model_id, request.args))
        except InvalidPage as error:
            abort(400, str(error))

    def post_inferences(self, model_id: str) -> Response:
        model = self._known(model_id)
        results = _answers(_checked(_rows(NewInference), model), partial(self._add, model_id))
        return _json(rows_answer(results), 207)

    def patch_ground_truth(self, model_id: str) -> Response:
        model = self._known(model_id)
        results = _answers(_checked(_rows(GroundTruth), model), partial(self._label, model_id))
        return _json(rows_answer(results), 207)

    def post_captures(self, model_id: str) -> Response:
        model = self._known(model_id)
        captured = list(read_captures(uploaded_chunks(), model))
        results = _answers(_checked([one.row for one in captured], model), partial(self._add, model_id))
        pairs = zip(captured, results, strict=True)
        failures = [one.failure(result) for one, result in pairs if not result.accepted]
        return _json(CapturesAnswer(counts(len(results) - len(failures), len(results)), failures), 207)

    def post_events(self) -> Response:
        try:
            events = read_events(decompressed_body(), request.content_type or "")
        except InvalidBody as error:
            abort(400, str(error))
        results = [self._post_event(event) for event in events]
        return _json(events_answer(events, results), 207)

    def _post_event(self, event: Event) -> RowAnswer:
        model = self._known(event.modelid)
        (answer,) = _answers(_checked([event.row], model), partial(self._add, model.id))
        return answer

    def _known(self, model_id: str) -> Model:
        if model_id not in self._models:
            abort(404, "no model has this id")
        return self._models[model_id]

    def _add(self, model_id: str, rows: Sequence[NewInference]) -> list[RowAnswer]:
        return [_ANSWERS[outcome] for outcome in self._store.add(model_id, rows)]

    def _label(self, model_id: str, rows: Sequence[GroundTruth]) -> list[RowAnswer]:
        return [_SUCCESS if there else _UNKNOWN_INFERENCE for there in self._store.label(model_id, rows)]


def _rows(row_type: type[_Row]) -> list[_Row | RowAnswer]:
    try:
        return read_rows(decompressed_body(), row_type)
    except InvalidBody as error:
        abort(400, str(error))


def _checked(rows: Iterable[_Row | RowAnswer], model: Model) -> list[_Row | RowAnswer]:
    checked: list[_Row | RowAnswer] = []
    for row in rows:
        reasons = [] if isinstance(row, RowAnswer) else problems(row, model)
        checked.append(rejected(reasons) if reasons else row)
    return checked


def _answers(rows: list[_Row | RowAnswer], store: Callable[[Sequence[_Row]], list[RowAnswer]]) -> list[RowAnswer]:
    """Return one answer a row, in order: the rejection of an invalid row, and the answer of `store` for the others."""
    answers = iter(store([row for row in rows if not isinstance(row, RowAnswer)]))
    return [row if isinstance(row, RowAnswer) else next(answers) for row in rows]


def _check_token(token: bytes) -> None:
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode("latin-1"), token):
        abort(401, "the Authorization header must hold the token as it is, without Bearer")


def _check_length() -> None:
    # Werkzeug cuts a body of unknown length off at the limit, without an error.
    if "Transfer-Encoding" in request.headers:
        abort(411, "send the body with a Content-Length")
    # cheroot always sets this key. Without it, werkzeug raises an error for a body that ends too early.
    request.environ.pop("wsgi.input_terminated", None)


def _drain(response: Response) -> Response:
    # Closing a connection with unread data resets it, and the sender might never see the answer.
    with suppress(OSError):
        while request.environ["wsgi.input"].read(_PIECE_BYTES):
            pass
    return response


def _error_answer(error: HTTPException) -> Response:
    status = error.code or 500
    return _json({"message": error.description or error.name, "status": status}, status)


def _json(document: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(document), status, mimetype="application/json")
