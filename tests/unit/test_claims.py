"""Claims: one run at a time works on an object; an object that a run commits stays committed."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import ReadOffset
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import (
    DestinationDenied,
    PendingCause,
    Receipt,
    RejectionCode,
    Unavailable,
)
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from capture_forwarder.forward.claiming import RunItem
from tests.support.fakes import Clock, ImmediateExecutor
from tests.support.memory_stores import MemoryProgress
from tests.support.memory_world import MemoryWorld, call, fails

ONE_ROW = BatchLimits(max_inferences=1)
SIZE = len(call(1)) + 1


def beside(world: MemoryWorld, *, later_secs: float = 0.0) -> MemoryWorld:
    """Return the world of a second run that shares the objects, progress and quarantine of `world`."""
    other = MemoryWorld()
    other.store, other.progress, other.quarantine = world.store, world.progress, world.quarantine
    other.clock = Clock()
    other.clock.now = world.clock.now + later_secs
    other.clock.ends = other.clock.now + 900
    return other


def while_sending(world: MemoryWorld, batch_number: int, step: Callable[[], object]) -> None:
    """Let `step` happen once, while the request with this number (from 0) is under way."""

    def answer(batch: Batch) -> Receipt:
        if len(world.destination.batches) == batch_number + 1:
            step()
        return world.destination.accept(batch)

    world.destination.always = answer


def test_a_second_run_leaves_an_object_that_is_held_alone() -> None:
    """It requeues the object until the lease ends, a little after the first invocation must have ended."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    work = world.put("a", call(1), call(2), call(3))
    other, reports = beside(world), list[ForwardReport]()
    while_sending(world, 1, lambda: reports.extend(other.forward(work)))
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert [(each.state, each.cause, each.complete) for each in reports] == [
        (ObjectState.REQUEUED, PendingCause.LEASE, True)
    ]
    assert other.destination.batches == []
    assert other.requeued()[1] == 900
    assert set(world.destination.times_sent.values()) == {1}


def test_an_expired_lease_is_taken_over_and_its_holder_commits_nothing_more() -> None:
    """The second run continues at the last save; the first one notices at its next save."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1, checkpoint_secs=-1)
    world.senders = ImmediateExecutor()
    work = world.put("a", *(call(number) for number in range(6)))
    other, reports = beside(world, later_secs=2000), list[ForwardReport]()
    while_sending(world, 3, lambda: reports.extend(other.forward(work)))
    (report,) = world.forward(work)
    assert [each.state for each in reports] == [ObjectState.DONE]
    assert sorted(other.destination.stored) == ["id-3", "id-4", "id-5"]
    assert (report.state, report.cause) == (ObjectState.REQUEUED, PendingCause.LEASE)
    assert report.why == "another run has taken this one over"
    assert world.saved(work).done


def test_the_open_file_of_the_run_before_is_emptied() -> None:
    """The first run has written its rejections and not saved. The second one rejects the same lines again."""
    world = MemoryWorld()
    world.progress.error, world.progress.failing = Unavailable("the table answers 500"), {"save"}
    work = world.put("a", b"broken", call(1), b"broken too")
    world.forward(work)
    world.progress.error = None
    assert [line for _, line, _ in world.quarantined()] == [1, 3]
    world.next_invocation()
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 1, None), (RejectionCode.LINE_NOT_JSON, 3, None)]
    assert sorted(len(list(file.entries)) for file in world.quarantine.files.values()) == [0, 2]


def test_a_run_without_a_record_is_taken_over_at_its_claim() -> None:
    """It was killed before its first save, so its claim says where to continue."""
    world = MemoryWorld()
    work = world.put("a", call(1), call(2))
    start = ProgressRecord(ReadOffset(SIZE, 1))
    world.set_claim(work, Claim(run="old", leased_until_secs=world.clock.now, day="2025/12/31", progress=start))
    (report,) = world.forward(work)
    assert (report.state, list(world.destination.stored)) == (ObjectState.DONE, ["id-2"])
    assert world.progress.runs["old"].taken
    assert world.progress.claims[work.source.state_id or ""].day == "2025/12/31"
    (file,) = world.quarantine.files.values()
    assert (file.run, file.day, file.start, file.entries, file.replaces) == ("old", "2025/12/31", SIZE, [], True)


@pytest.mark.parametrize("left_secs", [0.0, -1.0])
def test_a_lease_ends_at_its_last_second(left_secs: float) -> None:
    """One second earlier another run is still at work. Of claim and record the later end counts."""
    for claim_secs, record_secs in ((1.0, 0.0), (0.0, 1.0)):
        world = MemoryWorld()
        work = world.put("a", call(1))
        claim = Claim(run="old", leased_until_secs=world.clock.now + claim_secs)
        world.set_claim(work, claim, RunRecord(saves=1, leased_until_secs=world.clock.now + record_secs))
        assert world.forward(work)[0].state is ObjectState.REQUEUED
        world.clock.now += 1.0 - left_secs
        assert world.forward(work)[0].state is ObjectState.DONE


def test_a_finished_run_holds_nothing() -> None:
    """Its objects are continued at once, without marking it and without emptying a file."""
    world = MemoryWorld()
    work = world.put("a", call(1), call(2))
    reached = {work.source.state_hash: ProgressRecord(ReadOffset(SIZE, 1))}
    claim = Claim(run="old", leased_until_secs=world.clock.now + 900)
    world.set_claim(work, claim, RunRecord(saves=1, reached=dict(reached), finished=True))
    (report,) = world.forward(work)
    assert (report.state, list(world.destination.stored)) == (ObjectState.DONE, ["id-2"])
    assert not world.progress.runs["old"].taken
    assert world.quarantine.files == {}


def test_an_object_that_became_done_before_its_run_was_taken_is_done() -> None:
    """The run saves between the look and the take of the next one."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    done = RunRecord(saves=1, reached={work.source.state_hash: ProgressRecord(ReadOffset(SIZE, 1), done=True)})

    class LateSave(MemoryProgress):
        def look(self, run: str, *, within_secs: float) -> RunRecord | None:
            found = super().look(run, within_secs=within_secs)
            self.runs[run] = done
            return found

    world.progress = LateSave()
    world.set_claim(work, Claim(run="old"))
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE_BEFORE
    assert world.destination.batches == []


