"""The use case on ports that live in memory: nothing is lost, and the books always balance."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchTooLarge,
    DestinationDenied,
    DestinationUnavailable,
    LeaseLost,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
    SkipReason,
    SourceUnavailable,
    Unavailable,
)
from capture_forwarder.domain.notices import BatchSent, ObjectForwarded
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Route, Router
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.forward.committing import ObjectCommitter
from capture_forwarder.forward.forwarder import Forwarder
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.kinds.captures.decoder import CaptureKind
from tests.support.captures import capture, csv_side
from tests.support.fakes import (
    Clock,
    Crowd,
    MemoryProgress,
    MemoryQuarantine,
    MemoryQueue,
    MemoryStore,
    RecordingDestination,
    Watching,
    a_run,
    target,
)

ROUTE = Route(name="churn", bucket="captures", prefix="churn/", destination="fake", model_id="m")
NO = RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400: no"))


class World:
    """One forwarder and everything around it."""

    def __init__(self, limits: BatchLimits | None = None, route: Route = ROUTE, **reading: float) -> None:
        self.store = MemoryStore()
        self.destination = RecordingDestination(limits)
        self.progress = MemoryProgress()
        self.quarantine: MemoryQuarantine | None = MemoryQuarantine()
        self.queue: MemoryQueue | None = MemoryQueue()
        self.watching = Watching()
        self.clock = Clock()
        self.max_in_flight = 8
        self.limits = ReadLimits(**reading)  # type: ignore[arg-type]  # each test names the one that it is about
        self.routes: tuple[Route, ...] = (route,)

    def put(self, key: str, *lines: bytes, compress: bool = False) -> Work:
        """Store an object below the route and return the work that its event asks for."""
        return Work(self.store.put(f"churn/{key}", *lines, compress=compress))

    def forward(self, *works: Work) -> list[ForwardReport]:
        """Forward `works` in one run, and check the books of every report."""
        with ThreadPoolExecutor(8) as executor:
            forwarder = Forwarder(
                routes=Router(self.routes),
                store=self.store,
                readers=executor,
                targets={"fake": target(self.destination, max_in_flight=self.max_in_flight, executor=executor)},
                kind=CaptureKind(),
                committer=ObjectCommitter(self.progress, self.quarantine, self.queue),
                limits=self.limits,
            )
            reports = forwarder.forward(works, a_run(self.clock, self.watching))
        assert all(report.balanced for report in reports)
        return reports

    def quarantined(self) -> list[tuple[RejectionCode, int, int | None]]:
        """Return code, line and row of everything in quarantine."""
        assert self.quarantine is not None
        return [(one.code, one.line, one.index) for file in self.quarantine.files.values() for one in file.entries]


def call(number: int, rows: int = 1) -> bytes:
    """Return the capture of one call, named after `number`."""
    text = "\n".join(str(row) for row in range(rows))
    return capture(csv_side(text), csv_side(text), inferenceId=f"id-{number}")


def answers(*results: RowResult) -> Callable[[Batch], Receipt]:
    """Return a script that answers with `results` whatever is sent."""
    return lambda _: Receipt(list(results))


def fails(error: Exception) -> Callable[[Batch], Receipt]:
    """Return a script that raises."""

    def fail(_: Batch) -> Receipt:
        raise error

    return fail


def test_every_inference_arrives_and_every_line_is_counted() -> None:
    """Good lines are delivered, bad ones are in quarantine, skipped ones are counted: read = decoded + both."""
    world = World()
    shadow = capture(csv_side("1"), csv_side("1"), invocationSource="ShadowExperiment")
    (report,) = world.forward(world.put("a", call(1), b"broken", call(2, rows=3), shadow, b""))
    assert report.state is ObjectState.DONE
    assert report.complete
    assert (report.lines.read, report.lines.decoded) == (5, 2)
    assert report.lines.rejected == Counter({RejectionCode.LINE_NOT_JSON: 1})
    assert report.lines.skipped == Counter({SkipReason.SHADOW: 1, SkipReason.BLANK_LINE: 1})
    assert (report.inferences.made, report.inferences.accepted, report.inferences.pending) == (4, 4, 0)
    assert sorted(world.destination.stored) == ["id-1", "id-2_0", "id-2_1", "id-2_2"]
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_objects_of_one_run_share_batches() -> None:
    """Ten small objects of one model make one request, not ten."""
    world = World()
    reports = world.forward(*(world.put(f"o{number}", call(number)) for number in range(10)))
    assert [report.inferences.accepted for report in reports] == [1] * 10
    assert [len(batch) for batch in world.destination.batches] == [10]


def test_routes_to_one_model_share_batches_and_others_do_not() -> None:
    """A batch belongs to one model of one destination, whatever route its inferences came by."""
    world = World()
    other = Route(name="other", bucket="captures", prefix="churn/other/", destination="fake", model_id="m")
    third = Route(name="third", bucket="captures", prefix="churn/third/", destination="fake", model_id="n")
    world.routes = (ROUTE, other, third)
    world.forward(world.put("a", call(1)), world.put("other/a", call(2)), world.put("third/a", call(3)))
    assert sorted(world.destination.batches) == [["id-1", "id-2"], ["id-3"]]


def test_an_object_without_a_route_is_reported_not_read() -> None:
    """What no route covers is a counted outcome, no error."""
    world = World()
    (report,) = world.forward(Work(world.store.put("elsewhere/a", call(1))))
    assert report.state is ObjectState.UNROUTED
    assert report.complete
    assert world.store.reads == []


def test_a_the_trouble_of_one_object_touches_no_other() -> None:
    """Scenario A: a missing and a forbidden object in a batch; the others are delivered and only these are not done."""
    world = World()
    world.queue = None
    forbidden = world.put("forbidden", call(1))
    world.store.failure["churn/forbidden"] = SourceUnavailable("AccessDenied; allow s3:GetObject")
    gone = Work(CaptureObject("captures", "churn/gone", etag="x"))
    reports = world.forward(world.put("a", call(2)), forbidden, gone, world.put("b", call(3)))
    assert [report.state for report in reports] == [
        ObjectState.DONE,
        ObjectState.PENDING,
        ObjectState.REJECTED,
        ObjectState.DONE,
    ]
    assert [report.complete for report in reports] == [True, False, True, True]
    assert "s3:GetObject" in (reports[1].why or "")
    assert sorted(world.destination.stored) == ["id-2", "id-3"]
    assert world.quarantined() == [(RejectionCode.OBJECT_GONE, 0, None)]


def test_a_bug_fails_its_own_object_only() -> None:
    """An exception that nobody expected leaves the object failed and not handed over, its neighbours delivered."""
    world = World()
    broken = world.put("broken", call(1))
    world.store.failure["churn/broken"] = ZeroDivisionError("captured data")
    reports = world.forward(broken, world.put("a", call(2)))
    assert [report.state for report in reports] == [ObjectState.FAILED, ObjectState.DONE]
    assert not reports[0].complete
    assert reports[0].why == "unexpected ZeroDivisionError after 0 lines"
    assert world.queue is not None
    assert world.queue.messages == []


def test_a_bug_in_posting_leaves_its_rows_owed() -> None:
    """Rows whose post died of an unexpected exception are pending, not gone."""
    world = World()
    world.queue = None
    world.destination.script = [fails(ZeroDivisionError("captured data"))]
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.inferences.pending) == (ObjectState.PENDING, 1)
    assert report.why == "sending failed with ZeroDivisionError"


def test_d_what_the_destination_refuses_is_in_quarantine() -> None:
    """Scenario D: every row is refused; none is dropped, and the message is settled because they are kept."""
    world = World()
    world.destination.always = answers(NO, NO)
    (report,) = world.forward(world.put("a", call(1, rows=2)))
    assert report.complete
    assert report.inferences.rejected == Counter({RejectionCode.REFUSED_BY_DESTINATION: 2})
    assert world.quarantined() == [
        (RejectionCode.REFUSED_BY_DESTINATION, 1, 0),
        (RejectionCode.REFUSED_BY_DESTINATION, 1, 1),
    ]
    assert world.quarantine is not None
    entries = [entry for file in world.quarantine.files.values() for entry in file.entries]
    assert {entry.partner_inference_id for entry in entries} == {"id-1_0", "id-1_1"}
    assert {entry.data for entry in entries} == {call(1, rows=2)}


def test_a_route_may_keep_payloads_out_of_quarantine() -> None:
    """With `quarantine_payload = false` a rejection is kept without the captured line."""
    world = World(
        route=Route(name="r", bucket="captures", prefix="", destination="fake", model_id="m", quarantine_payload=False)
    )
    world.forward(world.put("a", b"broken"))
    assert world.quarantine is not None
    assert [entry.data for file in world.quarantine.files.values() for entry in file.entries] == [None]


def test_without_a_quarantine_rejections_keep_the_message() -> None:
    """Nothing that was refused may be forgotten while there is nowhere to keep it."""
    world = World()
    world.quarantine = None
    (report,) = world.forward(world.put("a", call(1), b"broken"))
    assert report.state is ObjectState.DONE
    assert report.unquarantined == 1
    assert not report.complete
    assert world.progress.saves == 0


def test_rows_that_failed_are_sent_again_alone() -> None:
    """A row-level 5xx costs one more request with only those rows."""
    world = World()
    world.destination.script = [answers(ACCEPTED, RETRYABLE, ACCEPTED)]
    (report,) = world.forward(world.put("a", call(1, rows=3)))
    assert report.inferences.accepted == 3
    assert world.destination.batches == [["id-1_0", "id-1_1", "id-1_2"], ["id-1_1"]]


@pytest.mark.parametrize("results", [(), (ACCEPTED,), (ACCEPTED,) * 3])
def test_an_answer_with_another_number_of_results_settles_nothing(results: tuple[RowResult, ...]) -> None:
    """Which row a result speaks of cannot be told, so all rows are sent again."""
    world = World()
    world.destination.script = [answers(*results)]
    (report,) = world.forward(world.put("a", call(1, rows=2)))
    assert report.inferences.accepted == 2
    assert world.destination.batches == [["id-1_0", "id-1_1"]] * 2


def test_a_batch_that_is_too_large_is_halved() -> None:
    """Halves go on until they pass; a row that alone is too large is a rejection, the others arrive."""
    world = World()

    def small_only(batch: Batch) -> Receipt:
        ids = batch.ids
        if len(ids) > 2 or "id-1_3" in ids:
            raise BatchTooLarge
        return world.destination.accept(batch)

    world.destination.always = small_only
    (report,) = world.forward(world.put("a", call(1, rows=8)))
    assert report.inferences.accepted == 7
    assert world.quarantined() == [(RejectionCode.INFERENCE_TOO_LARGE, 1, 3)]


def test_retries_back_off_with_jitter_and_honour_what_was_asked() -> None:
    """Waits double from the base; a destination that asks for more is given more."""
    world = World()
    failure = DestinationUnavailable("status 503")
    asked = DestinationUnavailable("status 429", retry_after_secs=7.0)
    world.destination.script = [fails(failure), fails(failure), fails(asked), fails(failure)]
    (report,) = world.forward(world.put("a", call(1)))
    assert report.inferences.accepted == 1
    assert world.clock.naps == [0.1, 0.2, 7.0, 0.8]
    sent = [event for event in world.watching.events if isinstance(event, BatchSent)]
    assert [event.error for event in sent] == ["status 503", "status 503", "status 429", "status 503", None]


def test_e_an_outage_costs_one_message_an_object_and_no_more() -> None:
    """Scenario E: the API is down for a whole run; each object is put back once, with a delay, and nothing is lost."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 2
    world.destination.always = fails(DestinationUnavailable("status 500"))
    works = [world.put(f"o{number}", *(call(10 * number + line) for line in range(5))) for number in range(10)]
    reports = world.forward(*works)
    assert {report.state for report in reports} == {ObjectState.REQUEUED}
    assert all(report.complete for report in reports)
    assert world.queue is not None
    assert sorted((work.source.key, work.requeue_count, delay) for work, delay in world.queue.messages) == [
        (work.source.key, 1, 30) for work in works
    ]
    world.destination.always = None
    world.clock = Clock()
    again = world.forward(*(work for work, _ in world.queue.messages))
    assert {report.state for report in again} == {ObjectState.DONE}
    assert len(world.destination.stored) == 50


