"""Committing: quarantine first, then progress; a crash between the two repeats work and loses none."""

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    DestinationDenied,
    Receipt,
    RejectionCode,
    Unavailable,
)
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.reading import ReadLimits
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import ImmediateExecutor, MemoryProgress
from tests.support.memory_world import NO, MemoryWorld, answers, call, fails, on_either_path

ONE_ROW = BatchLimits(max_inferences=1)
DENIED = fails(DestinationDenied("status 403: correct it"))


class FailingProgress(MemoryProgress):
    """A progress table to which the first `failures` writes fail."""

    def __init__(self, failures: float, then: MemoryProgress | None = None) -> None:
        super().__init__()
        self._failures = failures
        self._then = then or MemoryProgress()

    def save(self, source: CaptureObject, record: ProgressRecord, *, expected_fence: int) -> None:
        """Fail, or store `record` in the other table."""
        self._failures -= 1
        if self._failures >= 0:
            raise Unavailable("the progress table answers 500")
        self._then.save(source, record, expected_fence=expected_fence)


@on_either_path
def test_an_object_that_is_finished_in_one_run_is_saved_once(schema: ModelSchema | None) -> None:
    """It takes no lease."""
    world = MemoryWorld(schema=schema)
    work = world.put("a", *(call(number) for number in range(5)))
    world.forward(work)
    assert len(world.destination.stored) == 5
    end = ReadOffset(5 * (len(call(0)) + 1), 5)
    assert world.progress.saved == [ProgressRecord(read_offset=end, done=True, accepted=5)]


def test_an_object_is_saved_as_soon_as_it_is_finished() -> None:
    """With one request at a time all objects but the last two are done when one more request is sent."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    done: list[int] = []

    def count_done(batch: Batch) -> Receipt:
        done.append(sum(record.done for record in world.progress.records.values()))
        return world.destination.accept(batch)

    world.destination.always = count_done
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(5)))
    assert all(count >= place - 1 for place, count in enumerate(done))
    assert (len(done), len(world.progress.saved)) == (5, 5)


def test_rejected_rows_are_in_quarantine() -> None:
    """Scenario D: every row is rejected and in quarantine, so the message is acknowledged."""
    world = MemoryWorld()
    world.destination.always = answers(NO, NO)
    (report,) = world.forward(world.put("a", call(1, rows=2)))
    assert report.complete
    assert report.inferences.rejected == {RejectionCode.REFUSED_BY_DESTINATION: 2}
    assert world.quarantined() == [
        (RejectionCode.REFUSED_BY_DESTINATION, 1, 0),
        (RejectionCode.REFUSED_BY_DESTINATION, 1, 1),
    ]
    assert {entry.partner_inference_id for entry in world.entries()} == {"id-1_0", "id-1_1"}
    assert {entry.data for entry in world.entries()} == {call(1, rows=2)}


def test_an_object_without_rejections_has_no_quarantine_file() -> None:
    """Every file in quarantine has entries."""
    world = MemoryWorld()
    world.forward(world.put("a", call(1)))
    assert world.quarantine.files == {}


def test_without_a_quarantine_an_object_with_rejections_is_not_complete() -> None:
    """The message is kept, because nothing else keeps the rejection."""
    world = MemoryWorld()
    world.has_quarantine = False
    (report,) = world.forward(world.put("a", call(1), b"broken"))
    assert report.state is ObjectState.DONE
    assert report.unquarantined == 1
    assert not report.complete
    assert world.progress.saved == []


def test_without_a_quarantine_a_rejected_object_is_not_complete() -> None:
    """The object itself is the rejection."""
    world = MemoryWorld()
    world.has_quarantine = False
    (report,) = world.forward(Work(CaptureObject("captures", "churn/gone", etag="x")))
    assert (report.state, report.complete, report.unquarantined) == (ObjectState.REJECTED, False, 1)


def test_without_a_quarantine_progress_does_not_pass_a_rejection() -> None:
    """A checkpoint would acknowledge a line that is kept nowhere, so there is none."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1, max_rejected_bytes=0)
    world.has_quarantine = False
    work = world.put("a", call(1), b"broken", call(2), call(3), call(4))
    for _ in range(2):
        (report,) = world.forward(work)
        assert (report.unquarantined, report.complete) == (1, False)
        world.next_invocation()
    assert {record.read_offset.lines for record in world.progress.saved} <= {0, 1}
    world.has_quarantine = True
    (report,) = world.forward(work)
    assert report.complete
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_quarantine_is_written_before_progress() -> None:
    """An object whose rejection could not be quarantined is not done."""
    world = MemoryWorld()
    world.quarantine.error = Unavailable("the quarantine bucket answers AccessDenied")
    world.has_queue = False
    work = world.put("a", call(1), b"broken")
    (report,) = world.forward(work)
    assert (report.state, report.complete, world.progress.saved) == (ObjectState.PENDING, False, [])
    assert report.why == "the quarantine bucket answers AccessDenied"
    world.quarantine.error = None
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.DONE, True)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_an_object_that_cannot_be_quarantined_is_pending() -> None:
    """A whole object is rejected only when its entry is stored."""
    world = MemoryWorld()
    world.quarantine.error = Unavailable("the quarantine bucket answers 500")
    (report,) = world.forward(Work(CaptureObject("captures", "churn/gone", etag="x")))
    assert (report.state, report.why) == (ObjectState.REQUEUED, "the quarantine bucket answers 500")
    assert world.progress.saved == []


