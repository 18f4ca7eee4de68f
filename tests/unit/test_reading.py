"""Reading: when it ends, when it pauses, and how much memory it takes."""

import tracemalloc
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Receipt, RejectionCode
from capture_forwarder.domain.progress import Claim, ProgressRecord
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.reading import Pauses, ReadLimits
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import capture, csv_side
from tests.support.fakes import Clock, ImmediateExecutor, make_run
from tests.support.memory_stores import MemoryStore
from tests.support.memory_world import ROUTE, SCHEMA, MemoryWorld, call, on_either_path

KIB = 1024


def new_tracker() -> ObjectTracker:
    """Return the tracker of an object that is not read yet."""
    return ObjectTracker(Work(CaptureObject("captures", "a")), ROUTE, Claimed(ProgressRecord(), ""))


@pytest.mark.parametrize("schema", [None, SCHEMA])
@pytest.mark.parametrize(("metadata", "lines"), [((), [1, 3]), (("inferenceId",), [1, 1, 1, 1])])
def test_most_routes_take_the_compiled_path(
    metadata: tuple[str, ...], lines: list[int], schema: ModelSchema | None
) -> None:
    """The compiled path decodes several lines together; the first line shows it how the payloads are laid out."""
    route = replace(ROUTE, decoding=DecodingOptions(metadata=metadata))
    decoder = CaptureKind().decoder(route, schema, Row)
    reader = LineReader([b"".join(call(number) + b"\n" for number in range(4))], 1_000_000)
    assert [len(decoded.span.lines) for decoded in decoder.decode(reader, 1000)] == lines


@on_either_path
def test_reading_ends_when_the_time_does(schema: ModelSchema | None) -> None:
    """The clock is read after a span that began a request, whichever of its rows began it."""
    world = MemoryWorld(BatchLimits(max_inferences=4), schema=schema, max_in_flight=1)
    world.accept_after(200)
    (report,) = world.forward(world.put("a", *(call(number, rows=3) for number in range(100))))
    assert report.lines.read <= 12
    work, delay = world.requeued()
    assert (work.requeue_count, delay) == (0, 0), "the sender had an error instead"


def test_an_object_is_not_read_if_no_time_is_left() -> None:
    """It is requeued, and the next objects as well."""
    world = MemoryWorld()
    world.clock = Clock(left_secs=0)
    reports = world.forward(world.put("a", call(1)), world.put("b", call(2)))
    assert [report.state for report in reports] == [ObjectState.REQUEUED] * 2
    assert world.store.reads == []


def test_the_report_says_why_an_object_is_not_done() -> None:
    """Another invocation holds the lease, or the time was used up, while it was read or before."""
    world = MemoryWorld(BatchLimits(max_inferences=1), max_in_flight=1)
    world.has_queue = False
    work = world.put("a", call(1), call(2), call(3))
    world.set_claim(work, Claim(run="other", leased_until_secs=world.clock.now + 1))
    (leased,) = world.forward(work)
    assert (leased.state, leased.why) == (ObjectState.LEASED, "another invocation is at work on it")
    world.clock.now += 1  # the lease has expired at its last second
    world.accept_after(800)
    (stopped,) = world.forward(work)
    assert (stopped.state, stopped.why) == (ObjectState.OUT_OF_TIME, "the invocation's time is used up")
    assert stopped.lines.read > 0
    world.clock.ends = world.clock.now
    (unread,) = world.forward(work)
    assert (unread.state, unread.why) == (ObjectState.OUT_OF_TIME, "the invocation's time is used up")
    assert unread.lines.read == 0


def test_time_for_two_requests_is_needed_to_read() -> None:
    """The requests under way end first, and then one more is sent."""
    world = MemoryWorld(BatchLimits(max_inferences=1), max_in_flight=1)
    world.senders = ImmediateExecutor()
    world.clock = Clock(left_secs=100.0)  # 5 of them are reserved for committing
    world.accept_after(31.0)
    (report,) = world.forward(world.put("a", *(call(number) for number in range(5))))
    # 64 seconds are left after the first request: enough for two more. 33 are left after the second.
    assert report.inferences.accepted == 2
    assert world.requeued()[0].read_offset.lines == 2


def test_the_clock_is_read_after_every_64_kib() -> None:
    """Lines without rows begin no request, so the number of bytes decides when to look at the clock."""
    pauses, tracker = Pauses(ReadLimits(), make_run()), new_tracker()
    due = []
    for read_to in (64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB - 1, 128 * KIB):
        tracker.read_to = read_to
        due.append(pauses.due(tracker, request_begun=False))
    assert due == [False, True, False, False, True]


def test_the_clock_is_read_after_every_request() -> None:
    """The bytes are counted from there on."""
    pauses, tracker = Pauses(ReadLimits(), make_run()), new_tracker()
    tracker.read_to = 10
    assert pauses.due(tracker, request_begun=True)
    tracker.read_to = 64 * KIB + 9
    assert not pauses.due(tracker, request_begun=False)
    tracker.read_to = 64 * KIB + 10
    assert pauses.due(tracker, request_begun=False)


