"""Where the use case's rules begin and end: counts past one, last seconds, and what a second try must not lose."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    Receipt,
    RejectionCode,
    SkipReason,
    Unavailable,
)
from capture_forwarder.domain.notices import BatchSent
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.forward.reading import ReadLimits
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import MemoryProgress, MemoryStore
from tests.unit.test_forwarder import NO, ROUTE, World, answers, call, fails

ONE = csv_side("1")


def test_what_is_sent_again_goes_to_the_same_model() -> None:
    """The rows that were not settled, halved or not, keep their model."""
    world = World()
    models: list[str] = []

    def picky(batch: Batch) -> Receipt:
        models.append(batch.model_id)
        if len(batch.ids) > 2:
            raise BatchTooLarge
        if len(models) == 2:
            return Receipt([RETRYABLE] * len(batch.ids))
        return world.destination.accept(batch)

    world.destination.always = picky
    world.forward(world.put("a", *(call(number) for number in range(4))))
    assert models == ["m"] * 4
    assert len(world.destination.stored) == 4


def test_a_request_is_told_of_as_it_went() -> None:
    """Destination, rows, time and failure of every request, for the log and the metrics."""
    world = World()

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 2
        if len(world.destination.batches) == 1:
            return Receipt([RETRYABLE] * len(batch.ids))
        raise DestinationDenied("status 403: mend it")

    world.destination.always = slowly
    world.forward(world.put("a", call(1), call(2)))
    told = [event for event in world.watching.events if isinstance(event, BatchSent)]
    assert [(one.destination, one.inferences, one.latency_secs, one.error, one.denied) for one in told] == [
        ("fake", 2, 2.0, "2 of 2 rows are to be sent again", False),
        ("fake", 2, 2.0, "status 403: mend it", True),
    ]


def test_an_answer_of_another_length_says_both() -> None:
    """Rows sent and results received."""
    world = World()
    world.queue = None
    world.destination.always = lambda batch: Receipt(world.destination.accept(batch).results[:-1])
    (report,) = world.forward(world.put("a", call(1), call(2)))
    assert report.why == "1 results for 2 rows: none can be assigned"


@pytest.mark.parametrize("bad", ["id-0", "id-3"], ids=["the first half", "the second half"])
def test_trouble_of_either_half_closes_the_lane(bad: str) -> None:
    """What a split batch met is why its rows are owed."""
    world = World()
    world.queue = None

    def picky(batch: Batch) -> Receipt:
        if len(batch.ids) > 2:
            raise BatchTooLarge
        if bad in batch.ids:
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
    world.progress.positions[work.source.state_id or ""] = ProgressRecord(
        read_offset=ReadOffset(), leased_until=leased_until
    )
    world.forward(work)
    assert world.queue is not None
    ((again, delay),) = world.queue.messages
    assert (again.requeue_count, delay) == (1, 101)


def test_work_that_ran_out_of_time_is_not_put_back() -> None:
    """It goes on at once, and the next outage begins at the shortest delay."""
    world = World()
    world.clock.ends = world.clock.now
    world.forward(world.put("a", call(1)))
    assert world.queue is not None
    ((again, delay),) = world.queue.messages
    assert (again.requeue_count, delay) == (0, 0)


def test_a_compressed_object_goes_on_within_its_own_stream() -> None:
    """A read_offset right behind lines that owe nothing knows, too, that its offset counts what was inflated."""
    world = World()
    work = world.put("a", b"broken", call(1), call(2), compress=True)
    world.destination.always = fails(DestinationDenied("status 403: mend it"))
    world.forward(work)
    assert world.queue is not None
    ((again, _),) = world.queue.messages
    assert again.read_offset == ReadOffset(len(b"broken\n"), 1, compressed=True)
    world.destination.always = None
    (report,) = world.forward(again)
    assert (report.state, sorted(world.destination.stored)) == (ObjectState.DONE, ["id-1", "id-2"])
    assert [line for _, line, _ in world.quarantined()] == [1]


class DiesAtSaving(MemoryProgress):
    """Whoever writes dies before that is done."""

    def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
        """Fail."""
        raise Unavailable("gone")


@pytest.mark.parametrize("deaths", [1, 2])
def test_what_a_dead_run_quarantined_is_not_there_twice(deaths: int) -> None:
    """Who comes after it saves progress sooner, before anything was rejected, and dies or not: one file is written."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 1
    remembered, world.progress = world.progress, DiesAtSaving()
    world.queue = None
    work = world.put("a", call(0), call(1), b"broken", call(2), b"broken", call(3))
    world.forward(work)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 3, None), (RejectionCode.LINE_NOT_JSON, 5, None)]
    world.progress = remembered
    if deaths > 1:
        world.limits = ReadLimits(checkpoint_secs=-1)
        world.destination.script = [world.destination.accept]
        world.destination.always = fails(DestinationDenied("status 403: mend it"))
        world.forward(work)
        world.destination.always = None
        world.clock.now += 2000
        world.clock.ends += 4000
    world.limits = ReadLimits(checkpoint_secs=-1)
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 3, None), (RejectionCode.LINE_NOT_JSON, 5, None)]


