"""The contract of destinations; the fake and every kind of the registry, against the embedded monitor, obey it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import get_args

import pytest
from msgspec.structs import replace

from capture_forwarder.destinations.arthur.adapter import ArthurDestination
from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.destinations.registry import DestinationSettings
from capture_forwarder.domain.batch import Batch, BatchLimits, LineBatch, WholeLine
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable, RowStatus
from capture_forwarder.domain.inference import Sides, Value
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.domain.route import RowForm
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.forward.sending.batching import Batcher
from capture_forwarder.ports import Destination
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from tests.support.captures import capture, json_side
from tests.support.destinations import KINDS, TokenList, connected
from tests.support.fakes import DiscardResults, RecordingDestination
from tests.support.memory_world import ROUTE

each_kind = pytest.mark.parametrize("kind", KINDS)
SCHEMA = (
    Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
    Attribute("no", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0, implicit=True),
    Attribute("yes", Stage.PREDICTED_VALUE, ValueType.FLOAT, 1),
)


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve one model with attributes and one without."""
    with running_monitor([Model("typed", "typed", SCHEMA), Model("free", "free")], token="secret") as running:
        yield running


def arthur(url: str, *tokens: str) -> ArthurDestination:
    """Return the adapter for Arthur at `url`."""
    destination = connected("arthur", url, *tokens).destination
    assert isinstance(destination, ArthurDestination)
    return destination


@pytest.fixture(params=["fake", *KINDS])
def destination(request: pytest.FixtureRequest) -> Destination:
    """Give an empty destination whose model `free` takes any values."""
    if request.param == "fake":
        return RecordingDestination()
    running: Monitor = request.getfixturevalue("monitor")
    return connected(request.param, running.url).destination