def test_putting_back_waits_longer_every_time() -> None:
    """The delay doubles up to the queue's longest."""
    world = World()
    world.destination.always = fails(DestinationDenied("status 401: mend the token"))
    assert world.queue is not None
    work = world.put("a", call(1))
    for _ in range(7):
        world.forward(work)
        work = world.queue.messages[-1][0]
    assert [delay for _, delay in world.queue.messages] == [30, 60, 120, 240, 480, 900, 900]


def test_a_denial_closes_the_lane_at_once() -> None:
    """After 401, 403 or 404 nothing more is posted in this run; all is still owed and the report says what to mend."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 1
    world.destination.always = fails(DestinationDenied("status 403: give the token the permission"))
    reports = world.forward(world.put("a", *(call(number) for number in range(50))), world.put("b", call(99)))
    assert len(world.destination.batches) <= 3
    assert world.clock.naps == []
    assert all("permission" in (report.why or "") for report in reports)
    assert {report.state for report in reports} == {ObjectState.REQUEUED}


def test_a_queue_that_fails_leaves_the_message_owed() -> None:
    """If the continuation cannot be sent the original message must not succeed."""
    world = World()
    world.destination.always = fails(DestinationUnavailable("status 500"))
    assert world.queue is not None
    world.queue.failure = Unavailable("the queue answers 500")
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.why, report.complete) == (ObjectState.PENDING, "the queue answers 500", False)


def test_a_redelivered_object_costs_one_read_and_sends_nothing() -> None:
    """Progress remembers what is done."""
    world = World()
    work = world.put("a", call(1))
    world.forward(work)
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.DONE_BEFORE, True)
    assert world.destination.times_sent == {"id-1": 1}
    assert (world.progress.loads, world.progress.saves, len(world.store.reads)) == (2, 1, 1)


def test_two_events_for_one_object_in_one_run_forward_it_once() -> None:
    """S3 delivers events at least once; twins share one report."""
    world = World()
    work = world.put("a", call(1))
    reports = world.forward(work, work)
    assert [report.state for report in reports] == [ObjectState.DONE] * 2
    assert world.destination.times_sent == {"id-1": 1}


def test_events_that_name_no_state_are_forwarded_each() -> None:
    """Without version and etag nothing tells one state from another, so nothing is taken for done."""
    world = World()
    world.put("a", call(1))
    work = Work(CaptureObject("captures", "churn/a"))
    world.forward(work)
    (report,) = world.forward(work)
    assert report.inferences.duplicate == 1


def test_an_overwritten_object_is_left_to_its_own_event() -> None:
    """The state that the event spoke of is gone; the newer one has an event of its own."""
    world = World()
    stale = world.put("a", call(1))
    fresh = world.put("a", call(2))
    reports = world.forward(stale, fresh)
    assert [report.state for report in reports] == [ObjectState.SUPERSEDED, ObjectState.DONE]
    assert list(world.destination.stored) == ["id-2"]


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_q_time_runs_out_and_the_rest_is_continued_without_repeats(compress: bool) -> None:  # noqa: FBT001 - a parametrised case
    """Scenario Q: reading stops in time, what is out settles, and a continuation goes on at the first unsettled byte."""
    world = World(BatchLimits(max_inferences=10))
    slow = world.destination.accept

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 30
        return slow(batch)

    world.destination.always = slowly
    world.max_in_flight = 1
    work = world.put("a", *(call(number) for number in range(1000)), compress=compress)
    assert world.queue is not None
    states: list[ObjectState] = []
    for _ in range(20):
        (report,) = world.forward(work)
        states.append(report.state)
        assert report.complete
        assert report.inferences.pending == 0
        if report.state is ObjectState.DONE:
            break
        work, delay = world.queue.messages[-1]
        assert delay == 0
        assert work.read_offset.compressed is compress
        world.clock = Clock()
    assert states[:-1] == [ObjectState.REQUEUED] * (len(states) - 1)
    assert len(states) > 2
    assert len(world.destination.stored) == 1000
    assert set(world.destination.times_sent.values()) == {1}
    assert all(start == 0 for _, start in world.store.reads) is compress


def test_without_a_table_the_message_itself_says_where_to_go_on() -> None:
    """The offset in the message is a hint: it counts only where the table knows nothing."""
    world = World()
    lines = [call(number) for number in range(3)]
    work = world.put("a", *lines)
    at = ReadOffset(len(lines[0]) + 1, 1)
    world.forward(Work(work.source, at))
    assert list(world.destination.stored) == ["id-1", "id-2"]
    world.progress.positions[work.source.state_id or ""] = ProgressRecord(read_offset=ReadOffset(2 * at.offset, 2))
    world.forward(Work(work.source, at))
    assert world.destination.times_sent == {"id-1": 1, "id-2": 2}


def test_no_time_at_all_puts_everything_back_unread() -> None:
    """An invocation whose time is used up reads nothing more."""
    world = World()
    world.clock = Clock(left_secs=0)
    (report,) = world.forward(world.put("a", call(1)))
    assert report.state is ObjectState.REQUEUED
    assert world.store.reads == []


def test_progress_that_cannot_be_read_leaves_everything_owed() -> None:
    """Without knowing what is done nothing is sent, and nothing is forgotten."""

    class Down(MemoryProgress):
        def load(self, sources: object) -> dict[str, ProgressRecord]:
            raise Unavailable("the progress table answers AccessDenied")

    world = World()
    world.progress = Down()
    world.queue = None
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.complete) == (ObjectState.PENDING, False)
    assert report.why == "the progress table answers AccessDenied"
    assert world.destination.batches == []


def test_quarantine_is_written_before_progress() -> None:
    """A rejection that could not be kept keeps the object from being done."""
    world = World()
    assert world.quarantine is not None
    world.quarantine.failure = Unavailable("the quarantine bucket answers AccessDenied")
    world.queue = None
    work = world.put("a", call(1), b"broken")
    (report,) = world.forward(work)
    assert (report.state, report.complete, world.progress.saves) == (ObjectState.PENDING, False, 0)
    world.quarantine.failure = None
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.DONE, True)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_a_retry_overwrites_its_quarantine_instead_of_adding() -> None:
    """A run that died after quarantine and before progress begins where it began; its file takes the old one's place."""
    world = World()

    class Forgetful(MemoryProgress):
        def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
            raise Unavailable("lost")

    keeps, world.progress = world.progress, Forgetful()
    work = world.put("a", b"broken", call(1), b"broken too")
    world.forward(work)
    world.progress = keeps
    world.forward(work)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 1, None), (RejectionCode.LINE_NOT_JSON, 3, None)]