def test_a_repeated_run_overwrites_its_quarantine_file() -> None:
    """A run that ended between quarantine and progress is repeated from the same offset, under the same name."""
    world = MemoryWorld()
    progress, world.progress = world.progress, FailingProgress(1)
    work = world.put("a", b"broken", call(1), b"broken too")
    world.forward(work)
    world.progress = progress
    world.forward(work)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 1, None), (RejectionCode.LINE_NOT_JSON, 3, None)]


@pytest.mark.parametrize("crashes", [1, 2])
def test_rejections_are_in_one_quarantine_file_after_crashes(crashes: int) -> None:
    """The next run may save a checkpoint before it reads a rejection; the file keeps its name nevertheless."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.has_queue = False
    progress, world.progress = world.progress, FailingProgress(1)
    work = world.put("a", call(0), call(1), b"broken", call(2), b"broken", call(3))
    world.forward(work)
    both = [(RejectionCode.LINE_NOT_JSON, 3, None), (RejectionCode.LINE_NOT_JSON, 5, None)]
    assert world.quarantined() == both
    world.progress = progress
    world.limits = ReadLimits(checkpoint_secs=-1)
    if crashes > 1:
        world.destination.script = [world.destination.accept]
        world.destination.always = DENIED
        world.forward(work)
        world.destination.always = None
        world.next_invocation()
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert world.quarantined() == both


def test_a_failed_checkpoint_loses_no_entry_of_its_quarantine_file() -> None:
    """The file is written again under the same name, with its old entries and the new ones."""
    world = MemoryWorld(ONE_ROW, max_rejected_bytes=0)
    world.progress = FailingProgress(2, then=world.progress)
    work = world.put("a", b"broken 1", b"broken 2", call(1), b"broken 4")
    for _ in range(3):
        world.forward(work)
    assert {line for _, line, _ in world.quarantined()} == {1, 2, 4}


def test_an_entry_is_in_one_quarantine_file_only() -> None:
    """After a checkpoint later rejections go into another file."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.forward(world.put("a", b"broken", call(1), b"broken", call(2), b"broken", call(3)))
    files = [[entry.line for entry in file.entries] for _, file in sorted(world.quarantine.files.items())]
    assert sorted(line for lines in files for line in lines) == [1, 3, 5]
    assert len(files) > 1


def test_many_rejections_are_quarantined_in_several_files() -> None:
    """An object of rejected lines is quarantined while it is read, so its entries need little memory."""
    world = MemoryWorld(max_rejected_bytes=100)
    (report,) = world.forward(world.put("a", *(b"broken %03d" % number for number in range(100))))
    assert report.complete
    assert len(world.quarantine.files) > 5
    assert sorted(line for _, line, _ in world.quarantined()) == list(range(1, 101))


