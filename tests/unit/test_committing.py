"""Committing: quarantine first, then progress; a crash between the two repeats work and loses none."""

from collections.abc import Iterator

import pytest

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import (
    DestinationDenied,
    RejectionCode,
    Unavailable,
)
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.schema import ModelSchema
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import ImmediateExecutor
from tests.support.memory_stores import MemoryStore
from tests.support.memory_world import NO, MemoryWorld, answers, call, fails, on_either_path

ONE_ROW = BatchLimits(max_inferences=1)
DENIED = fails(DestinationDenied("status 403: correct it"))


def lose_saves(world: MemoryWorld) -> None:
    """Let every save fail from now on."""
    world.progress.error, world.progress.failing = Unavailable("the progress table answers 500"), {"save"}


@on_either_path
def test_an_object_that_is_finished_in_one_run_is_saved_once(schema: ModelSchema | None) -> None:
    """It is claimed once, and the one save releases it as well."""
    world = MemoryWorld(schema=schema)
    work = world.put("a", *(call(number) for number in range(5)))
    world.forward(work)
    assert len(world.destination.stored) == 5
    done = ProgressRecord(ReadOffset(5 * (len(call(0)) + 1), 5), done=True, accepted=5)
    (saved,) = world.progress.saved
    assert (saved.reached, saved.finished, saved.saves) == ({work.source.state_hash: done}, True, 1)


def test_finished_objects_are_saved_about_once_a_second() -> None:
    """Twenty requests of a third of a second each: a save after every second, and one at the end."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.senders = ImmediateExecutor()
    world.accept_after(1 / 3)
    world.forward(*(world.put(f"o{number:02}", call(number)) for number in range(20)))
    done = [sum(bool(each and each.done) for each in record.reached.values()) for record in world.progress.saved]
    assert 6 <= len(done) <= 9


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
    """The message is kept, because it alone keeps the rejection."""
    world = MemoryWorld()
    world.has_quarantine = False
    (report,) = world.forward(world.put("a", call(1), b"broken"))
    assert report.state is ObjectState.DONE
    assert report.unquarantined == 1
    assert not report.complete
    assert world.progress.progress(report.source) == ProgressRecord()


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
    assert world.saved(work).read_offset.lines <= 1
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
    assert (report.state, report.complete, world.saved(work)) == (ObjectState.PENDING, False, ProgressRecord())
    assert report.why == "the quarantine bucket answers AccessDenied"
    world.quarantine.error = None
    world.next_invocation()
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.DONE, True)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_an_object_that_cannot_be_quarantined_is_pending() -> None:
    """A whole object is rejected only when its entry is stored."""
    world = MemoryWorld()
    world.quarantine.error = Unavailable("the quarantine bucket answers 500")
    work = Work(CaptureObject("captures", "churn/gone", etag="x"))
    (report,) = world.forward(work)
    assert (report.state, report.why) == (ObjectState.REQUEUED, "the quarantine bucket answers 500")
    assert world.saved(work) == ProgressRecord()


def test_a_repeated_run_without_progress_overwrites_its_quarantine_file() -> None:
    """The runs cannot be distinguished, so the file has one name, and the entries of the last run."""
    world = MemoryWorld()
    world.has_progress = False
    work = world.put("a", b"broken", call(1), b"broken too")
    for _ in range(2):
        (report,) = world.forward(work)
        assert report.state is ObjectState.DONE
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 1, None), (RejectionCode.LINE_NOT_JSON, 3, None)]


@pytest.mark.parametrize("crashes", [1, 2, 3])
def test_each_rejection_is_in_quarantine_once_after_crashes(crashes: int) -> None:
    """Each run writes its rejections and cannot save; the next one empties the file, and rejects the lines again."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    work = world.put("a", call(0), call(1), b"broken", call(2), b"broken", call(3))
    both = [(RejectionCode.LINE_NOT_JSON, 3, None), (RejectionCode.LINE_NOT_JSON, 5, None)]
    lose_saves(world)
    for _ in range(crashes):
        world.forward(work)
        assert world.quarantined() == both
        world.next_invocation()
    world.progress.error = None
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert world.quarantined() == both
    assert len(world.quarantine.files) == crashes + 1


def test_an_entry_is_in_one_quarantine_file_only() -> None:
    """After a checkpoint later rejections go into another file."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
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
    assert world.saved(work) == ProgressRecord(ReadOffset(len(call(1)) + 1, 1), accepted=1, rejected=2)
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
    lines = [reached.read_offset.lines for record in saved for reached in record.reached.values() if reached]
    assert lines == sorted(lines)
    assert lines[-1] == 30


def test_rows_that_wait_for_their_batch_do_not_hold_checkpoints_back() -> None:
    """One good line, then rejected lines for a minute: its row is sent at the first checkpoint, long before the end."""

    class SlowStore(MemoryStore):
        def _chunks(self, data: bytes) -> Iterator[bytes]:
            for chunk in super()._chunks(data):
                world.clock.now += 1
                yield chunk

    world = MemoryWorld(checkpoint_secs=10)
    world.senders = ImmediateExecutor()
    world.store = SlowStore(chunk_bytes=65_536)
    world.forward(world.put("a", call(1), *[b"broken " * 1000] * 600))
    lines = [
        reached.read_offset.lines for record in world.progress.saved for reached in record.reached.values() if reached
    ]
    assert 5 <= len(lines) <= 8
    assert lines[1] > 100


def test_a_gap_causes_no_more_saves_than_no_gap() -> None:
    """Thousands of rejections behind a row without a result are one file and one save."""
    world = MemoryWorld(max_in_flight=1)
    world.forward(world.put("a", call(1), *[b"broken"] * 12_000))
    assert (len(world.progress.saved), len(world.quarantine.kept)) == (1, 1)
    assert len(world.entries()) == 12_000


def test_too_many_rejections_behind_a_gap_are_written_when_it_is_closed() -> None:
    """The rows that wait are sent and awaited, so that the rejections can be written and dropped."""
    world = MemoryWorld(max_rejected_bytes=1_000_000)
    (report,) = world.forward(world.put("a", call(1), *[b"broken"] * 12_000))
    assert report.complete
    assert 5 <= len(world.quarantine.kept) <= 10
    assert sorted(line for _, line, _ in world.quarantined()) == list(range(2, 12_002))


def test_without_progress_a_checkpoint_writes_its_rejections_only() -> None:
    """The function has no table: it is read again from the offset in the message."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.has_progress = False
    world.senders = ImmediateExecutor()
    (report,) = world.forward(world.put("a", b"broken", call(1), b"broken", call(2), call(3)))
    assert report.state is ObjectState.DONE
    assert sorted(line for _, line, _ in world.quarantined()) == [1, 3]
    assert world.progress.claims == {}