def test_a_failed_checkpoint_loses_nothing_of_its_quarantine_file() -> None:
    """The file is written again under the same name when the run closes: with all that it held, and what came since."""
    world = World(BatchLimits(max_inferences=1), max_rejected_bytes=0)
    progress = world.progress

    class FailsTwice(MemoryProgress):
        def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
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
    world.progress.positions[work.source.state_id or ""] = ProgressRecord(leased_until=world.clock.now + 1)
    assert world.forward(work)[0].why == "another invocation is at work on it"
    world.clock.now += 1  # a lease ends at its last second, not after it

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 800
        return world.destination.accept(batch)

    world.destination.always = slowly
    assert world.forward(work)[0].why == "the invocation's time is used up"
    world.clock.ends = world.clock.now
    assert world.forward(work)[0].why == "the invocation's time is used up"


def test_events_of_two_objects_that_name_no_state_are_two() -> None:
    """What names no state is told apart by its place, not taken for a twin."""
    world = World()
    world.put("a", call(1))
    world.put("b", call(2))
    world.forward(Work(CaptureObject("captures", "churn/a")), Work(CaptureObject("captures", "churn/b")))
    assert sorted(world.destination.stored) == ["id-1", "id-2"]


def test_what_is_refused_of_an_unsettled_line_waits_with_it() -> None:
    """The line is read again and would be in quarantine twice; in order of its rows, once it is settled."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 1
    rows = json_side([{"a": 1}, {"a": {"b": 1}, "a.b": 2}, {"a": 3}])
    line = capture(rows, csv_side("1\n2\n3"), inferenceId="id")
    work = world.put("a", call(1), line)
    world.destination.script = [world.destination.accept, answers(NO)]
    world.destination.always = fails(DestinationDenied("status 403: mend it"))
    world.forward(work)
    assert world.quarantined() == []
    read_offset = ReadOffset(len(call(1)) + 1, 1)
    position = ProgressRecord(read_offset=read_offset, accepted=1, rejected=2, quarantined_up_to=0)
    assert world.progress.positions[work.source.state_id or ""] == position
    world.destination.script, world.destination.always = [answers(NO)], None
    (report,) = world.forward(work)
    assert report.inferences.accepted == 1
    assert world.quarantined() == [
        (RejectionCode.REFUSED_BY_DESTINATION, 2, 0),
        (RejectionCode.AMBIGUOUS_NAME, 2, 1),
    ]


def test_an_object_of_which_nothing_is_read_has_no_times() -> None:
    """Neither in its report nor in quarantine."""
    world = World()
    (report,) = world.forward(Work(CaptureObject("captures", "churn/gone", etag="x")))
    assert (report.newest_inference, report.state) == (None, ObjectState.REJECTED)
    assert world.quarantine is not None
    assert [file.modified for file in world.quarantine.files.values()] == [None]


class Remembering(MemoryProgress):
    """Remembers every position that was saved."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[ProgressRecord] = []

    def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
        """Remember `position`, as progress and here."""
        self.saved.append(position)
        super().save(source, position, expected_fence=expected_fence)


