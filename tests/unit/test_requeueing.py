"""Requeueing: an object that is pending becomes a message of its own, with a delay."""

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import (
    DestinationDenied,
    DestinationUnavailable,
    RejectionCode,
    Unavailable,
)
from capture_forwarder.domain.progress import Claim, ProgressRecord
from tests.support.fakes import Clock, ImmediateExecutor
from tests.support.memory_world import MemoryWorld, call, fails

ONE_ROW = BatchLimits(max_inferences=1)


def test_e_an_outage_costs_one_message_an_object() -> None:
    """Scenario E: the destination is down for a whole run; each object is requeued once, with a delay."""
    world = MemoryWorld(ONE_ROW, max_in_flight=2)
    world.destination.always = fails(DestinationUnavailable("status 500"))
    works = [world.put(f"o{number}", *(call(10 * number + line) for line in range(5))) for number in range(10)]
    reports = world.forward(*works)
    assert {report.state for report in reports} == {ObjectState.REQUEUED}
    assert all(report.complete for report in reports)
    assert sorted((work.source.key, work.requeue_count, delay) for work, delay in world.queue.messages) == [
        (work.source.key, 1, 30) for work in works
    ]
    world.destination.always = None
    world.clock = Clock()
    again = world.forward(*(work for work, _ in world.queue.messages))
    assert {report.state for report in again} == {ObjectState.DONE}
    assert len(world.destination.stored) == 50


@pytest.mark.parametrize("fails_at", ["destination", "quarantine"])
def test_a_rejection_behind_a_pending_row_does_not_keep_the_message(fails_at: str) -> None:
    """The new message reads its line again. With both messages, each delivery would add one, until all are dead."""
    world = MemoryWorld()
    if fails_at == "destination":
        world.destination.always = fails(DestinationUnavailable("status 500"))
    else:
        world.quarantine.error = Unavailable("the quarantine bucket answers 500")
    (report,) = world.forward(world.put("a", call(1), b"broken"))
    assert (report.state, report.complete, report.unquarantined) == (ObjectState.REQUEUED, True, 0)
    again, _ = world.requeued()
    world.destination.always = world.quarantine.error = None
    world.next_invocation()
    (report,) = world.forward(again)
    assert (report.state, report.complete) == (ObjectState.DONE, True)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]


def test_the_delay_doubles_with_every_requeue() -> None:
    """The longest delay of SQS is 15 minutes."""
    world = MemoryWorld()
    world.destination.always = fails(DestinationDenied("status 401: correct the token"))
    work = world.put("a", call(1))
    for _ in range(7):
        world.forward(work)
        work = world.queue.messages[-1][0]
    assert [delay for _, delay in world.queue.messages] == [30, 60, 120, 240, 480, 900, 900]
    assert work.requeue_count == 7


def test_an_object_that_was_requeued_very_often_has_the_longest_delay() -> None:
    """There is no limit to the number of requeues."""
    world = MemoryWorld()
    world.destination.always = fails(DestinationDenied("status 401: correct the token"))
    world.forward(replace(world.put("a", call(1)), requeue_count=10**6))
    work, delay = world.requeued()
    assert (work.requeue_count, delay) == (10**6 + 1, 900)


def test_an_object_that_ran_out_of_time_continues_at_once() -> None:
    """Its requeue count begins again, so the next outage has the shortest delay first."""
    world = MemoryWorld()
    world.clock.ends = world.clock.now
    world.forward(replace(world.put("a", call(1)), requeue_count=5))
    work, delay = world.requeued()
    assert (work.requeue_count, delay) == (0, 0)


def test_if_the_queue_fails_the_message_is_kept() -> None:
    """The object stays pending, and the report says why."""
    world = MemoryWorld()
    world.destination.always = fails(DestinationUnavailable("status 500"))
    world.queue.failure = "the queue answers 500"
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.why, report.complete) == (ObjectState.PENDING, "the queue answers 500", False)


