"""Progress that cannot be read: its object is read again from the start, and no other object is affected."""

import pytest

from capture_forwarder.domain.capture import ReadOffset
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.notices import ProgressDamaged
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from tests.support.memory_world import MemoryWorld, call

SIZE = len(call(1)) + 1


@pytest.mark.parametrize("damaged", ["claim", "record"])
def test_an_object_with_damaged_progress_is_read_from_its_start(damaged: str) -> None:
    """It alone, with a log line. The other object of the run continues where it was."""
    world = MemoryWorld()
    work, other = world.put("a", call(1), call(2)), world.put("b", call(3), call(4))
    half = ProgressRecord(ReadOffset(SIZE, 1))
    reached = {work.source.state_hash: half if damaged == "claim" else None, other.source.state_hash: half}
    record = RunRecord(saves=1, reached=reached, finished=True)
    world.set_claim(work, Claim(run="old", unreadable={"x": 1} if damaged == "claim" else None), record)
    world.set_claim(other, Claim(run="old"))
    reports = world.forward(work, other)
    assert [report.state for report in reports] == [ObjectState.DONE] * 2
    assert sorted(world.destination.stored) == ["id-1", "id-2", "id-4"]
    notices = [notice for notice in world.observer.notices if isinstance(notice, ProgressDamaged)]
    assert notices == [ProgressDamaged(work.source)]


def test_after_a_damaged_record_was_taken_its_object_is_read_from_its_start() -> None:
    """The run was killed. Its file from the start is emptied."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    world.set_claim(work, Claim(run="old"), RunRecord(saves=1, reached={work.source.state_hash: None}))
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert [(file.run, file.start) for file in world.quarantine.files.values()] == [("old", 0)]
