"""Tracking: the counts of an object, and the offset up to which it is recorded, on either path."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import ReadOffset
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    DestinationUnavailable,
    Receipt,
    RejectionCode,
    SourceUnavailable,
)
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.schema import ModelSchema
from tests.support.captures import capture, csv_side, json_side
from tests.support.memory_stores import MemoryStore
from tests.support.memory_world import NO, MemoryWorld, answers, call, fails, on_either_path
from tests.support.quarantine import one_by_one

MOMENT = datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)


@on_either_path
@pytest.mark.parametrize("chunk_bytes", [7, 65_536])
def test_counts_rows_and_places_are_the_same_on_either_path(schema: ModelSchema | None, chunk_bytes: int) -> None:
    """This covers the counts, the newest time, the rows that were sent, and the places of rejections."""
    world = MemoryWorld(schema=schema)
    world.store = MemoryStore(chunk_bytes)
    sent: list[dict[str, Any]] = []

    def reject_one(batch: Batch) -> Receipt:
        sent.extend(json.loads(batch.body))
        return Receipt([NO if row["partner_inference_id"] == "id-2_2" else ACCEPTED for row in sent])

    world.destination.always = reject_one
    lines = [call(1, rows=2), b"broken", call(2, rows=3), call(3)]
    work = world.put("a", *lines)
    (report,) = world.forward(work)
    assert report.lines == LineCounts(4, 3, Counter({RejectionCode.LINE_NOT_JSON: 1}))
    assert report.inferences == InferenceCounts(6, 5, 0, Counter({RejectionCode.REFUSED_BY_DESTINATION: 1}), 0)
    assert report.newest_inference == MOMENT
    assert {datetime.fromisoformat(row["inference_timestamp"]) for row in sent} == {MOMENT}
    ids = ["id-1_0", "id-1_1", "id-2_0", "id-2_1", "id-2_2", "id-3"]
    assert [row["partner_inference_id"] for row in sent] == ids
    values = [{"feature_0": value, "prediction_0": value} for value in (0, 1, 0, 1, 2, 0)]
    assert [row["inference_data"] for row in sent] == values
    (file,) = world.quarantine.files.values()
    starts = [sum(len(line) + 1 for line in lines[:place]) for place in range(5)]
    assert [(one.line, one.offset, one.index, one.data) for one in one_by_one(file.entries)] == [
        (2, starts[1], None, lines[1]),
        (3, starts[2], 2, lines[2]),
    ]
    assert world.saved(work).read_offset == ReadOffset(starts[4], 4)


@on_either_path
def test_inference_ids_that_are_used_again_are_counted(schema: ModelSchema | None) -> None:
    """Each call counts whose id the first call had with other content; the platform keeps that first content only."""
    world = MemoryWorld(schema=schema)
    lines = [
        capture(csv_side(text), csv_side("1"), eventId=f"e{text}", inferenceId="0") for text in ("1", "2", "2", "3")
    ]
    (report,) = world.forward(world.put("a", *lines))
    assert report.reading.reused_ids == 3


@on_either_path
def test_a_rejection_has_its_line_wherever_batches_are_cut(schema: ModelSchema | None) -> None:
    """Lines that were decoded together are sent in several requests."""
    world = MemoryWorld(BatchLimits(max_inferences=3), schema=schema)
    world.store = MemoryStore(chunk_bytes=65_536)
    rejected = {"id-3", "id-4_1", "id-6"}
    world.destination.always = lambda batch: Receipt([NO if one in rejected else ACCEPTED for one in batch.ids])
    lines = [call(number, rows=2 if number in (4, 5) else 1) for number in range(8)]
    world.forward(world.put("a", *lines))
    (file,) = world.quarantine.files.values()
    assert [(one.line, one.index, one.partner_inference_id, one.data) for one in one_by_one(file.entries)] == [
        (4, 0, "id-3", lines[3]),
        (5, 1, "id-4_1", lines[4]),
        (7, 0, "id-6", lines[6]),
    ]


@on_either_path
def test_progress_stops_at_the_line_of_the_first_pending_row(schema: ModelSchema | None) -> None:
    """Of one request some rows are accepted, one is a duplicate, one is rejected and one stays pending."""
    world = MemoryWorld(schema=schema)
    results = {"id-0": DUPLICATE, "id-1_1": NO, "id-3": RETRYABLE}
    world.destination.always = lambda batch: Receipt([results.get(one, ACCEPTED) for one in batch.ids])
    lines = [call(0), call(1, rows=2), call(2), call(3), call(4)]
    work = world.put("a", *lines)
    (report,) = world.forward(work)
    rejected = Counter({RejectionCode.REFUSED_BY_DESTINATION: 1})
    assert report.inferences == InferenceCounts(6, 3, 1, rejected, pending=1)
    offset = sum(len(line) + 1 for line in lines[:3])
    assert world.saved(work).read_offset == ReadOffset(offset, 3)
    (file,) = world.quarantine.files.values()
    assert [(one.line, one.index, one.partner_inference_id) for one in one_by_one(file.entries)] == [(2, 1, "id-1_1")]


@on_either_path
def test_results_in_any_order_move_progress_to_the_first_gap(schema: ModelSchema | None) -> None:
    """Requests end in any order; progress stops at the first byte that is still pending."""
    world = MemoryWorld(BatchLimits(max_inferences=1), schema=schema)

    def fail_the_third(batch: Batch) -> Receipt:
        if batch.ids[0] == "id-2":
            raise DestinationUnavailable("status 500")
        return world.destination.accept(batch)

    world.destination.always = fail_the_third
    lines = [call(number) for number in range(6)]
    work = world.put("a", *lines)
    world.forward(work)
    assert world.saved(work).read_offset == ReadOffset(sum(len(line) + 1 for line in lines[:2]), 2)


def test_lines_before_reading_breaks_off_are_forwarded() -> None:
    """The object is continued at the line where the store broke off."""

    class BreakingStore(MemoryStore):
        def _chunks(self, data: bytes) -> Iterator[bytes]:
            yield data[: len(call(1)) + 1]
            raise SourceUnavailable("connection reset")

    world = MemoryWorld()
    world.store = BreakingStore()
    work = world.put("a", call(1), call(2))
    (report,) = world.forward(work)
    assert (report.state, report.why) == (ObjectState.REQUEUED, "connection reset")
    assert list(world.destination.stored) == ["id-1"]
    assert world.requeued()[0].read_offset == ReadOffset(len(call(1)) + 1, 1)


def test_a_bug_after_some_lines_keeps_their_results() -> None:
    """The report says how many lines were read. The lines before the bug are not forwarded a second time."""

    class BrokenStore(MemoryStore):
        def _chunks(self, data: bytes) -> Iterator[bytes]:
            yield data[: 2 * (len(call(1)) + 1)]
            raise ZeroDivisionError("captured data")

    world = MemoryWorld()
    world.store = BrokenStore()
    work = world.put("a", call(1), call(2), call(3))
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.FAILED, False)
    assert report.why == "unexpected ZeroDivisionError after 2 lines"
    assert report.inferences == InferenceCounts(2, 2)
    assert world.saved(work) == ProgressRecord(ReadOffset(2 * (len(call(1)) + 1), 2), accepted=2)
    assert world.queue.messages == []


def test_the_first_reason_for_being_pending_is_kept() -> None:
    """The report has the destination's own words."""
    world = MemoryWorld()
    world.has_queue = False
    world.destination.always = fails(DestinationUnavailable("status 503"))
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.why) == (ObjectState.PENDING, "status 503")
    assert world.progress.progress(report.source) == ProgressRecord()


def test_rows_that_were_rejected_before_sending_are_counted_with_the_others() -> None:
    """A row has its index in the call, and its id."""
    world = MemoryWorld()
    world.destination.always = answers(ACCEPTED, NO)
    rows = json_side([{"a": 1}, {"a": {"b": 1}, "a.b": 2}, {"a": 3}])
    (report,) = world.forward(world.put("a", capture(rows, csv_side("1\n2\n3"), inferenceId="id")))
    assert report.lines == LineCounts(1, 1)
    assert report.inferences.made == 3
    assert report.inferences.accepted == 1
    assert [(entry.index, entry.partner_inference_id) for entry in world.entries()] == [(1, "id_1"), (2, "id_2")]
