"""Where the use case's rules begin and end: counts past one, last seconds, and what a second try must not lose."""

from collections import Counter

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import Bookmark, CaptureObject
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import (
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Receipt,
    RejectionCode,
    SkipReason,
    Unavailable,
)
from capture_forwarder.domain.events import BatchSent
from capture_forwarder.domain.progress import Position
from tests.captures import capture, csv_side, json_side
from tests.fakes import MemoryProgress
from tests.unit.test_forwarder import World, call, fails

ONE = csv_side("1")


def test_what_is_sent_again_goes_to_the_same_model() -> None:
    """The rows that were not settled, halved or not, keep their model."""
    world = World()
    models: list[str] = []

    def picky(batch: Batch) -> Receipt:
        models.append(batch.model_id)
        if len(batch.parcels) > 2:
            raise BatchTooLarge
        if len(models) == 2:
            return Receipt([RETRYABLE] * len(batch.parcels))
        return world.destination.accept(batch)

    world.destination.always = picky
    world.forward(world.put("a", *(call(number) for number in range(4))))
    assert models == ["m"] * 4
    assert len(world.destination.stored) == 4


def test_a_request_is_told_of_as_it_went() -> None:
    """Destination, rows, time and trouble of every request, for the log and the metrics."""
    world = World()

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 2
        if len(world.destination.batches) == 1:
            return Receipt([RETRYABLE] * len(batch.parcels))
        raise DestinationDenied("status 403: mend it")

    world.destination.always = slowly
    world.forward(world.put("a", call(1), call(2)))
    told = [event for event in world.watching.events if isinstance(event, BatchSent)]
    assert [(one.destination, one.inferences, one.latency_secs, one.trouble, one.denied) for one in told] == [
        ("fake", 2, 2.0, "2 of 2 rows are to be sent again", False),
        ("fake", 2, 2.0, "status 403: mend it", True),
    ]


def test_an_answer_of_another_length_says_both() -> None:
    """Rows sent and results received."""
    world = World()
    world.queue = None
    world.destination.always = lambda batch: Receipt(world.destination.accept(batch).results[:-1])
    (report,) = world.forward(world.put("a", call(1), call(2)))
    assert report.why == "1 results for 2 rows: none is settled"


@pytest.mark.parametrize("bad", ["id-0", "id-3"], ids=["the first half", "the second half"])
def test_trouble_of_either_half_closes_the_lane(bad: str) -> None:
    """What a split batch met is why its rows are owed."""
    world = World()
    world.queue = None

    def picky(batch: Batch) -> Receipt:
        if len(batch.parcels) > 2:
            raise BatchTooLarge
        if bad in [parcel.partner_inference_id for parcel in batch.parcels]:
            raise DestinationDenied("status 403: mend it")
        return world.destination.accept(batch)

    world.destination.always = picky
    (report,) = world.forward(world.put("a", *(call(number) for number in range(4))))
    assert (report.why, report.inferences.pending, report.inferences.accepted) == ("status 403: mend it", 2, 2)


def test_patience_ends_after_eight_tries() -> None:
    """Then the queue does the waiting."""
    world = World()
    world.destination.always = fails(DestinationUnavailable("status 503"))
    world.forward(world.put("a", call(1)))
    assert len(world.destination.batches) == 8
    assert len(world.clock.naps) == 7