def test_rejections_of_a_pending_line_are_not_quarantined() -> None:
    """The line is read again. When it is finished its entries are in the order of its rows."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    rows = json_side([{"a": 1}, {"a": {"b": 1}, "a.b": 2}, {"a": 3}])
    work = world.put("a", call(1), capture(rows, csv_side("1\n2\n3"), inferenceId="id"))
    world.destination.script = [world.destination.accept, answers(NO)]
    world.destination.always = DENIED
    world.forward(work)
    assert world.quarantined() == []
    offset = ReadOffset(len(call(1)) + 1, 1)
    assert world.saved(work) == ProgressRecord(read_offset=offset, accepted=1, rejected=2, quarantined_up_to=0)
    world.destination.script, world.destination.always = [answers(NO)], None
    (report,) = world.forward(work)
    assert report.inferences.accepted == 1
    assert world.quarantined() == [
        (RejectionCode.REFUSED_BY_DESTINATION, 2, 0),
        (RejectionCode.AMBIGUOUS_NAME, 2, 1),
    ]


@pytest.mark.parametrize(("secs", "checkpoints"), [(0, 0), (4, 13)])
def test_checkpoints_are_saved_at_their_interval(secs: int, checkpoints: int) -> None:
    """There are thirty requests of four seconds, and a checkpoint every ten; without time there is none."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=10)
    world.accept_after(secs)
    world.forward(world.put("a", *(call(number) for number in range(30))))
    saved = world.progress.saved
    assert checkpoints // 2 <= len(saved) - 1 <= checkpoints
    assert [record.done for record in saved] == [False] * (len(saved) - 1) + [True]
    assert [record.fence for record in saved] == [int(bool(secs))] * len(saved)
    assert [record.accepted for record in saved] == sorted(record.accepted for record in saved)
    assert saved[-1].accepted == 30


def test_progress_counts_the_rows_of_the_run() -> None:
    """A duplicate counts as accepted."""
    world = MemoryWorld()
    world.destination.always = answers(ACCEPTED, NO, DUPLICATE)
    work = world.put("a", call(1), call(2), call(3))
    world.forward(work)
    assert (world.saved(work).done, world.saved(work).accepted, world.saved(work).rejected) == (True, 2, 1)


@on_either_path
def test_progress_counts_rows_over_all_runs(schema: ModelSchema | None) -> None:
    """Each of three runs saves checkpoints, is stopped by an error and requeues the object; no row counts twice."""
    world = MemoryWorld(ONE_ROW, schema=schema, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
    lines = [b"broken" if number % 4 == 3 else call(number) for number in range(24)]
    work = world.put("a", *lines)
    for run in range(3):
        world.destination.script = [world.destination.accept] * 5 + [answers(NO)]
        world.destination.always = DENIED if run < 2 else None
        (report,) = world.forward(work)
        assert report.state is (ObjectState.REQUEUED if run < 2 else ObjectState.DONE)
        if run < 2:
            saved = world.saved(work)
            assert (saved.accepted, saved.rejected, saved.done) == (5 * (run + 1), run + 1, False)
            work = world.queue.messages[-1][0]
        world.next_invocation()
    # 18 calls of one row each: three were rejected. Rejected lines have no rows.
    assert (world.saved(work).accepted, world.saved(work).rejected) == (15, 3)
    assert set(world.destination.times_sent.values()) <= {1, 2}
    counts = [(record.accepted, record.rejected) for record in world.progress.saved]
    assert counts == sorted(counts)
    assert len(counts) > 6


def test_rows_that_are_sent_again_count_again() -> None:
    """A row behind a pending row is accepted in one run and a duplicate in the next."""
    world = MemoryWorld(ONE_ROW)
    world.senders = ImmediateExecutor()
    work = world.put("a", call(0), call(1), call(2))
    world.destination.always = lambda batch: DENIED(batch) if batch.ids == ["id-1"] else world.destination.accept(batch)
    world.forward(work)
    assert (world.saved(work).read_offset.lines, world.saved(work).accepted) == (1, 2)
    world.destination.always = None
    world.forward(work)
    assert (world.saved(work).read_offset.lines, world.saved(work).accepted) == (3, 4)