def test_of_two_runs_that_take_over_one_works() -> None:
    """The other one finds the claim of the first, and waits for its lease."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    new = Claim(run="new", leased_until_secs=world.clock.now + 50)

    class Overtaken(MemoryProgress):
        def take(self, run: str, *, within_secs: float) -> RunRecord:
            self.claims[work.source.state_id or ""] = new
            return super().take(run, within_secs=within_secs)

    world.progress = Overtaken()
    world.set_claim(work, Claim(run="old"))
    (report,) = world.forward(work)
    assert (report.state, report.cause) == (ObjectState.REQUEUED, PendingCause.LEASE)
    assert world.requeued()[1] == 50
    assert world.destination.batches == []


def test_a_run_that_stops_early_releases_its_objects() -> None:
    """The next run need not wait, even if no row was recorded."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.destination.always = fails(DestinationDenied("status 403: correct it"))
    work = world.put("a", call(1), call(2))
    (report,) = world.forward(work)
    assert (report.state, world.requeued()[1]) == (ObjectState.REQUEUED, 30)
    assert [record.finished for record in world.progress.saved] == [True]
    world.destination.always = None
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE


def test_an_object_may_be_claimed_while_the_record_is_examined() -> None:
    """A thread that reads ahead may still be at work when the run ends."""
    item = RunItem("run", 0.0)
    item.claimed = {str(number) for number in range(10)}
    done = ProgressRecord(done=True)

    class Growing(dict[str, ProgressRecord | None]):
        """The saved records; each look at them gives the other thread its turn."""

        def get(self, state: str, default: object = None) -> ProgressRecord | None:
            del default
            item.claimed.add(f"{state} and another")
            return done

    item.confirmed = Growing()
    assert item.is_done


def test_without_a_quarantine_there_is_no_file_to_empty() -> None:
    """The run that was killed had none either."""
    world = MemoryWorld()
    world.has_quarantine = False
    work = world.put("a", call(1))
    world.set_claim(work, Claim(run="old"))
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE


def test_a_slow_destination_takes_no_time_from_another() -> None:
    """Its slowest request is reserved for its own objects only, so that the other object is read."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.senders = ImmediateExecutor()
    world.clock = Clock(left_secs=100.0)
    fast = replace(world.routes[0], name="fast", prefix="churn/fast/", destination="fast", model_id="n")
    world.routes = (*world.routes, fast)

    def answer(batch: Batch) -> Receipt:
        world.clock.now += 60 if batch.ids == ["id-1"] else 0
        return world.destination.accept(batch)

    world.destination.always = answer
    reports = world.forward(world.put("a", call(1), call(2)), world.put("fast/b", call(3)))
    assert [report.state for report in reports] == [ObjectState.REQUEUED, ObjectState.DONE]