def test_many_rejections_are_kept_in_pieces_that_fit_into_memory() -> None:
    """A file of nothing but broken lines is quarantined as it is read, under names that follow each other."""
    world = World(max_rejected_bytes=100)
    (report,) = world.forward(world.put("a", *(b"broken %03d" % number for number in range(100))))
    assert report.complete
    assert world.quarantine is not None
    assert len(world.quarantine.files) > 5
    assert sorted(line for _, line, _ in world.quarantined()) == list(range(1, 101))


def test_an_object_that_takes_long_is_held_by_a_lease() -> None:
    """The second checkpoint takes a lease; whoever comes meanwhile leaves the object alone and comes again later."""
    world = World(BatchLimits(max_inferences=1), checkpoint_secs=10)
    world.max_in_flight = 1
    work = world.put("a", *(call(number) for number in range(30)))
    others: list[ForwardReport] = []

    def slowly(batch: Batch) -> Receipt:
        world.clock.now += 4
        if len(world.destination.stored) == 15 and not others:
            other = World()
            other.store, other.progress, other.clock = world.store, world.progress, world.clock
            others.extend(other.forward(work))
            assert other.destination.batches == []
            assert other.queue is not None
            assert other.queue.messages[0][1] > 600
        return world.destination.accept(batch)

    world.destination.always = slowly
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    assert [other.state for other in others] == [ObjectState.REQUEUED]
    position = world.progress.positions[work.source.state_id or ""]
    assert (position.done, position.fence, position.leased_until) == (True, 1, 0.0)
    assert position.read_offset.lines == 30