def test_a_checkpoint_is_due_when_its_time_has_passed() -> None:
    """The interval is counted from the last checkpoint."""
    clock = Clock()
    pauses, tracker = Pauses(ReadLimits(checkpoint_secs=10.0), make_run(clock)), new_tracker()
    due = []
    for secs in (10.0, 0.5, 10.0, 0.5):
        clock.now += secs
        due.append(pauses.checkpoint_due(tracker))
    assert due == [False, True, False, True]


def test_a_checkpoint_is_due_when_too_many_rejections_are_held() -> None:
    """Then it does not matter how much was read or how much time has passed."""
    pauses, tracker = Pauses(ReadLimits(max_rejected_bytes=100), make_run()), new_tracker()
    tracker.rejections.held_bytes = 100
    assert not pauses.due(tracker, request_begun=False)
    assert not pauses.checkpoint_due(tracker)
    tracker.rejections.held_bytes = 101
    assert pauses.due(tracker, request_begun=False)
    assert pauses.checkpoint_due(tracker)


def test_reading_stops_after_many_lines_that_are_rejected_if_the_time_is_used_up() -> None:
    """An object without any row ends in time as well."""

    class SlowStore(MemoryStore):
        def _chunks(self, data: bytes) -> Iterator[bytes]:
            for chunk in super()._chunks(data):
                world.clock.now += 300
                yield chunk

    world = MemoryWorld()
    world.store = SlowStore(chunk_bytes=64 * KIB)
    (report,) = world.forward(world.put("a", *[b"broken " * 1000] * 100))
    assert 10 <= report.lines.read <= 30
    assert world.requeued()[1] == 0


@on_either_path
def test_a_line_with_its_results_is_not_held_in_memory(schema: ModelSchema | None) -> None:
    """Only lines that are still pending are held, however large the object is."""
    world = MemoryWorld(BatchLimits(max_inferences=1), schema=schema, max_in_flight=1)
    world.store = MemoryStore(chunk_bytes=64 * KIB)
    padding = {"x": "y" * 64 * KIB}
    skipped = capture(csv_side("1"), csv_side("1"), invocationSource="ShadowExperiment", **padding)
    accepted = capture(csv_side("1"), csv_side("1"), **padding)
    work = world.put("a", *[skipped] * 200, *[accepted] * 200)
    tracemalloc.start()
    (report,) = world.forward(work)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (report.lines.skipped.total(), report.inferences.made) == (200, 200)
    assert peak < 4_000_000


def test_blank_lines_take_no_memory() -> None:
    """A chunk may hold a great many of them."""
    world = MemoryWorld()
    world.store = MemoryStore(chunk_bytes=256 * KIB)
    work = world.put("a", *[b""] * 20_000)
    tracemalloc.start()
    (report,) = world.forward(work)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.lines.skipped.total() == 20_000
    assert peak < 4_000_000


@on_either_path
def test_batches_are_sent_before_they_are_full_if_too_many_bytes_are_pending(schema: ModelSchema | None) -> None:
    """Lines are held until their rows have results. Past `max_uncommitted_bytes` these are awaited after an object."""
    size = len(call(0)) + 1
    world = MemoryWorld(schema=schema, max_uncommitted_bytes=3 * size)
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(10)))
    assert [len(batch) for batch in world.destination.batches] == [4, 4, 2]


def test_bytes_of_all_objects_count_as_pending_and_finished_objects_do_not() -> None:
    """The sum over the objects is compared with the bound."""
    size = len(call(0)) + 1
    world = MemoryWorld(BatchLimits(max_inferences=2), max_in_flight=1, max_uncommitted_bytes=4 * size)
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(10)))
    assert [len(batch) for batch in world.destination.batches] == [2] * 5


def test_objects_whose_results_were_awaited_are_committed_at_once() -> None:
    """At the last request all objects of the requests before it are done."""
    size = len(call(0)) + 1
    world = MemoryWorld(max_uncommitted_bytes=2 * size)
    done: list[int] = []

    def count_done(batch: Batch) -> Receipt:
        done.append(
            sum(bool(each and each.done) for run in world.progress.runs.values() for each in run.reached.values())
        )
        return world.destination.accept(batch)

    world.destination.always = count_done
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(9)))
    assert done == [0, 3, 6]


def test_a_line_longer_than_the_limit_is_rejected() -> None:
    """The lines beside it are forwarded."""
    world = MemoryWorld(max_line_bytes=len(call(1)))
    (report,) = world.forward(world.put("a", call(1), b"x" * (len(call(1)) + 1), call(2)))
    assert world.quarantined() == [(RejectionCode.LINE_TOO_LONG, 2, None)]
    assert report.inferences.accepted == 2


def test_the_lines_before_the_end_of_a_truncated_object_are_forwarded() -> None:
    """The place where the gzip stream breaks off is in quarantine as a line."""
    world = MemoryWorld()
    whole = world.put("a", call(1), compress=True).source
    cut = world.store.put_bytes(whole.key, world.store.objects[whole.bucket, whole.key][:-4])
    (report,) = world.forward(Work(cut))
    assert (report.state, report.complete, report.unquarantined) == (ObjectState.DONE, True, 0)
    assert list(world.destination.stored) == ["id-1"]
    assert world.quarantined() == [(RejectionCode.OBJECT_TRUNCATED, 2, None)]