def test_without_a_queue_the_message_is_kept() -> None:
    """The object stays pending."""
    world = MemoryWorld()
    world.has_queue = False
    world.destination.always = fails(DestinationUnavailable("status 500"))
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.complete) == (ObjectState.PENDING, False)


def test_without_a_quarantine_an_object_with_rejections_is_not_requeued() -> None:
    """Its own message keeps the rejection; a second message would only double the work."""
    world = MemoryWorld(ONE_ROW)
    world.has_quarantine = False
    world.destination.always = fails(DestinationUnavailable("status 500"))
    (report,) = world.forward(world.put("a", b"broken", call(1)))
    assert (report.state, report.complete) == (ObjectState.PENDING, False)
    assert world.queue.messages == []


@pytest.mark.parametrize(("lease_secs", "delay_secs"), [(100.0, 100), (0.5, 1), (1.0, 1), (5000.0, 900)])
def test_a_leased_object_comes_back_after_the_lease(lease_secs: float, delay_secs: int) -> None:
    """The delay is at most 15 minutes. Waiting for another run does not count as a requeue."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    world.set_claim(work, Claim(run="other", leased_until_secs=world.clock.now + lease_secs))
    world.forward(work)
    again, delay = world.requeued()
    assert (again.requeue_count, delay) == (0, delay_secs)
    assert world.store.reads == []
    assert world.progress.saved == []


def test_an_object_whose_lease_expired_meanwhile_comes_back_at_once() -> None:
    """It is requeued after the object beside it was read, and by then the lease may have expired."""
    world = MemoryWorld(ONE_ROW)
    world.senders = ImmediateExecutor()
    leased, other = world.put("a", call(1)), world.put("b", call(2))
    world.set_claim(leased, Claim(run="other", leased_until_secs=world.clock.now + 10))
    world.accept_after(100)
    reports = world.forward(leased, other)
    assert [report.state for report in reports] == [ObjectState.REQUEUED, ObjectState.DONE]
    assert world.requeued()[1] == 0


@pytest.mark.parametrize("reason", ["time", "error"])
def test_an_object_that_was_not_begun_writes_no_progress(reason: str) -> None:
    """An object is claimed by the run that reads it, not by one that requeues it unread."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.destination.always = fails(DestinationDenied("status 403: correct it"))
    first, unread = world.put("a", call(1), call(2)), world.put("b", call(3))
    expired = Claim(run="other", leased_until_secs=world.clock.now - 1)
    world.set_claim(unread, expired)
    if reason == "time":
        world.clock.ends = world.clock.now
    reports = world.forward(first, unread)
    assert [report.state for report in reports] == [ObjectState.REQUEUED] * 2
    assert reports[1].lines.read == 0
    assert world.saved(first) == world.saved(unread) == ProgressRecord() if reason == "error" else True
    assert {record.finished for record in world.progress.saved} == ({True} if reason == "error" else set())


def test_the_report_of_a_denied_object_says_what_to_do() -> None:
    """Two objects of one model are requeued with the destination's sentence."""
    world = MemoryWorld(ONE_ROW, max_in_flight=1)
    world.destination.always = fails(DestinationDenied("status 403: give the token the permission"))
    reports = world.forward(world.put("a", *(call(number) for number in range(50))), world.put("b", call(99)))
    assert len(world.destination.batches) <= 3
    assert world.clock.sleeps == []
    assert all("permission" in (report.why or "") for report in reports)
    assert {report.state for report in reports} == {ObjectState.REQUEUED}


def test_an_object_whose_requests_fail_by_a_bug_is_pending() -> None:
    """The report has the name of the exception."""
    world = MemoryWorld()
    world.has_queue = False
    world.destination.script = [fails(ZeroDivisionError("captured data"))]
    (report,) = world.forward(world.put("a", call(1)))
    assert (report.state, report.inferences.pending) == (ObjectState.PENDING, 1)
    assert report.why == "sending failed with ZeroDivisionError"
