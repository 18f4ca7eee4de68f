"""Captured lines that are sent as they are: what is sent, and how the results of their rows are recorded."""

from collections.abc import Callable

import pytest

from capture_forwarder.destinations.arthur_raw.settings import ArthurRawSettings
from capture_forwarder.domain.batch import Batch, BatchLimits, LineBatch
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchRefused,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    LineResult,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
    SkipReason,
)
from capture_forwarder.domain.route import RowForm
from tests.support.captures import Side, base64_side, capture, csv_side
from tests.support.memory_world import NO, SCHEMA, MemoryWorld, call, fails

LIMITS = ArthurRawSettings(name="raw", url="https://arthur.example.com", secret="env:T").limits
WRONG = capture(csv_side("text"), csv_side("1"), inferenceId="wrong")
HALF = capture(csv_side("text\n1"), csv_side("1\n2"), inferenceId="half")


def world_of(limits: BatchLimits = LIMITS, **options: object) -> MemoryWorld:
    """Return a world whose destination takes lines."""
    world = MemoryWorld(limits, **options)  # type: ignore[arg-type]  # options of the world
    world.destination.form = RowForm.LINES
    return world


def sent(world: MemoryWorld) -> list[LineBatch]:
    """Record every request that is made from now on, and accept it."""
    batches: list[LineBatch] = []

    def accept(batch: Batch) -> Receipt:
        assert isinstance(batch, LineBatch)
        batches.append(batch)
        return world.destination.accept(batch)

    world.destination.always = accept
    return batches


def test_lines_are_sent_as_they_are() -> None:
    """Their rows have the ids that the platform derives, and are counted one by one."""
    world = world_of()
    batches = sent(world)
    (report,) = world.forward(world.put("a", call(1), b"", call(2, rows=3), b"no json"))
    (batch,) = batches
    assert batch.rows() == [call(1), call(2, rows=3)]
    assert batch.byte_count == len(call(1)) + len(call(2, rows=3))
    assert batch.ids == ["id-1", "id-2_0", "id-2_1", "id-2_2"]
    assert (report.lines.read, report.lines.decoded) == (4, 2)
    assert report.lines.skipped == {SkipReason.BLANK_LINE: 1}
    assert report.lines.rejected == {RejectionCode.LINE_NOT_JSON: 1}
    assert (report.inferences.made, report.inferences.accepted) == (4, 4)


@pytest.mark.parametrize(
    ("limits", "lines"),
    [
        (BatchLimits(max_inferences=2), [2, 1, 1]),
        (BatchLimits(max_inferences=3), [2, 1, 1]),
        (BatchLimits(max_bytes=2 * len(call(1)) + 2 + 1, framing_bytes=1), [2, 1, 1]),
        (BatchLimits(max_bytes=2 * len(call(1)) + 2, framing_bytes=1), [1, 1, 1, 1]),
        (BatchLimits(max_bytes=1), [1, 1, 1, 1]),
        (BatchLimits(), [4]),
    ],
)
def test_a_request_is_cut_between_lines(limits: BatchLimits, lines: list[int]) -> None:
    """A line with more rows or bytes than a request may have is sent alone."""
    world = world_of(limits)
    batches = sent(world)
    world.forward(world.put("a", call(1), call(2), call(3, rows=5), call(4)))
    assert [batch.size for batch in batches] == lines


def test_lines_of_objects_of_other_types_are_sent_apart() -> None:
    """The request has the content type of the object; that of gzip says nothing of the lines."""
    world = world_of()
    batches = sent(world)
    works = [world.put("a", call(1)), world.put("b", call(2)), world.put("c", call(3)), world.put("d", call(4))]
    types = ["text/a", "text/a", "text/c", None]
    world.store.content_types = {work.source.key: one for work, one in zip(works, types, strict=True) if one}
    zipped = world.put("e", call(5), compress=True)
    world.store.content_types[zipped.source.key] = "application/gzip"
    world.forward(*works, zipped)
    assert [(batch.size, batch.content_type) for batch in batches] == [(2, "text/a"), (1, "text/c"), (2, None)]


@pytest.mark.parametrize("encoded", [base64_side(b"1", "text/csv"), base64_side(b"[1]", "application/json")])
def test_base64_is_refused_with_advice(encoded: Side) -> None:
    """On either side; the line is not sent."""
    world = world_of()
    batches = sent(world)
    lines = [capture(encoded, csv_side("1")), capture(csv_side("1"), encoded), call(3)]
    world.forward(world.put("a", *lines))
    assert [batch.size for batch in batches] == [1]
    code = RejectionCode.ENCODING_REFUSED
    assert world.quarantined() == [(code, 1, None), (code, 2, None)]
    assert 'kind = "arthur" decodes it' in world.entries()[0].why