def test_a_dead_holder_is_taken_over_and_cannot_write_any_more() -> None:
    """After its lease a dead holder's work goes on from its last checkpoint; its own late writing is refused."""
    world = World(BatchLimits(max_inferences=1), checkpoint_secs=1)
    world.max_in_flight = 1
    work = world.put("a", *(call(number) for number in range(20)))
    taken: list[ForwardReport] = []

    def overtaken(batch: Batch) -> Receipt:
        world.clock.now += 2
        if len(world.destination.stored) == 10 and not taken:
            held = world.progress.positions[work.source.state_id or ""]
            other = World(checkpoint_secs=-1)
            other.store, other.progress = world.store, world.progress
            other.clock = Clock()
            other.clock.now = held.leased_until + 1
            other.clock.ends = other.clock.now + 900
            taken.extend(other.forward(work))
            assert other.destination.stored
        return world.destination.accept(batch)

    world.destination.always = overtaken
    (report,) = world.forward(work)
    assert [one.state for one in taken] == [ObjectState.DONE]
    assert report.state is ObjectState.REQUEUED
    assert "taken over" in (report.why or "")
    assert world.progress.positions[work.source.state_id or ""].done


def test_a_holder_that_was_taken_over_in_one_go_cannot_undo_it() -> None:
    """The successor of a lease that ran out raises the fence even where it needs no lease of its own."""
    world = World()
    work = world.put("a", call(1))
    state = work.source.state_id or ""
    held = ProgressRecord(fence=1, leased_until=world.clock.now - 1)
    world.progress.positions[state] = held
    (report,) = world.forward(work)
    assert report.state is ObjectState.DONE
    with pytest.raises(LeaseLost):
        world.progress.save(work.source, ProgressRecord(fence=1, leased_until=9e9), expected_fence=held.fence)
    assert world.progress.positions[state].done


