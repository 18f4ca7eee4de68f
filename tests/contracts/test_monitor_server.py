"""The monitor as a server: who may speak to it, from where, and what it shows."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from capture_forwarder.domain.schema import Attribute, Stage, ValueType
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.terminal.errors import CommandError
from tests.support.monitors import FREE, call, row

BINARY = Model(
    "binary",
    "churn",
    (
        Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
        Attribute("complement", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
        Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1),
        Attribute("region", Stage.NON_INPUT_DATA, ValueType.STRING),
    ),
)
ROW = row("a", inference_data={"x": 1})


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve a model with attributes and one without."""
    with running_monitor([BINARY, FREE], token="t") as running:
        yield running


@pytest.mark.parametrize("token", [None, "", "T", "t t", "Bearer t", "bearer t", "Basic dDp0", "\u00e9"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "users/me"),
        ("GET", "users/me/auth_info"),
        ("GET", "models/free"),
        ("GET", "models/none"),
        ("GET", "models/free/inferences"),
        ("GET", "nowhere"),
        ("POST", "models/free/inferences"),
        ("PATCH", "models/free/inferences"),
        ("PATCH", "models/free/ground_truth"),
        ("POST", "models/free/inferences/integrations/sagemaker_data_capture"),
    ],
)
def test_no_path_answers_without_the_raw_token(monitor: Monitor, method: str, path: str, token: str | None) -> None:
    """The header must be the token alone. Without it no row is answered or stored."""
    headers = {} if token is None else {"Authorization": token}
    answer = call(monitor, method, path, [ROW], headers)
    assert (answer.status_code, answer.json()["status"]) == (401, 401)
    assert monitor.store.count("free") == 0


@pytest.mark.parametrize("token", ["", " t", "é", "t\n"])
def test_a_token_that_no_header_can_carry_is_an_error_at_the_start(token: str) -> None:
    """An empty token would admit every sender."""
    with pytest.raises(CommandError, match="token"), running_monitor([], token=token):
        pytest.fail("it started")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "models/none", 404),
        ("GET", "models/none/inferences", 404),
        ("POST", "models/none/inferences", 404),
        ("PATCH", "models/none/inferences", 404),
        ("PATCH", "models/none/ground_truth", 404),
        ("POST", "models/none/inferences/integrations/sagemaker_data_capture", 404),
        ("GET", "models", 404),
        ("DELETE", "models/free", 405),
        ("GET", "models/free?id_type=partner_model_id", 400),
    ],
)
def test_an_unknown_path_or_model_is_reported_as_json(monitor: Monitor, method: str, path: str, status: int) -> None:
    """An unknown model is a 404 on every path."""
    answer = call(monitor, method, path, [ROW])
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json()["message"]


def test_a_model_shows_its_attributes_on_request(monitor: Monitor) -> None:
    """Names, types, positions and flags are those of the model. Without `expand` there are none."""
    shown = call(monitor, "GET", "models/binary?id_type=id&expand=attributes").json()
    assert shown.pop("attributes") == [
        {
            "name": "age",
            "stage": "PIPELINE_INPUT",
            "value_type": "INTEGER",
            "categorical": False,
            "implicit": False,
            "position": 0,
        },
        {
            "name": "complement",
            "stage": "PREDICTED_VALUE",
            "value_type": "FLOAT",
            "categorical": False,
            "implicit": True,
            "position": 0,
        },
        {
            "name": "score",
            "stage": "PREDICTED_VALUE",
            "value_type": "FLOAT",
            "categorical": False,
            "implicit": False,
            "position": 1,
        },
        {"name": "region", "stage": "NON_INPUT_DATA", "value_type": "STRING", "categorical": True, "implicit": False},
    ]
    assert shown == call(monitor, "GET", "models/binary").json()
    assert (shown["id"], shown["partner_model_id"], shown["created_by"]["type"]) == (
        "binary",
        "churn",
        "service-account",
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104 - refused is what is tested
def test_the_monitor_listens_on_loopback_only(host: str) -> None:
    """Captured data must not be reachable from the network."""
    with pytest.raises(CommandError, match="loopback only"), running_monitor([], token="t", host=host):
        pytest.fail("it started")


def test_a_port_that_is_taken_is_a_clear_error(monitor: Monitor) -> None:
    """It names the port. The running monitor continues."""
    port = urlsplit(monitor.url).port or 0
    with pytest.raises(CommandError, match=f"port {port} .* choose another"), running_monitor([], token="t", port=port):
        pytest.fail("it started")
    assert call(monitor, "GET", "users/me").ok


def test_concurrent_senders_lose_no_rows(monitor: Monitor) -> None:
    """Eight threads send the same forty rows. Each row is stored once, and every arrival is counted."""
    rows = [ROW | {"partner_inference_id": f"id_{number}"} for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: call(monitor, "POST", "models/free/inferences", rows).json(), range(8)))
    messages = [result["message"] for answer in answers for result in answer["results"]]
    assert (messages.count("success"), messages.count("duplicate")) == (40, 280)
    assert [one.times_received for one in monitor.store.inferences("free")] == [8] * 40


def test_captured_data_is_not_logged(
    monitor: Monitor, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a stored row, nor a rejected one, nor a line that is not HTTP reaches the terminal or a log."""
    caplog.set_level("DEBUG")
    call(monitor, "POST", "models/free/inferences?x=hush", [ROW | {"batch_id": "hush"}, {"hush": "hush"}])
    with socket.create_connection((urlsplit(monitor.url).hostname, urlsplit(monitor.url).port), timeout=30) as client:
        client.sendall(b"hush hush\r\n\r\n")
        assert client.recv(10_000)
    assert "".join(capfd.readouterr()) == ""
    assert [
        record for record in caplog.records if "hush" in record.getMessage() and record.name != "urllib3.connectionpool"
    ] == []