def batch(destination: Destination, *rows: dict[str, Value], model_id: str = "free") -> Batch:
    """Return a batch of inferences with the ids id-0, id-1, ..."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    if destination.form is RowForm.LINES:
        lines = [whole_line(f"id-{index}", row) for index, row in enumerate(rows)]
        return LineBatch.made_of(model_id, lines, "application/jsonlines")
    ids = [f"id-{index}" for index in range(len(rows))]
    batches: list[Batch] = []
    batcher = Batcher(model_id, BatchLimits(), lambda batch, _: batches.append(batch))
    route = replace(ROUTE, model_id=model_id)
    build = destination.rows(route, CaptureObject("captures", "churn/endpoint/variant/2026/01/02/03/a.jsonl"))
    values = [Sides(row, {}) if destination.form is RowForm.APART else row for row in rows]
    elements = [build(ids[index], moment, row) for index, row in enumerate(values)]
    batcher.add(DiscardResults(), LineSpan(1, 0), ids, elements)
    batcher.flush()
    return batches[0]


def whole_line(name: str, row: dict[str, Value]) -> WholeLine:
    """Return the captured line of a call with one row."""
    data = capture(json_side(row), json_side({"yes": 0.5}), eventId=name, inferenceTime="2026-01-02T03:04:05Z")
    return WholeLine(data, name, [name], 1)


def statuses(destination: Destination, sent: Batch) -> list[RowStatus]:
    """Return the status of each row of the receipt."""
    return [result.status for result in destination.send(sent, within_secs=9.0).results]


def test_new_rows_are_accepted_in_their_order(destination: Destination) -> None:
    """The receipt has one result a row."""
    sent = batch(destination, {"a": 1, "b": "x"}, {"a": 2.5, "b": None}, {"a": True})
    assert statuses(destination, sent) == [RowStatus.ACCEPTED] * 3


def test_the_same_rows_again_are_duplicates(destination: Destination) -> None:
    """Ids are deterministic, so sending rows again is harmless. An answer that lists failures only cannot say so."""
    if destination.form is RowForm.LINES:
        pytest.skip("its answers do not name duplicates")
    sent = batch(destination, {"a": 1}, {"a": 2})
    statuses(destination, sent)
    assert statuses(destination, batch(destination, {"a": 1}, {"a": 2}, {"a": 3})) == [
        RowStatus.DUPLICATE,
        RowStatus.DUPLICATE,
        RowStatus.ACCEPTED,
    ]


@each_kind
def test_a_row_that_the_model_rejects_affects_no_other_row(monitor: Monitor, kind: str) -> None:
    """The rejection has the reason."""
    destination = connected(kind, monitor.url).destination
    sent = batch(destination, {"age": 1}, {"age": "old"}, {"age": 3}, model_id="typed")
    receipt = destination.send(sent, within_secs=9.0)
    rows = sent.row_results(receipt.results)
    assert [result.status for result in rows] == [RowStatus.ACCEPTED, RowStatus.REJECTED, RowStatus.ACCEPTED]
    rejected = rows[1].reason
    assert rejected is not None
    assert rejected.why.startswith("status 400")
    assert [one.partner_inference_id for one in monitor.store.inferences("typed")] == ["id-0", "id-2"]


@each_kind
def test_values_arrive_as_they_were_sent(monitor: Monitor, kind: str) -> None:
    """This holds for text, numbers, booleans, null and the time."""
    destination = connected(kind, monitor.url).destination
    row: dict[str, Value] = {"text": 'é"\n\u2028', "whole": 2**63 - 1, "part": 0.1, "flag": True, "none": None}
    destination.send(batch(destination, row), within_secs=9.0)
    (stored,) = monitor.store.inferences("free")
    assert stored.inference_data | row == stored.inference_data
    assert stored.partner_inference_id == "id-0"
    assert stored.inference_timestamp == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("model_id", ["unknown", "../../users/me"])
@each_kind
def test_an_unknown_model_is_a_denial(monitor: Monitor, model_id: str, kind: str) -> None:
    """A person must correct the configuration; all rows stay pending."""
    found = connected(kind, monitor.url)
    with pytest.raises(DestinationDenied, match="model_id"):
        found.destination.send(batch(found.destination, {"a": 1}, model_id=model_id), within_secs=9.0)
    if found.schemas:
        with pytest.raises(DestinationDenied, match="model_id"):
            found.schemas.schema(model_id, within_secs=inf)


@each_kind
def test_a_token_is_refreshed_once(monitor: Monitor, kind: str) -> None:
    """A rotated token costs one more request. A token that stays wrong is a denial with the next step."""
    destination = connected(kind, monitor.url, "old", "secret").destination
    assert statuses(destination, batch(destination, {"a": 1})) == [RowStatus.ACCEPTED]
    denied = connected(kind, monitor.url, "old", "older").destination
    with pytest.raises(DestinationDenied, match="put a valid one"):
        denied.send(batch(denied, {"a": 1}), within_secs=9.0)


def test_the_schema_has_the_attributes_of_the_model(monitor: Monitor) -> None:
    """Each has its stage, type and position, and says whether it is implicit."""
    assert arthur(monitor.url).schema("typed", within_secs=inf) == ModelSchema(SCHEMA)


def test_a_model_without_attributes_has_no_schema(monitor: Monitor) -> None:
    """A route that takes its schema from such a model is denied, and the sentence has the correction."""
    with pytest.raises(DestinationDenied, match='schema = "none"'):
        arthur(monitor.url).schema("free", within_secs=inf)


def test_the_schema_is_requested_every_fifteen_minutes(monitor: Monitor) -> None:
    """Until then it is answered from memory."""
    now = [1000.0]
    client = HttpClient(
        monitor.url,
        token=TokenList("secret", "wrong"),
        headers=partial(headers, organization_id="5eb46b1e-0c8f-4c5e-9d0b-2f6a3c8f7d10"),
        timeouts_secs=(5.0, 5.0),
        compressed=False,
        max_connections=1,
    )
    destination = ArthurDestination(client, BatchLimits(), lambda: now[0])
    first = destination.schema("typed", within_secs=inf)
    now[0] = 1899.0
    assert destination.schema("typed", within_secs=inf) is first
    now[0] = 1900.0
    assert destination.schema("typed", within_secs=inf) is not first


@each_kind
def test_an_unreachable_server_is_a_temporary_error(kind: str) -> None:
    """All rows stay pending, and the error says that there was no connection."""
    destination = connected(kind, "http://127.0.0.1:1").destination
    with pytest.raises(DestinationUnavailable, match="the connection was refused"):
        destination.send(batch(destination, {"a": 1}), within_secs=9.0)


def test_every_kind_of_the_registry_is_tested() -> None:
    """The adapter of a kind is found by its place, so each is made here."""
    assert {one.__struct_config__.tag for one in get_args(DestinationSettings)} == KINDS.keys()
