"""The loop: several objects in one run, their routes, and the errors of one of them."""

from collections import Counter
from datetime import UTC, datetime

from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import (
    DestinationDenied,
    Receipt,
    RejectionCode,
    SkipReason,
    SourceUnavailable,
    Unavailable,
)
from capture_forwarder.domain.notices import ObjectForwarded
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.read_ahead import MAX_OBJECTS
from tests.support.captures import capture, csv_side, json_side
from tests.support.memory_world import ROUTE, MemoryWorld, call, fails, on_either_path

SHADOW = capture(csv_side("1"), csv_side("1"), invocationSource="ShadowExperiment")
OTHER_MODEL = replace(ROUTE, name="other", prefix="churn/other/", model_id="n")
# Two rows; in each of them two nested values come to the same name.
AMBIGUOUS = json_side([{"a": {"b": 1}, "a.b": 2}] * 2)


@on_either_path
def test_every_row_is_forwarded_and_every_line_is_counted(schema: ModelSchema | None) -> None:
    """Rows of good lines are delivered, bad lines are in quarantine, and skipped lines are counted."""
    world = MemoryWorld(schema=schema)
    (report,) = world.forward(world.put("a", call(1), b"broken", call(2, rows=3), SHADOW, b""))
    assert report.state is ObjectState.DONE
    assert report.complete
    assert (report.lines.read, report.lines.decoded) == (5, 2)
    assert report.lines.rejected == Counter({RejectionCode.LINE_NOT_JSON: 1})
    assert report.lines.skipped == Counter({SkipReason.SHADOW: 1, SkipReason.BLANK_LINE: 1})
    assert (report.inferences.made, report.inferences.accepted, report.inferences.pending) == (4, 4, 0)
    assert sorted(world.destination.stored) == ["id-1", "id-2_0", "id-2_1", "id-2_2"]
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_a_report_names_object_route_destination_and_newest_call() -> None:
    """The newest time is that of the last call; a line without rows does not change it."""
    world = MemoryWorld()
    work = world.put("a", call(1), b"broken", b"")
    (report,) = world.forward(work)
    assert (report.source, report.route, report.destination) == (work.source, "churn", "fake")
    assert report.newest_inference == datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)


def test_objects_of_one_run_share_batches() -> None:
    """Ten small objects of one model make one request."""
    world = MemoryWorld()
    reports = world.forward(*(world.put(f"o{number}", call(number)) for number in range(10)))
    assert [report.inferences.accepted for report in reports] == [1] * 10
    assert [len(batch) for batch in world.destination.batches] == [10]


def test_a_the_error_of_one_object_affects_no_other() -> None:
    """Scenario A: of a missing and a forbidden object among others, only these two are not forwarded."""
    world = MemoryWorld()
    world.has_queue = False
    forbidden = world.put("forbidden", call(1))
    world.store.errors["churn/forbidden"] = SourceUnavailable("AccessDenied; allow s3:GetObject")
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


def test_objects_beside_one_that_cannot_be_read_are_delivered() -> None:
    """This holds for objects that were read ahead, and for bugs."""
    world = MemoryWorld()
    works = [world.put(name, capture(csv_side("1"), csv_side("2"), inferenceId=name)) for name in "abcd"]
    world.store.errors["churn/b"] = SourceUnavailable("S3 answers SlowDown")
    world.store.errors["churn/c"] = ZeroDivisionError()
    reports = world.forward(*works)
    assert [report.state for report in reports] == [
        ObjectState.DONE,
        ObjectState.REQUEUED,
        ObjectState.FAILED,
        ObjectState.DONE,
    ]
    assert sorted(world.destination.stored) == ["a", "d"]


def test_a_bug_fails_only_its_own_object() -> None:
    """After an unexpected exception the object is failed and not requeued; the other objects are delivered."""
    world = MemoryWorld()
    broken = world.put("broken", call(1))
    world.store.errors["churn/broken"] = ZeroDivisionError("captured data")
    reports = world.forward(broken, world.put("a", call(2)))
    assert [report.state for report in reports] == [ObjectState.FAILED, ObjectState.DONE]
    assert not reports[0].complete
    assert reports[0].why == "unexpected ZeroDivisionError after 0 lines"
    assert world.queue.messages == []


def test_an_object_that_cannot_be_claimed_is_not_read() -> None:
    """The run does not know the lines that were forwarded before, so it forwards none."""
    world = MemoryWorld()
    world.progress.error = Unavailable("the progress table answers AccessDenied")
    world.has_queue = False
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.complete) == (ObjectState.PENDING, False)
    assert report.why == "the progress table answers AccessDenied"
    assert world.destination.batches == []
    assert world.store.reads == []