def test_no_more_posts_are_out_at_once_than_configured() -> None:
    """With one post in flight the second waits for the first one's answer, and the lane closes between them."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 1
    world.destination.always = fails(DestinationDenied("status 403: mend it"))
    world.forward(world.put("a", *(call(number) for number in range(9))))
    assert len(world.destination.batches) == 1


def test_work_that_waits_for_a_lease_comes_back_a_second_after_it() -> None:
    """Not before, or it would find the lease again; counted as put back once more."""
    world = World()
    work = world.put("a", call(1))
    leased_until = world.clock.now + 100.0
    world.progress.positions[work.source.state_id or ""] = Position(bookmark=Bookmark(), leased_until=leased_until)
    world.forward(work)
    assert world.queue is not None
    ((again, delay),) = world.queue.messages
    assert (again.put_back, delay) == (1, 101)


def test_work_that_ran_out_of_time_is_not_put_back() -> None:
    """It goes on at once, and the next outage begins at the shortest delay."""
    world = World()
    world.clock.ends = world.clock.now
    world.forward(world.put("a", call(1)))
    assert world.queue is not None
    ((again, delay),) = world.queue.messages
    assert (again.put_back, delay) == (0, 0)


def test_a_compressed_object_goes_on_within_its_own_stream() -> None:
    """A bookmark right behind lines that owe nothing knows, too, that its offset counts what was inflated."""
    world = World()
    work = world.put("a", b"broken", call(1), call(2), compress=True)
    world.destination.always = fails(DestinationDenied("status 403: mend it"))
    world.forward(work)
    assert world.queue is not None
    ((again, _),) = world.queue.messages
    assert again.bookmark == Bookmark(len(b"broken\n"), 1, compressed=True)
    world.destination.always = None
    (report,) = world.forward(again)
    assert (report.state, sorted(world.destination.stored)) == (ObjectState.DONE, ["id-1", "id-2"])
    assert [line for _, line, _ in world.quarantined()] == [1]


def test_a_failed_checkpoint_loses_nothing_of_its_quarantine_file() -> None:
    """The file is written again under the same name when the run closes: with all that it held, and what came since."""
    world = World(BatchLimits(max_inferences=1), max_rejected_bytes=0)
    progress = world.progress

    class FailsTwice(MemoryProgress):
        def save(self, source: CaptureObject, position: Position, *, expected_fence: int) -> None:
            self.saves += 1
            if self.saves <= 2:
                raise Unavailable("the progress table answers 500")
            progress.save(source, position, expected_fence=expected_fence)

    world.progress = FailsTwice()
    work = world.put("a", b"broken 1", b"broken 2", call(1), b"broken 4")
    for _ in range(3):
        world.forward(work)
    assert {line for _, line, _ in world.quarantined()} == {1, 2, 4}


def test_every_count_counts_past_one() -> None:
    """Two of a kind are two: skipped lines, duplicates, rejected lines and rows."""
    world = World()
    shadow = capture(ONE, ONE, invocationSource="ShadowExperiment")
    rows = json_side([{"a": {"b": 1}, "a.b": 2}, {"a": {"b": 1}, "a.b": 2}])
    world.forward(world.put("before", call(1), call(2)))
    (report,) = world.forward(
        world.put("a", call(1), call(2), shadow, shadow, b"x", b"x", capture(rows, rows, inferenceId="i"))
    )
    assert report.lines == LineCounts(7, 3, Counter({RejectionCode.LINE_NOT_JSON: 2}), Counter({SkipReason.SHADOW: 2}))
    assert report.inferences == InferenceCounts(4, 0, 2, Counter({RejectionCode.AMBIGUOUS_NAME: 2}), 0)


def test_a_report_says_why_work_is_left() -> None:
    """Out of time before it, out of time within it, or somebody else at work."""
    world = World(BatchLimits(max_inferences=1))
    world.queue, world.max_in_flight = None, 1
    work = world.put("a", call(1), call(2), call(3))
    world.progress.positions[work.source.state_id or ""] = Position(leased_until=world.clock.now + 1)
    assert world.forward(work)[0].why == "another invocation is at work on it"
    world.clock.now += 1  # a lease ends at its last second, not after it

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 800
        return world.destination.accept(batch)

    world.destination.always = slowly
    assert world.forward(work)[0].why == "the invocation's time is used up"
    world.clock.ends = world.clock.now
    assert world.forward(work)[0].why == "the invocation's time was used up before it"