def test_without_a_quarantine_nothing_is_handed_over_that_was_rejected() -> None:
    """The message keeps what nobody else keeps; a continuation beside it would only multiply the work."""
    world = World(BatchLimits(max_inferences=1))
    world.quarantine = None
    world.destination.always = fails(DestinationUnavailable("status 500"))
    (report,) = world.forward(world.put("a", b"broken", call(1)))
    assert (report.state, report.complete) == (ObjectState.PENDING, False)
    assert world.queue is not None
    assert world.queue.messages == []


def test_after_a_lane_is_closed_no_other_object_is_read_for_it() -> None:
    """What cannot be sent now need not be read now; nobody knows how large an object without a size is."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 1
    world.destination.always = fails(DestinationDenied("status 404: correct the model_id"))
    other = world.put("b", call(4))
    too_large_to_be_read_ahead = replace(other, source=replace(other.source, size=None))
    world.forward(world.put("a", call(1), call(2), call(3)), too_large_to_be_read_ahead)
    assert [key for key, _ in world.store.reads] == ["churn/a"]


@pytest.mark.parametrize("from_model", [False, True])
def test_an_object_that_settles_in_one_go_writes_once(from_model: bool) -> None:  # noqa: FBT001 - a parametrised case
    """No lease, no second write, on the plain path and on the fast one."""
    world = World(route=replace(ROUTE, schema_from_model=from_model))
    world.destination.model_schema = ModelSchema(
        (
            Attribute("in", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
            Attribute("out", Stage.PREDICTED_VALUE, ValueType.INTEGER, 0),
        )
    )
    world.forward(world.put("a", *(call(number) for number in range(5))))
    assert (len(world.destination.stored), world.progress.saves) == (5, 1)


def test_a_settled_line_is_not_held_in_memory() -> None:
    """However large an object is, only lines that are still owed are kept, be they skipped or delivered."""
    world = World(BatchLimits(max_inferences=1))
    world.store = MemoryStore(chunk_bytes=65_536)
    world.max_in_flight = 1
    padding = {"x": "y" * 65_536}
    shadow = capture(csv_side("1"), csv_side("1"), invocationSource="ShadowExperiment", **padding)
    taken = capture(csv_side("1"), csv_side("1"), **padding)
    work = world.put("a", *[shadow] * 200, *[taken] * 200)
    tracemalloc.start()
    (report,) = world.forward(work)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (report.lines.skipped.total(), report.inferences.made) == (200, 200)
    assert peak < 4_000_000


def test_lines_that_owe_nothing_take_no_memory_each() -> None:
    """A chunk may hold a great many blank ones."""
    world = World()
    world.store = MemoryStore(chunk_bytes=262_144)
    work = world.put("a", *[b""] * 20_000)
    tracemalloc.start()
    (report,) = world.forward(work)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.lines.skipped.total() == 20_000
    assert peak < 4_000_000


def test_what_is_settled_is_written_down_while_the_rest_is_on_its_way() -> None:
    """With one post at a time all objects but the last two are done when one more is posted; each costs one write."""
    world = World(BatchLimits(max_inferences=1))
    world.max_in_flight = 1
    done: list[int] = []

    def look(batch: Batch) -> Receipt:
        done.append(sum(position.done for position in world.progress.positions.values()))
        return world.destination.accept(batch)

    world.destination.always = look
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(5)))
    assert all(found >= place - 1 for place, found in enumerate(done))
    assert (len(done), world.progress.saves) == (5, 5)


def test_the_last_posts_of_all_models_are_under_way_together() -> None:
    """What is left over at the end of a run waits for no other model's answer."""
    world, crowd = World(), Crowd()
    other = Route(name="other", bucket="captures", prefix="churn/other/", destination="fake", model_id="n")
    world.routes = (ROUTE, other)
    met: list[bool] = []

    def together(batch: Batch) -> Receipt:
        met.append(crowd.meet(2))
        return world.destination.accept(batch)

    world.destination.always = together
    world.forward(world.put("a", call(1)), world.put("other/b", call(2)))
    assert met == [True, True]


