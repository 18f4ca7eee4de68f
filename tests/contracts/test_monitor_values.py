"""Values and labels are checked against the attributes of the model."""

from collections.abc import Iterator
from typing import Any

import pytest

from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.monitor.store import StoredGroundTruth
from tests.support.monitors import DUPLICATE, FREE, MOMENT, SUCCESS, TIME, TYPED, call, post, results, row


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve one model with attributes of every type, and one without attributes."""
    with running_monitor([TYPED, FREE], token="t") as running:
        yield running


FITTING: dict[str, list[Any]] = {
    "float": [1.5, 1, -0.0, 1.7e308, None],
    "integer": [3, -(2**63), None],
    "boolean": [True, False, None],
    "string": ["", "x", "NaN", None],
    "timestamp": ["2026-03-04T05:06:07Z", None],
    "image": ["aGk=", None],
    "unstructured_text": ["two\nlines", None],
    "tokens": [["Once", " upon", None], [], None],
    "token_likelihoods": [[{"Once": 0.9, "One": 1}, {}], None],
    "ranked_list": [[{"item_id": "k", "score": 0.9, "label": "pear"}, {"item_id": "m"}], []],
    "bounding_box": [[[0, 0.97, 10, 20, 30, 40]], [[]]],
    "time_series": [[{"timestamp": "2026-03-04T05:06:07Z", "value": 7}], []],
    "array(string)": [["k", "m"]],
    "region": ["eu"],
    "score": [0.5],
}
MISFITS: dict[str, list[Any]] = {
    "float": [True, "1.5", "", [1.5], {}, 10**400],
    "integer": [3.0, 3.5, True, "3", 2**63],
    "boolean": [0, 1, "true"],
    "string": [1, True, ["x"]],
    "timestamp": [1772600767, "2026-03-04T05:06:07", "yesterday", ""],
    "image": [0],
    "unstructured_text": [{"text": "x"}],
    "tokens": ["Once upon", '["Once"]', [1], [["Once"]]],
    "token_likelihoods": [{"Once": 0.9}, [{"Once": "0.9"}], [["Once", 0.9]], [{"Once": True}]],
    "ranked_list": [["k"], [{"score": 0.9}], [{"item_id": 1}], [{"item_id": "k", "score": "high"}]],
    "bounding_box": [[0, 0.97, 10, 20, 30, 40], [["0"]], [{"class": 0}]],
    "time_series": [[7], [{"timestamp": "2026-03-04T05:06:07", "value": 7}], [{"timestamp": "2026-03-04T05:06:07Z"}]],
    "array(string)": ["k", [1]],
    "score": ["0.5"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in FITTING.items() for value in values])
def test_a_value_of_the_type_of_its_attribute_is_accepted(monitor: Monitor, name: str, value: Any) -> None:
    """Null is a missing value of every type."""
    assert post(monitor, row(inference_data={name: value}), model="typed") == [SUCCESS]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MISFITS.items() for value in values])
def test_a_value_of_another_type_is_rejected(monitor: Monitor, name: str, value: Any) -> None:
    """The monitor converts no values, because a real platform might not."""
    (answer,) = post(monitor, row(inference_data={name: value}), model="typed")
    assert (answer["status"], monitor.store.count("typed")) == (400, 0)
    assert f"'{name}' expects" in answer["message"]


def test_every_problem_of_a_row_is_named_and_no_value_is_repeated(monitor: Monitor) -> None:
    """One message names the unknown attributes and the wrong types. A label is not inference data."""
    data = {"float": "secret", "bogus\n": "secret", "churned": True, "integer": "secret"}
    (answer,) = post(monitor, row(inference_data=data), model="typed")
    assert answer["status"] == 400
    assert answer["message"].split("; ") == [
        "the model has no attribute 'bogus\\n' here",
        "the model has no attribute 'churned' here",
        "'float' expects FLOAT",
        "'integer' expects INTEGER",
    ]


@pytest.mark.parametrize("path", ["ground_truth", "inferences"])
def test_the_newest_ground_truth_stays(monitor: Monitor, path: str) -> None:
    """Both paths label stored inferences. A row for an unknown inference has status 404."""
    post(monitor, row("a", inference_data={"score": 0.5}), row("b"), model="typed")
    for value in (False, True):
        labels = [
            {"partner_inference_id": name, "ground_truth_timestamp": TIME, "ground_truth_data": {"churned": value}}
            for name in ("a", "none")
        ]
        answers = results(call(monitor, "PATCH", f"models/typed/{path}", labels))
        assert [answer["status"] for answer in answers] == [200, 404]
    assert monitor.store.ground_truths("typed") == [StoredGroundTruth("a", MOMENT, {"churned": True})]
    (stored, _) = monitor.store.inferences("typed")
    assert (stored.inference_data, stored.times_received, stored.conflicts) == ({"score": 0.5}, 1, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"ground_truth_data": {"churned": 1}},
        {"ground_truth_data": {"score": 0.5}},
        {"ground_truth_data": None},
        {"ground_truth_timestamp": "2026-03-04T05:06:07"},
        {"partner_inference_id": ""},
        {"inference_data": {}},
    ],
)
def test_a_wrong_label_is_rejected(monitor: Monitor, change: dict[str, Any]) -> None:
    """Labels are checked as strictly as inferences."""
    post(monitor, row(), model="typed")
    label = {"partner_inference_id": "a", "ground_truth_timestamp": TIME, "ground_truth_data": {"churned": True}}
    (answer,) = results(call(monitor, "PATCH", "models/typed/ground_truth", [label | change]))
    assert answer["status"] == 400
    assert monitor.store.ground_truths("typed") == []


def test_labels_may_come_with_the_inference(monitor: Monitor) -> None:
    """A duplicate may bring the label for an inference without one."""
    labels = {"ground_truth_timestamp": TIME, "ground_truth_data": {"churned": False}}
    assert post(monitor, row("a") | labels, row("b"), row("b") | labels, model="typed") == [SUCCESS, SUCCESS, DUPLICATE]
    assert [one.partner_inference_id for one in monitor.store.ground_truths("typed")] == ["a", "b"]
