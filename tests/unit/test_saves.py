"""Saves: a run saves its objects together, and works on no object after a save without an answer."""

from time import sleep

import pytest

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import (
    PendingCause,
    Unavailable,
)
from capture_forwarder.domain.progress import Claim, RunRecord
from capture_forwarder.forward.claiming import MAX_CLAIMS, Claimed
from capture_forwarder.forward.committing.object_commits import ObjectCommitter
from tests.support.fakes import ImmediateExecutor, make_run
from tests.support.memory_stores import MemoryProgress
from tests.support.memory_world import MemoryWorld, call

ONE_ROW = BatchLimits(max_inferences=1)


@pytest.mark.parametrize("store", ["progress", "quarantine"])
def test_without_an_answer_of_a_store_the_object_waits_for_the_lease(store: str) -> None:
    """A late copy of the request may still take effect, so no run may continue before the lease has ended."""
    world = MemoryWorld()
    work = world.put("a", b"broken", call(1))
    error = Unavailable("no answer")
    if store == "progress":
        world.progress.error, world.progress.failing = error, {"save"}
    else:
        world.quarantine.error = error
    (report,) = world.forward(work)
    assert (report.state, report.why, report.cause) == (ObjectState.REQUEUED, "no answer", PendingCause.OWN_RESOURCES)
    assert world.requeued()[1] == 900
    assert not any(record.finished for record in world.progress.saved)


def test_after_a_save_without_an_answer_no_file_is_written() -> None:
    """It is not known where a second file would begin. Later objects get a new record."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
    first = world.put("a", call(1), call(2), b"broken")

    class OneLost(MemoryProgress):
        def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
            if not self.saved and record.saves == 1 and len(self.claims) == 1:
                self.saved.append(record)
                raise Unavailable("no answer")
            return super().save(run, record, within_secs=within_secs)

    world.progress = OneLost()
    large = world.put("b", call(3))
    unread = Work(large.source.__class__("captures", "churn/b", etag=large.source.etag))  # of unknown size
    reports = world.forward(first, unread)
    assert [report.state for report in reports] == [ObjectState.REQUEUED, ObjectState.DONE]
    assert world.quarantine.files == {}
    assert len({claim.run for claim in world.progress.claims.values()}) == 2


def test_after_a_save_without_an_answer_no_row_of_its_other_objects_is_sent() -> None:
    """They were read ahead under the same claim, so they cannot be committed: another run sends their rows."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.senders = ImmediateExecutor()
    world.accept_after(2)

    class LostSave(MemoryProgress):
        def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
            while len(self.claims) < 3:
                sleep(0.01)  # until the third object is read ahead
            raise Unavailable("no answer")

    world.progress = LostSave()
    reports = world.forward(*(world.put(f"o{number}", call(number)) for number in range(3)))
    assert [(report.state, report.why) for report in reports] == [(ObjectState.REQUEUED, "no answer")] * 3
    assert list(world.destination.stored) == ["id-0", "id-1"], "the second was under way during the save"


def test_an_earlier_copy_of_a_save_is_a_success() -> None:
    """The client repeats a request whose answer was lost; then the condition of the repeat does not hold."""

    class Repeating(MemoryProgress):
        def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
            super().save(run, record, within_secs=within_secs)
            return super().save(run, record, within_secs=within_secs)

        def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
            super().claim(state, claim, over=over, within_secs=within_secs)
            return super().claim(state, claim, over=over, within_secs=within_secs)

    world = MemoryWorld()
    world.progress = Repeating()
    (report,) = world.forward(world.put("a", call(1)))
    assert report.state is ObjectState.DONE


def test_a_run_with_many_objects_has_several_records() -> None:
    """A record names a dozen objects at most, so that its write stays cheap."""
    world = MemoryWorld()
    reports = world.forward(*(world.put(f"o{number:02}", call(number)) for number in range(2 * MAX_CLAIMS + 1)))
    assert {report.state for report in reports} == {ObjectState.DONE}
    assert sorted(len(record.reached) for record in world.progress.saved) == [1, MAX_CLAIMS, MAX_CLAIMS]


def test_objects_of_one_run_are_saved_together() -> None:
    """One claim an object, and one save a run."""
    world = MemoryWorld()
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(10)))
    assert (len(world.progress.claimed), len(world.progress.saved), world.progress.looked) == (10, 1, [])


def test_nothing_is_claimed_after_the_last_save() -> None:
    """A thread that reads ahead may be late. The object would be held until the lease ends, and no run would read it."""
    world = MemoryWorld()
    work, late = world.put("a", call(1)), world.put("b", call(2))
    commits = ObjectCommitter(world.progress, world.quarantine, world.queue, day=lambda: "2026/01/02").begin(
        make_run(world.clock)
    )
    assert isinstance(commits.claim(work, world.routes[0]), Claimed)
    commits.finish([])
    with pytest.raises(Unavailable, match="the run has ended"):
        commits.claim(late, world.routes[0])
    assert list(world.progress.claims) == [work.source.state_id]
    assert [record.finished for record in world.progress.saved] == [True]
