"""Limits that a destination declares are enforced before its rows are sent: ids, names and values, in any form of rows."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import DestinationDenied, RejectionCode
from capture_forwarder.domain.route import RowForm
from capture_forwarder.forward.sending.senders import Senders
from capture_forwarder.kinds.captures.decoder import CaptureKind
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import ImmediateExecutor, make_run, make_target
from tests.support.memory_world import ROUTE, SCHEMA, MemoryWorld, call

LONG = 2_000


def named(number: int, **values: Any) -> bytes:
    """Return the capture of a call whose row has `values`."""
    return capture(json_side(values), csv_side("1"), inferenceId=f"id-{number}")


def rejected(world: MemoryWorld, *lines: bytes) -> list[tuple[RejectionCode, int, int | None]]:
    """Forward an object of these lines, and return its rejections."""
    (report,) = world.forward(world.put("a", *lines))
    assert report.complete
    return world.quarantined()


@pytest.mark.parametrize("form", [RowForm.FLAT, RowForm.APART])
@pytest.mark.parametrize(
    ("limits", "values", "code"),
    [
        (BatchLimits(name_chars="[a-z_0-9]"), {"a b": 1}, RejectionCode.NAME_REFUSED),
        (BatchLimits(name_chars="[a-z_0-9]"), {"": 1, "x": 1}, None),
        (BatchLimits(value_types=(int, float)), {"a": "text"}, RejectionCode.VALUE_TYPE_MISMATCH),
        (BatchLimits(value_types=(int, float)), {"a": True}, RejectionCode.VALUE_TYPE_MISMATCH),
        (BatchLimits(value_types=(int, float)), {"a": None, "b": 2.5}, None),
    ],
)
def test_a_row_beyond_a_limit_is_rejected_alone(
    form: RowForm, limits: BatchLimits, values: dict[str, Any], code: RejectionCode | None
) -> None:
    """The rows around it are sent, and the sentence holds neither the name nor the value."""
    world = MemoryWorld(limits)
    world.destination.form = form
    found = rejected(world, named(1, a=1), named(2, **values), named(3, a=3))
    assert found == ([(code, 2, 0)] if code else [])
    assert sorted(world.destination.stored) == [f"id-{number}" for number in (1, 2, 3) if number != 2 or not code]
    assert not any("a b" in one.why or "text" in one.why for one in world.entries())


@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_a_value_of_the_compiled_path_is_checked_too(schema: Any) -> None:
    """Its rows are structs."""
    world = MemoryWorld(BatchLimits(value_types=(str,)), schema=schema)
    assert rejected(world, call(1), call(2, rows=2)) == [
        (RejectionCode.VALUE_TYPE_MISMATCH, 1, 0),
        (RejectionCode.VALUE_TYPE_MISMATCH, 2, 0),
        (RejectionCode.VALUE_TYPE_MISMATCH, 2, 1),
    ]
    assert world.destination.batches == []


def test_an_id_with_a_control_character_is_rejected() -> None:
    """Only where the destination says so: CloudEvents forbids them."""
    lines = [
        capture(csv_side("1"), csv_side("1"), inferenceId="a\u0007"),
        capture(csv_side("1\n2"), csv_side("1\n2"), inferenceId="b"),
        capture(csv_side("1"), csv_side("1"), inferenceId="c\n"),
    ]
    world = MemoryWorld(BatchLimits(printable_ids=True))
    code = RejectionCode.PARTNER_ID_REFUSED
    assert rejected(world, *lines) == [(code, 1, 0), (code, 3, 0)]
    assert sorted(world.destination.stored) == ["b_0", "b_1"]
    anyone = MemoryWorld()
    assert rejected(anyone, *lines) == []


def test_an_id_that_is_too_long_for_the_destination_is_rejected() -> None:
    """The limit is the destination's, and never more than 255."""
    world = MemoryWorld(BatchLimits(max_id_chars=4))
    assert rejected(world, call(1), call(22)) == [(RejectionCode.PARTNER_ID_TOO_LONG, 2, None)]


def test_rows_of_a_huge_call_are_checked_when_they_are_made() -> None:
    """Long rows are encoded one by one; a rejection is not."""
    rows = [{"a": number if number % 2 else "x" * LONG} for number in range(300)]
    world = MemoryWorld(BatchLimits(value_types=(int,)))
    answer = "\n".join("1" for _ in rows)
    found = rejected(world, capture(json_side({"instances": rows}), csv_side(answer), inferenceId="id"))
    assert [index for _, _, index in found] == list(range(0, 300, 2))
    assert len(world.destination.stored) == 150


@pytest.mark.parametrize("make", [lambda: MemoryWorld(schema=SCHEMA), MemoryWorld])
def test_inputs_and_outputs_are_apart_where_the_destination_wants_it(make: Callable[[], MemoryWorld]) -> None:
    """On both paths, with the same names and values as in a flat row."""
    world = make()
    world.destination.form = RowForm.APART
    world.forward(world.put("a", *(call(number) for number in range(3)), call(3, rows=2)))
    assert [world.destination.data(one) for one in ("id-0", "id-2", "id-3_1")] == [
        {"inputs": {"feature_0": 0}, "outputs": {"prediction_0": 0}},
        {"inputs": {"feature_0": 0}, "outputs": {"prediction_0": 0}},
        {"inputs": {"feature_0": 1}, "outputs": {"prediction_0": 1}},
    ]


def test_objects_whose_rows_are_built_alike_share_a_decoder() -> None:
    """Others have one of their own; at most 64 are kept."""
    world = MemoryWorld()
    built: list[str] = []

    def rows(_: object, source: Any) -> Any:
        return _Builder(source.key[-1], built.append)

    world.destination.rows = rows  # type: ignore[method-assign, assignment]  # the port's method, answered by the test
    works = [world.put(f"{number}-{number % 3}", call(number)) for number in range(6)]
    world.forward(*works)
    assert built == ["0", "1", "2", "0", "1", "2"]
    many = [replace(world.put(f"many-{chr(200 + number)}", call(number))) for number in range(70)]
    assert all(report.complete for report in world.forward(*many))


class _Builder:
    """A builder that is equal to those of the same name."""

    def __init__(self, name: str, build: Callable[[str], object]) -> None:
        self._name = name
        self._build = build

    def __call__(self, partner_inference_id: str, *_: object) -> dict[str, Any]:
        self._build(self._name)
        return {"inference_data": partner_inference_id}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Builder) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)


def test_a_route_cannot_ask_a_destination_that_knows_no_attributes() -> None:
    """The check of the file says so before; a run leaves the object pending, for a person."""
    target = replace(make_target(MemoryWorld().destination, executor=ImmediateExecutor()), schemas=None)
    senders = Senders({"fake": target}, CaptureKind(), make_run())
    with pytest.raises(DestinationDenied, match=r"list them as \[\[route.attribute\]\]"):
        senders.decoder(replace(ROUTE, schema_from_model=True), CaptureObject("captures", "churn/a.jsonl"))
