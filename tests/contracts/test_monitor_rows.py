"""Rows that the monitor accepts, rejects and stores, by the strictest reading of Arthur's v3 contract."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from capture_ops.monitor.contract import NewInference
from capture_ops.monitor.server import Monitor, running_monitor
from capture_ops.monitor.store import Outcome, Store, StoredInference
from capture_ops.terminal.errors import CommandError
from tests.support.monitors import DUPLICATE, FREE, MOMENT, SUCCESS, TIME, TYPED, call, post, row


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve one model with attributes of every type, and one without attributes."""
    with running_monitor([TYPED, FREE], token="t") as running:
        yield running


def test_a_row_is_stored_unchanged(monitor: Monitor) -> None:
    """Id, time, batch and values of every JSON type are read back as they were sent."""
    data = {"a": 1, "b": 2.5, "c": True, "d": None, "e": "'); DROP TABLE inferences; --\u0000\u2028é", "": 2**70}
    assert post(monitor, row("ü \u0000", inference_data=data, batch_id="b1")) == [SUCCESS]
    (stored,) = monitor.store.inferences("free")
    assert stored == StoredInference("ü \u0000", MOMENT, data, "b1", times_received=1, conflicts=0)
    assert [type(value) for value in stored.inference_data.values()] == [int, int, float, bool, type(None), str]


def test_results_are_in_the_order_of_the_request(monitor: Monitor) -> None:
    """Rejected rows do not shift the results of the others. These are stored."""
    answers = post(monitor, row("a"), row(""), row("b"), 7, row("a"), row("c"))
    assert [answer["status"] for answer in answers] == [200, 400, 200, 400, 200, 200]
    assert [one.partner_inference_id for one in monitor.store.inferences("free")] == ["a", "b", "c"]


def test_the_same_row_again_is_a_duplicate_and_stored_once(monitor: Monitor) -> None:
    """In one request or in several, and in any order of the names."""
    first, again = (row(inference_data=data) for data in ({"x": 1, "y": "z"}, {"y": "z", "x": 1}))
    assert post(monitor, first, first) == [SUCCESS, DUPLICATE]
    assert post(monitor, again) == [DUPLICATE]
    (stored,) = monitor.store.inferences("free")
    assert (stored.times_received, stored.conflicts, monitor.store.count("free")) == (3, 0, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"inference_data": {"x": 2}},
        {"inference_data": {"x": True}},
        {"inference_data": {"x": 1, "y": None}},
        {"inference_timestamp": "2026-03-04T05:06:08+01:00"},
        {"batch_id": "b"},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(monitor: Monitor, other: dict[str, Any]) -> None:
    """Data is immutable: the first row stays, the second is rejected and counted, and its ground truth is not stored."""
    labels = {"ground_truth_timestamp": TIME, "ground_truth_data": {"y": 1}}
    first = row(inference_data={"x": 1})
    (_, answer) = post(monitor, first, first | other | labels)
    assert answer["status"] == 409
    (stored,) = monitor.store.inferences("free")
    assert (stored.inference_data, stored.times_received, stored.conflicts) == ({"x": 1}, 1, 1)
    assert monitor.store.ground_truths("free") == []


def test_models_do_not_share_ids(monitor: Monitor) -> None:
    """The same id in two models is two inferences."""
    assert post(monitor, row()) == post(monitor, row(), model="typed") == [SUCCESS]
    assert monitor.store.count("free") == monitor.store.count("typed") == 1


BAD_ROWS = {
    "no object": 7,
    "no id": {"inference_timestamp": TIME, "inference_data": {}},
    "empty id": row(""),
    "long id": row("x" * 256),
    "id is a number": row(7),
    "id is null": row(None),
    "naive time": row(inference_timestamp="2026-03-04T05:06:07"),
    "time is a number": row(inference_timestamp=1772600767),
    "time is a day": row(inference_timestamp="2026-03-04"),
    "time is null": row(inference_timestamp=None),
    "data is a list": row(inference_data=[1]),
    "data is null": row(inference_data=None),
    "data is text": row(inference_data="{}"),
    "unknown field": row(inference_date={}),
    "a list as value": row(inference_data={"x": [1]}),
    "an object as value": row(inference_data={"x": {}}),
    "labels without time": row(ground_truth_data={"y": 1}),
    "time without labels": row(ground_truth_timestamp=TIME),
    "naive time of labels": row(ground_truth_data={"y": 1}, ground_truth_timestamp="2026-03-04T05:06:07"),
}


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_row_that_violates_the_contract_is_rejected(monitor: Monitor, bad: Any) -> None:
    """Only this row has status 400, with a reason. It is not stored."""
    (answer,) = post(monitor, bad)
    assert answer["status"] == 400
    assert answer["message"] not in ("", "success", "duplicate")
    assert monitor.store.count("free") == 0


@pytest.mark.parametrize("partner_id", ["x", "x" * 255, "é" * 255])
def test_an_id_may_have_255_characters(monitor: Monitor, partner_id: str) -> None:
    """The limit counts characters, not bytes."""
    assert post(monitor, row(partner_id)) == [SUCCESS]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'"rows"',
        b'[{"partner_inference_id":"a","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{"x":NaN}}]',
        b'[{"partner_inference_id":"a","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{"x":Infinity}}]',
        b'[{"partner_inference_id":"a","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{}},]',
        b'[{"partner_inference_id":"a","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{}}',
        b'[{"partner_inference_id":"a","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{}}] x',
        b'{"partner_inference_id":"a","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{}}',
        b'[{"partner_inference_id":"\xff","inference_timestamp":"2026-03-04T05:06:07Z","inference_data":{}}]',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_not_a_json_array_is_rejected(monitor: Monitor, body: bytes) -> None:
    """The request has status 400, and none of its rows is stored. A bare NaN is not JSON."""
    assert call(monitor, "POST", "models/free/inferences", body).status_code == 400
    assert monitor.store.count("free") == 0


def test_an_empty_array_is_accepted(monitor: Monitor) -> None:
    """It has no results."""
    assert post(monitor) == []


def test_a_database_file_outlives_the_monitor(tmp_path: Path) -> None:
    """The next monitor finds the inferences, and recognises duplicates."""
    for expected in (SUCCESS, DUPLICATE):
        with running_monitor([FREE], token="t", database=tmp_path / "monitor.db") as monitor:
            assert post(monitor, row(inference_data={"x": 1})) == [expected]
            assert [one.inference_data for one in monitor.store.inferences("free")] == [{"x": 1}]


def test_a_request_is_stored_completely_or_not_at_all() -> None:
    """After an error in the middle of a request, none of its rows is stored."""
    store = Store(":memory:")
    good, bad = (NewInference(name, MOMENT, {"x": value}) for name, value in (("a", 1), ("b", object())))
    with pytest.raises(TypeError):
        store.add("m", [good, bad])
    assert store.inferences("m") == []
    assert store.add("m", [good]) == [Outcome.NEW]
    store.close()


def test_a_file_that_is_not_a_database_is_a_clear_error(tmp_path: Path) -> None:
    """The message names the file and the remedy. The file is unchanged."""
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be taken for one by its size" * 100)
    for name in ("notes.txt", "no/such/folder/x.db"):
        with pytest.raises(CommandError, match=f"{name} cannot be the monitor's database.*name another file"):
            Store(tmp_path / name)
    assert (tmp_path / "notes.txt").read_text().startswith("not a database")
