"""Capture files that are uploaded to the monitor unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from capture_forwarder.domain.schema import Attribute, Stage, ValueType
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from tests.support.captures import EVENT_ID, capture, csv_side, json_side
from tests.support.monitors import FREE, TOKEN

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


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve a model with attributes and one without."""
    with running_monitor([BINARY, FREE], token="t") as running:
        yield running


def upload(monitor: Monitor, model: str, *lines: bytes, part: Any = None) -> requests.Response:
    url = f"{monitor.url}/api/v3/models/{model}/inferences/integrations/sagemaker_data_capture"
    files = part or {"inference_data": ("captures.jsonl", b"\n".join(lines))}
    return requests.post(url, headers=TOKEN, files=files, timeout=30)


def test_a_capture_file_becomes_inferences(monitor: Monitor) -> None:
    """As in Arthur's example, two rows get `_0` and `_1`, and a single row has the id of its call."""
    two = capture(csv_side("1,2\n3,4\n"), csv_side("0.1\n0.9\n"), inferenceId="abcdefg-12345")
    one = capture(json_side({"instances": [{"features": [5]}]}), json_side({"predictions": [{"probabilities": [0.5]}]}))
    answer = upload(monitor, "free", two, b"", one)
    assert answer.status_code == 207
    assert answer.json() == {"counts": {"success": 3, "failure": 0, "total": 3}, "failures": []}
    assert {one.partner_inference_id: one.inference_data for one in monitor.store.inferences("free")} == {
        "abcdefg-12345_0": {"feature_0": 1, "feature_1": 2, "prediction_0": 0.1},
        "abcdefg-12345_1": {"feature_0": 3, "feature_1": 4, "prediction_0": 0.9},
        EVENT_ID: {"feature_0": 5, "prediction_0": 0.5},
    }


def test_the_rows_of_a_capture_file_are_checked_against_the_model(monitor: Monitor) -> None:
    """Values have names by position. A row that does not fit is reported by event and index; the others are stored."""
    answer = upload(monitor, "binary", capture(csv_side("41\nold\n43\n"), csv_side("0.1\n0.2\n0.3\n")), b"no capture")
    document = answer.json()
    assert document["counts"] == {"success": 2, "failure": 2, "total": 4}
    places = [(one["event_id"], one["inference_index_in_event"], one["status"]) for one in document["failures"]]
    assert places == [(EVENT_ID, 1, 400), ("", 0, 400)]
    assert document["failures"][0]["message"].startswith("line 1: value_type_mismatch: ")
    assert document["failures"][1]["message"].startswith("line 2: line_not_json: ")
    assert [one.inference_data for one in monitor.store.inferences("binary")] == [
        {"age": 41, "score": 0.1},
        {"age": 43, "score": 0.3},
    ]


def test_a_repeated_capture_file_is_a_duplicate_and_a_changed_one_a_conflict(monitor: Monitor) -> None:
    """Uploads follow the same rules as posts."""
    for _ in range(2):
        assert upload(monitor, "free", capture(csv_side("1"), csv_side("2"))).json()["failures"] == []
    (failure,) = upload(monitor, "free", capture(csv_side("1"), csv_side("3"))).json()["failures"]
    assert (failure["status"], failure["event_id"], failure["inference_index_in_event"]) == (409, EVENT_ID, 0)
    (stored,) = monitor.store.inferences("free")
    assert (stored.times_received, stored.conflicts) == (2, 1)


@pytest.mark.parametrize(
    "part",
    [
        {"inference_data": ("captures.json", b"{}")},
        {"inference_data": ("captures.JSONL", b"{}")},
        {"other": ("captures.jsonl", b"{}")},
        {"inference_data": (None, b"{}")},
    ],
)
def test_an_upload_needs_the_documented_part_and_file_name(monitor: Monitor, part: Any) -> None:
    """The part is inference_data, and the name of its file ends with .jsonl."""
    answer = upload(monitor, "free", part=part)
    assert answer.status_code == 400
    assert "inference_data" in answer.json()["message"]