def test_an_object_that_is_done_is_not_read_again() -> None:
    """A message that is delivered a second time costs a claim that is refused, and one read of the progress table."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    world.forward(work)
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.DONE_BEFORE, True)
    assert world.destination.times_sent == {"id-1": 1}
    assert (len(world.progress.looked), len(world.progress.claimed), len(world.progress.saved)) == (1, 1, 1)
    assert len(world.store.reads) == 1


def test_two_events_for_one_object_in_one_run_forward_it_once() -> None:
    """S3 delivers events at least once; both works get the same report."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    reports = world.forward(work, work)
    assert [report.state for report in reports] == [ObjectState.DONE] * 2
    assert world.destination.times_sent == {"id-1": 1}
    assert len([one for one in world.observer.notices if isinstance(one, ObjectForwarded)]) == 1


def test_events_without_etag_and_version_forward_the_object_each() -> None:
    """Without etag and version it is not known whether the object changed, so it is never skipped as done."""
    world = MemoryWorld()
    world.put("a", call(1))
    work = Work(CaptureObject("captures", "churn/a"))
    world.forward(work)
    (report,) = world.forward(work)
    assert report.inferences.duplicate == 1


def test_two_objects_without_etag_and_version_are_two_objects() -> None:
    """Bucket and key tell them apart."""
    world = MemoryWorld()
    world.put("a", call(1))
    world.put("b", call(2))
    world.forward(Work(CaptureObject("captures", "churn/a")), Work(CaptureObject("captures", "churn/b")))
    assert sorted(world.destination.stored) == ["id-1", "id-2"]


def test_an_overwritten_object_is_superseded() -> None:
    """The version that the event named is gone; the newer version has an event of its own."""
    world = MemoryWorld()
    stale = world.put("a", call(1))
    fresh = world.put("a", call(2))
    reports = world.forward(stale, fresh)
    assert [report.state for report in reports] == [ObjectState.SUPERSEDED, ObjectState.DONE]
    assert list(world.destination.stored) == ["id-2"]
    assert world.saved(stale).done
    assert world.saved(fresh).done


def test_every_object_is_reported_once() -> None:
    """The observer gets the reports that the caller gets."""
    world = MemoryWorld()
    reports = world.forward(world.put("a", call(1)), world.put("b", call(2)))
    assert [one.report for one in world.observer.notices if isinstance(one, ObjectForwarded)] == reports


def test_every_count_counts_past_one() -> None:
    """Two of a kind are two: skipped lines, duplicates, rejected lines and rejected rows."""
    world = MemoryWorld()
    world.forward(world.put("before", call(1), call(2)))
    (report,) = world.forward(
        world.put("a", call(1), call(2), SHADOW, SHADOW, b"x", b"x", capture(AMBIGUOUS, AMBIGUOUS, inferenceId="i"))
    )
    assert report.lines == LineCounts(7, 3, Counter({RejectionCode.LINE_NOT_JSON: 2}), Counter({SkipReason.SHADOW: 2}))
    assert report.inferences == InferenceCounts(4, 0, 2, Counter({RejectionCode.AMBIGUOUS_NAME: 2}), 0)


def test_small_objects_of_a_model_that_denies_are_hardly_read_and_other_models_are_served() -> None:
    """Only the objects that were read ahead before the denial are read; the others are requeued unread."""
    world = MemoryWorld(BatchLimits(max_inferences=1), max_in_flight=1)
    world.routes = (ROUTE, OTHER_MODEL)

    def deny_one_model(batch: Batch) -> Receipt:
        if batch.model_id == ROUTE.model_id:
            raise DestinationDenied("status 403: give the token the permission")
        return world.destination.accept(batch)

    world.destination.always = deny_one_model
    denied = [world.put("first", call(0), call(1)), *(world.put(f"o{at:02}", call(100 + at)) for at in range(30))]
    others = [world.put(f"other/{at}", call(200 + at)) for at in range(3)]
    reports = world.forward(*denied, *others)
    assert {report.state for report in reports[:31]} == {ObjectState.REQUEUED}
    assert {report.why for report in reports[:31]} == {"status 403: give the token the permission"}
    assert [report.state for report in reports[31:]] == [ObjectState.DONE] * 3
    assert sorted(world.destination.stored) == ["id-200", "id-201", "id-202"]
    # The first object, those that were read ahead during its turn, and the next one.
    assert len([key for key, _ in world.store.reads if "other" not in key]) <= 2 + MAX_OBJECTS
    assert len(world.queue.messages) == 31


def test_a_large_object_of_a_model_that_denies_is_not_read() -> None:
    """An object of unknown size is read at its turn, and by then the denial is known."""
    world = MemoryWorld(BatchLimits(max_inferences=1), max_in_flight=1)
    world.destination.always = fails(DestinationDenied("status 404: correct the model_id"))
    other = world.put("b", call(4))
    of_unknown_size = replace(other, source=replace(other.source, size=None))
    world.forward(world.put("a", call(1), call(2), call(3)), of_unknown_size)
    assert [key for key, _ in world.store.reads] == ["churn/a"]