@pytest.mark.parametrize(("secs", "most"), [(0, 0), (4, 13)])
def test_progress_is_saved_in_the_middle_when_it_is_time_and_not_before(secs: int, most: int) -> None:
    """Thirty posts of four seconds, saved every ten; however many posts, if no time passes."""
    world = World(BatchLimits(max_inferences=1), checkpoint_secs=10)
    world.max_in_flight = 1
    world.progress = progress = Remembering()

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += secs
        return world.destination.accept(batch)

    world.destination.always = slowly
    world.forward(world.put("a", *(call(number) for number in range(30))))
    assert most // 2 <= len(progress.saved) - 1 <= most
    assert [position.done for position in progress.saved] == [False] * (len(progress.saved) - 1) + [True]
    assert [position.fence for position in progress.saved] == [int(bool(secs))] * len(progress.saved)


FAST = Route(
    name="r",
    bucket="captures",
    prefix="churn/",
    destination="fake",
    model_id="m",
    schema=ModelSchema(
        (
            Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
            Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    ),
)


@pytest.mark.parametrize("chunk_bytes", [7, 65_536])
@pytest.mark.parametrize("route", [ROUTE, FAST], ids=["plain", "fast"])
def test_the_books_are_the_same_on_either_path(route: Route, chunk_bytes: int) -> None:
    """Counts, the newest time, what was sent, and where in the object it stood that was refused."""
    world = World(route=route)
    world.store = MemoryStore(chunk_bytes)
    sent: list[dict[str, Any]] = []

    def all_but_one(batch: Batch) -> Receipt:
        sent.extend(json.loads(batch.body))
        return Receipt([NO if row["partner_inference_id"] == "id-2_2" else ACCEPTED for row in sent])

    world.destination.always = all_but_one
    lines = [call(1, rows=2), b"broken", call(2, rows=3), call(3)]
    work = world.put("a", *lines)
    (report,) = world.forward(work)
    assert report.lines == LineCounts(4, 3, Counter({RejectionCode.LINE_NOT_JSON: 1}))
    assert report.inferences == InferenceCounts(6, 5, 0, Counter({RejectionCode.REFUSED_BY_DESTINATION: 1}), 0)
    moment = datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)
    assert report.newest_inference == moment
    assert {datetime.fromisoformat(row["inference_timestamp"]) for row in sent} == {moment}
    ids = ["id-1_0", "id-1_1", "id-2_0", "id-2_1", "id-2_2", "id-3"]
    assert [row["partner_inference_id"] for row in sent] == ids
    assert [list(row["inference_data"].values()) for row in sent] == [[0, 0], [1, 1], [0, 0], [1, 1], [2, 2], [0, 0]]
    assert world.quarantine is not None
    (file,) = world.quarantine.files.values()
    starts = [sum(len(line) + 1 for line in lines[:place]) for place in range(5)]
    assert [(one.line, one.offset, one.index, one.data) for one in file.entries] == [
        (2, starts[1], None, lines[1]),
        (3, starts[2], 2, lines[2]),
    ]
    assert world.progress.positions[work.source.state_id or ""].read_offset == ReadOffset(starts[4], 4)


@pytest.mark.parametrize("route", [ROUTE, FAST], ids=["plain", "fast"])
def test_on_either_path_a_compressed_object_goes_on_where_it_stopped(route: Route) -> None:
    """The read_offset counts what was inflated, and says so."""
    world = World(BatchLimits(max_inferences=1), route=route)
    world.max_in_flight = 1
    work = world.put("a", *(call(number) for number in range(4)), compress=True)
    world.destination.script = [world.destination.accept]
    world.destination.always = fails(DestinationDenied("status 403: mend it"))
    world.forward(work)
    assert world.queue is not None
    ((again, _),) = world.queue.messages
    assert again.read_offset == ReadOffset(len(call(0)) + 1, 1, compressed=True)
    world.destination.always = None
    (report,) = world.forward(again)
    assert (report.state, len(world.destination.stored)) == (ObjectState.DONE, 4)