def test_progress_of_a_run_is_read_at_once() -> None:
    """However many objects, one read."""
    world = World()
    world.forward(*(world.put(f"o{number}", call(number)) for number in range(10)))
    assert world.progress.loads == 1


def test_what_is_settled_out_of_order_moves_progress_only_to_the_first_gap() -> None:
    """Posts finish in any order; progress stops at the first byte that is still owed."""
    world = World(BatchLimits(max_inferences=1))

    def all_but_the_third(batch: Batch) -> Receipt:
        if batch.ids[0] == "id-2":
            raise DestinationUnavailable("status 500")
        return world.destination.accept(batch)

    world.destination.always = all_but_the_third
    lines = [call(number) for number in range(6)]
    work = world.put("a", *lines)
    world.forward(work)
    position = world.progress.positions[work.source.state_id or ""]
    assert position.read_offset == ReadOffset(sum(len(line) + 1 for line in lines[:2]), 2)


def test_the_schema_of_a_route_may_come_from_the_model() -> None:
    """`schema = "model"` asks the destination; when it cannot say, the object is owed."""
    world = World(
        route=Route(name="r", bucket="captures", prefix="", destination="fake", model_id="m", schema_from_model=True)
    )
    world.destination.model_schema = ModelSchema(
        (
            Attribute("age", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
            Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
        )
    )
    world.forward(world.put("a", call(7)))
    assert world.destination.data("id-7")["age"] == 0


def test_every_object_is_told_of_once() -> None:
    """Whoever watches hears of each object when its run is through."""
    world = World()
    reports = world.forward(world.put("a", call(1)), world.put("b", call(2)))
    told = [event.report for event in world.watching.events if isinstance(event, ObjectForwarded)]
    assert told == reports