def test_lines_are_read_by_the_compiled_path() -> None:
    """Also a line of many rows, and one whose payloads the destination refuses; the first one is read by the plain path."""
    world = world_of()
    batches = sent(world)
    encoded = capture(base64_side(b"1", "text/csv"), csv_side("1"))
    lines = [call(1), *(call(number) for number in range(2, 200)), call(200, rows=20_000), encoded, encoded, call(201)]
    (report,) = world.forward(world.put("a", *lines))
    assert [row for batch in batches for row in batch.rows()] == [line for line in lines if line != encoded]
    assert report.lines.rejected == {RejectionCode.ENCODING_REFUSED: 2}
    assert report.inferences.accepted == 200 + 20_000
    assert report.reading.compiled >= 201


def test_a_line_that_is_too_long_is_rejected_among_others() -> None:
    """It is not held in memory."""
    world = world_of(max_line_bytes=len(call(1)))
    batches = sent(world)
    (report,) = world.forward(world.put("a", call(1), call(2, rows=9), call(3)))
    assert [row for batch in batches for row in batch.rows()] == [call(1), call(3)]
    assert report.lines.rejected == {RejectionCode.LINE_TOO_LONG: 1}


def test_a_line_is_bad_if_each_of_its_rows_is() -> None:
    """The platform decides about single rows of a line that is sent."""
    world = world_of(schema=SCHEMA)
    batches = sent(world)
    (report,) = world.forward(world.put("a", WRONG, HALF))
    assert [batch.ids for batch in batches] == [["half_0", "half_1"]]
    assert world.quarantined() == [(RejectionCode.VALUE_TYPE_MISMATCH, 1, 0)]
    assert (report.inferences.made, report.inferences.accepted) == (3, 2)


def test_each_row_of_a_line_has_its_result() -> None:
    """A rejected row is in quarantine with its line and index."""
    world = world_of()
    results = [LineResult(RowStatus.ACCEPTED, None, (ACCEPTED, NO, ACCEPTED)), ACCEPTED, NO]
    world.destination.script = [lambda _: Receipt(list(results))]
    (report,) = world.forward(world.put("a", call(1, rows=3), call(2), call(3, rows=2)))
    code = RejectionCode.REFUSED_BY_DESTINATION
    assert world.quarantined() == [(code, 1, 1), (code, 3, 0), (code, 3, 1)]
    assert (report.state, report.inferences.accepted) == (ObjectState.DONE, 3)
    assert [one.partner_inference_id for one in world.entries()] == ["id-1_1", "id-3_0", "id-3_1"]


def test_a_line_with_a_pending_row_is_sent_again() -> None:
    """Alone, as a whole."""
    world = world_of()
    script: list[list[RowResult]] = [[ACCEPTED, RETRYABLE, ACCEPTED], [ACCEPTED]]
    world.destination.script = [lambda _, answer=answer: Receipt(answer) for answer in script]  # type: ignore[misc]
    (report,) = world.forward(world.put("a", call(1), call(2, rows=2), call(3)))
    assert world.destination.batches == [["id-1", "id-2_0", "id-2_1", "id-3"], ["id-2_0", "id-2_1"]]
    assert report.inferences.accepted == 4


@pytest.mark.parametrize("error", [BatchTooLarge(), BatchRefused(Reason(RejectionCode.REFUSED_BY_DESTINATION, "no"))])
def test_a_request_is_halved_down_to_the_bad_line(error: Exception) -> None:
    """Never within a line: 400 rows of one line are one request."""
    world = world_of()

    def answer(batch: Batch) -> Receipt:
        if any(one.startswith("id-2") for one in batch.ids):
            raise error
        return world.destination.accept(batch)

    world.destination.always = answer
    (report,) = world.forward(world.put("a", *(call(number, rows=400 if number == 2 else 1) for number in range(5))))
    assert len(world.destination.batches) <= 7
    assert (report.inferences.accepted, report.inferences.rejected.total()) == (4, 400)
    assert {line for _, line, _ in world.quarantined()} == {3}


@pytest.mark.parametrize(
    "answer",
    [
        fails(DestinationUnavailable("status 503")),
        fails(DestinationDenied("status 403")),
        fails(ZeroDivisionError()),
        lambda _: Receipt([ACCEPTED]),
        lambda batch: Receipt([ACCEPTED] * len(batch.ids)),
    ],
)
def test_without_results_all_rows_stay_pending(answer: Callable[[Batch], Receipt]) -> None:
    """Also if the number of results is not that of the lines."""
    world = world_of()
    world.destination.always = answer
    (report,) = world.forward(world.put("a", call(1, rows=3), call(2)))
    assert (report.inferences.made, report.inferences.pending) == (4, 4)


def test_after_an_error_no_line_is_taken() -> None:
    """The rest of the object waits for the next run."""
    world = world_of(BatchLimits(max_inferences=1), max_in_flight=1)
    world.destination.always = fails(DestinationDenied("status 403"))
    world.forward(world.put("a", *(call(number) for number in range(50))))
    assert len(world.destination.batches) < 5