@pytest.mark.parametrize("route", [ROUTE, FAST], ids=["plain", "fast"])
def test_on_either_path_a_refusal_finds_its_line_wherever_batches_are_cut(route: Route) -> None:
    """Lines that were read together travel in several requests."""
    world = World(BatchLimits(max_inferences=3), route=route)
    world.store = MemoryStore(chunk_bytes=65_536)
    refused = {"id-3", "id-4_1", "id-6"}
    world.destination.always = lambda batch: Receipt([NO if one in refused else ACCEPTED for one in batch.ids])
    lines = [call(number, rows=2 if number in (4, 5) else 1) for number in range(8)]
    world.forward(world.put("a", *lines))
    assert world.quarantine is not None
    (file,) = world.quarantine.files.values()
    assert [(one.line, one.index, one.partner_inference_id, one.data) for one in file.entries] == [
        (4, 0, "id-3", lines[3]),
        (5, 1, "id-4_1", lines[4]),
        (7, 0, "id-6", lines[6]),
    ]


@pytest.mark.parametrize("route", [ROUTE, FAST], ids=["plain", "fast"])
def test_on_either_path_progress_stops_at_the_first_row_that_is_owed(route: Route) -> None:
    """Of one request some rows are taken, one was there, one is refused and one never answered for: to the line."""
    world = World(route=route)
    told = {"id-0": DUPLICATE, "id-1_1": NO, "id-3": RETRYABLE}
    world.destination.always = lambda batch: Receipt([told.get(one, ACCEPTED) for one in batch.ids])
    lines = [call(0), call(1, rows=2), call(2), call(3), call(4)]
    work = world.put("a", *lines)
    (report,) = world.forward(work)
    refused = Counter({RejectionCode.REFUSED_BY_DESTINATION: 1})
    assert report.inferences == InferenceCounts(6, 3, 1, refused, pending=1)
    behind = sum(len(line) + 1 for line in lines[:3])
    assert world.progress.positions[work.source.state_id or ""].read_offset == ReadOffset(behind, 3)
    assert world.quarantine is not None
    (file,) = world.quarantine.files.values()
    assert [(one.line, one.index, one.partner_inference_id) for one in file.entries] == [(2, 1, "id-1_1")]


@pytest.mark.parametrize("route", [ROUTE, FAST], ids=["plain", "fast"])
def test_on_either_path_reading_ends_when_the_time_does(route: Route) -> None:
    """A line of several rows that began a post is followed by a look at the clock, whichever row it was."""
    world = World(BatchLimits(max_inferences=4), route=route)
    world.max_in_flight = 1

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 200
        return world.destination.accept(batch)

    world.destination.always = slowly
    (report,) = world.forward(world.put("a", *(call(number, rows=3) for number in range(100))))
    assert report.lines.read <= 12
    assert world.queue is not None
    ((again, delay),) = world.queue.messages
    assert (again.requeue_count, delay) == (0, 0), "it ran into a closed lane instead"


def test_what_a_truncated_object_lost_is_in_quarantine() -> None:
    """What came before the break arrives; the last thing of it is no line: it stands where a whole object's end does."""
    world = World()
    whole = world.put("a", call(1), compress=True)
    place = (whole.source.bucket, whole.source.key)
    cut = world.store.objects[place][:-4]
    world.store.objects[place] = cut
    (report,) = world.forward(Work(CaptureObject(*place, etag=f"etag-{hash(cut)}")))
    assert (report.state, report.complete, report.unquarantined) == (ObjectState.DONE, True, 0)
    assert list(world.destination.stored) == ["id-1"]
    assert world.quarantined() == [(RejectionCode.OBJECT_TRUNCATED, 2, None)]


def test_an_object_without_rejections_has_no_quarantine_file() -> None:
    """What is there is there to be looked at."""
    world = World()
    world.forward(world.put("a", call(1)))
    assert world.quarantine is not None
    assert world.quarantine.files == {}


def test_a_rejected_object_without_a_quarantine_keeps_its_message() -> None:
    """As one of its lines would."""
    world = World()
    world.quarantine = None
    (report,) = world.forward(Work(CaptureObject("captures", "churn/gone", etag="x")))
    assert (report.state, report.complete, report.unquarantined) == (ObjectState.REJECTED, False, 1)
