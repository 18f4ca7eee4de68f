"""Models, rows and requests for tests of the monitor."""

from datetime import datetime, timedelta, timezone
from typing import Any

import requests

from capture_forwarder.domain.schema import Attribute, Stage, ValueType
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor

FREE = Model("free", "free")
TYPED = Model(
    "typed",
    "churn",
    (
        *(Attribute(one.lower(), Stage.PIPELINE_INPUT, one, position) for position, one in enumerate(ValueType)),
        Attribute("region", Stage.NON_INPUT_DATA, ValueType.STRING),
        Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        Attribute("churned", Stage.GROUND_TRUTH, ValueType.BOOLEAN, 0),
    ),
)
TOKEN = {"Authorization": "t"}
TIME = "2026-03-04T05:06:07.5+01:00"
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 500_000, timezone(timedelta(hours=1)))
SUCCESS = {"message": "success", "status": 200}
DUPLICATE = {"message": "duplicate", "status": 200}


def row(partner_id: Any = "a", /, **changes: Any) -> dict[str, Any]:
    """Return a row that every model accepts, with `changes`."""
    return {"partner_inference_id": partner_id, "inference_timestamp": TIME, "inference_data": {}} | changes


def call(monitor: Monitor, method: str, path: str, body: Any = None, headers: Any = None) -> requests.Response:
    """Send `body` as bytes or as JSON, with the token unless `headers` are given."""
    payload: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
    url = f"{monitor.url}/api/v3/{path}"
    return requests.request(method, url, headers=TOKEN if headers is None else headers, timeout=30, **payload)


def results(answer: requests.Response) -> list[dict[str, Any]]:
    """Return the results of a 207, after a check of its counts."""
    assert answer.status_code == 207, answer.text
    listed: list[dict[str, Any]] = answer.json()["results"]
    success = [result["status"] for result in listed].count(200)
    assert answer.json()["counts"] == {"success": success, "failure": len(listed) - success, "total": len(listed)}
    return listed


def post(monitor: Monitor, *rows: Any, model: str = "free") -> list[dict[str, Any]]:
    """Post `rows` and return their results."""
    return results(call(monitor, "POST", f"models/{model}/inferences", rows))
