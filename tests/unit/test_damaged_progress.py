"""Progress that is damaged or cannot be reached. A damaged item affects its own object only."""

import pytest

from capture_forwarder.domain.capture import ReadOffset, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.notices import ProgressDamaged
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from tests.support.memory_stores import MemoryProgress
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


@pytest.mark.parametrize(("secs", "claims"), [(0.0, 3), (4.0, 1)])
def test_a_table_that_hangs_is_asked_once_a_run(secs: float, claims: int) -> None:
    """One that fails quickly is asked for each object: the error may concern that object alone."""

    class Failing(MemoryProgress):
        def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
            self.claimed.append(state)
            world.clock.now += secs
            raise Unavailable("the progress table answers nothing")

    world = MemoryWorld()
    world.progress = Failing()
    works = [world.put(f"o{number}", call(number)) for number in range(3)]
    unsized = [Work(work.source.__class__("captures", work.source.key, etag=work.source.etag)) for work in works]
    reports = world.forward(*unsized)
    assert {(report.state, report.why) for report in reports} == {
        (ObjectState.REQUEUED, "the progress table answers nothing")
    }
    assert len(world.progress.claimed) == claims
    assert world.store.reads == []
    assert world.destination.batches == []
