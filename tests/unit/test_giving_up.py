"""Giving up: an object that has needed a person for too long goes to quarantine as a whole, and replay brings it back."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import (
    DestinationDenied,
    DestinationUnavailable,
    PendingCause,
    Reason,
    RejectionCode,
    SourceDamaged,
    SourceDenied,
    Superseded,
    Unavailable,
)
from capture_forwarder.domain.progress import Claim, ProgressRecord
from capture_forwarder.ports import OpenObject, TimeLeft
from tests.support.memory_stores import MemoryStore
from tests.support.memory_world import MemoryWorld, call, fails
from tests.support.quarantine import one_by_one

DAYS_7 = 7 * 86_400.0
DENIED = DestinationDenied("status 401: put a valid token into the secret")
FORBIDDEN = SourceDenied("S3 answers AccessDenied; allow s3:GetObject")


def blocked(world: MemoryWorld, work: Work, secs: float) -> Work:
    """Return the work of an object that has needed a person for so long."""
    since = world.clock.now - secs
    return replace(work, requeue_count=700, pending_since_secs=since, blocked_since_secs=since)


@pytest.mark.parametrize("error", [DENIED, FORBIDDEN])
def test_an_object_that_has_needed_a_person_for_a_week_is_in_quarantine(error: Exception) -> None:
    """Its message is acknowledged, and it does not circulate any more. The entry has the next step."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    if isinstance(error, SourceDenied):
        world.store.errors["churn/a"] = error
    else:
        world.destination.always = fails(error)
    (report,) = world.forward(blocked(world, work, DAYS_7 - 1))
    assert (report.state, report.blocked_secs) == (ObjectState.REQUEUED, DAYS_7 - 1)
    again, _ = world.requeued()
    world.queue.messages.clear()
    world.next_invocation(after_secs=1)
    for _ in range(2):  # the message is delivered twice
        (report,) = world.forward(again)
        assert (report.state, report.complete, report.why) == (ObjectState.GIVEN_UP, True, str(error))
        assert world.queue.messages == []
    (file,) = world.quarantine.files.values()
    assert (file.route, file.day, file.run, file.start) == ("churn", "objects", "object", 0)
    (entry,) = one_by_one(file.entries)
    assert (entry.line, entry.code, entry.why) == (0, RejectionCode.GIVEN_UP, str(error))
    assert not world.saved(work).done, "a replay would not read it"


def test_an_object_that_was_given_up_continues_where_it_was() -> None:
    """Its first lines were accepted. The message that replay sends reads only the rest."""
    world = MemoryWorld(BatchLimits(max_inferences=1), max_in_flight=1)
    work = world.put("a", b"broken", call(1), call(2), b"broken")
    world.destination.script = [world.destination.accept]
    world.destination.always = fails(DENIED)
    (report,) = world.forward(blocked(world, work, DAYS_7))
    assert (report.state, report.complete) == (ObjectState.GIVEN_UP, True)
    assert report.inferences.pending == 1
    assert {(code, line) for code, line, _ in world.quarantined()} == {
        (RejectionCode.LINE_NOT_JSON, 1),
        (RejectionCode.GIVEN_UP, 0),
    }
    world.destination.always = None
    (report,) = world.forward(Work(work.source))
    assert report.state is ObjectState.DONE
    assert world.destination.times_sent["id-1"] == 1
    assert sorted(line for _, line, _ in world.quarantined()) == [0, 1, 4]


def test_the_age_by_cause_begins_when_the_cause_does() -> None:
    """An outage of six days and a denial after it are no denial of a week; a token that was corrected ends the age."""
    world = MemoryWorld()
    world.destination.always = fails(DestinationUnavailable("status 500"))
    work = replace(world.put("a", call(1)), pending_since_secs=world.clock.now - 2 * DAYS_7)
    (report,) = world.forward(work)
    assert (report.cause, report.blocked_secs) == (PendingCause.DESTINATION_UNAVAILABLE, None)
    assert world.requeued()[0].blocked_since_secs == 0.0
    world.destination.always = fails(DENIED)
    reports: list[ForwardReport] = []
    for _ in range(2):
        world.next_invocation(after_secs=100)
        reports += world.forward(world.queue.messages[-1][0])
    assert [(report.cause, report.blocked_secs) for report in reports] == [
        (PendingCause.DESTINATION_DENIED, 0.0),
        (PendingCause.DESTINATION_DENIED, 100.0),
    ]
    world.destination.always = fails(DestinationUnavailable("status 500"))
    world.forward(world.queue.messages[-1][0])
    assert world.queue.messages[-1][0].blocked_since_secs == 0.0


def test_an_outage_is_never_given_up() -> None:
    """The destination may come back, whatever a person does."""
    world = MemoryWorld()
    world.destination.always = fails(DestinationUnavailable("status 500"))
    (report,) = world.forward(blocked(world, world.put("a", call(1)), 10 * DAYS_7))
    assert report.state is ObjectState.REQUEUED


@pytest.mark.parametrize("has_quarantine", [True, False])
def test_without_an_entry_in_quarantine_an_object_is_not_given_up(*, has_quarantine: bool) -> None:
    """It stays in the queue until the entry is written."""
    world = MemoryWorld()
    world.has_quarantine = has_quarantine
    world.quarantine.error = Unavailable("the quarantine bucket answers 500")
    world.destination.always = fails(DENIED)
    (report,) = world.forward(blocked(world, world.put("a", call(1)), DAYS_7))
    assert report.state is ObjectState.REQUEUED
    again, _ = world.requeued()
    assert again.requeue_count == 701
    world.has_quarantine, world.quarantine.error = True, None
    (report,) = world.forward(again)
    assert report.state is ObjectState.GIVEN_UP, "its age began anew"


class DamagedStore(MemoryStore):
    """The first objects that are read have a wrong checksum."""

    damaged = 2

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        yield data
        if self.damaged:
            self.damaged -= 1
            raise SourceDamaged("the checksum does not match")


def test_a_damaged_object_is_read_again_from_its_start_and_rejected_the_second_time() -> None:
    """It is not known which bytes were wrong. Its rejections are dropped the first time: they are found again."""
    world = MemoryWorld()
    world.store = store = DamagedStore()
    work = world.put("a", call(1), b"broken")
    (report,) = world.forward(work)
    assert (report.state, report.why, world.requeued()[1]) == (ObjectState.REQUEUED, "the checksum does not match", 0)
    assert world.saved(work) == ProgressRecord(damaged=1)
    assert world.quarantined() == []
    again, _ = world.requeued()
    (report,) = world.forward(again)
    assert (report.state, report.complete) == (ObjectState.REJECTED, True)
    assert world.quarantined() == [(RejectionCode.OBJECT_DAMAGED, 0, None)], "it stands for all its lines"
    (report,) = world.forward(Work(work.source))  # the message that replay sends
    assert (report.state, report.lines.read) == (ObjectState.DONE, 2)
    store.damaged = 1
    other = world.put("b", call(3))
    world.forward(other)
    (report,) = world.forward(world.queue.messages[-1][0])
    assert report.state is ObjectState.DONE


def test_a_damaged_object_without_progress_is_rejected_when_it_was_requeued() -> None:
    """Its event has no etag, so only the message says that it was damaged before. It waits in between."""
    world = MemoryWorld()
    world.store = DamagedStore()
    world.put("a", call(1), b"broken")
    (report,) = world.forward(Work(CaptureObject("captures", "churn/a")))
    again, delay = world.requeued()
    assert (report.state, again.requeue_count, delay) == (ObjectState.REQUEUED, 1, 30)
    (report,) = world.forward(again)
    assert (report.state, report.complete) == (ObjectState.REJECTED, True)
    assert len(world.queue.messages) == 1
    assert world.quarantined() == [(RejectionCode.OBJECT_DAMAGED, 0, None)]
    assert world.destination.times_sent == {"id-1": 2}


@pytest.mark.parametrize("code", [RejectionCode.OBJECT_ARCHIVED, RejectionCode.OBJECT_GONE])
def test_an_object_that_could_not_be_read_is_forwarded_when_it_can(code: RejectionCode) -> None:
    """A person restores it, or uploads it again with the same bytes; its event, or `replay`, names the same version."""

    class UnreadableStore(MemoryStore):
        unreadable = True

        def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
            if self.unreadable:
                return Reason(code, "it cannot be read")
            return super().open(source, start, left_secs)

    world = MemoryWorld()
    world.store = store = UnreadableStore()
    work = world.put("a", call(1))
    for _ in range(2):  # the event is delivered twice
        (report,) = world.forward(work)
        assert (report.state, report.complete) == (ObjectState.REJECTED, True)
        assert world.quarantined() == [(code, 0, None)]
    store.unreadable = False
    (report,) = world.forward(work)
    assert (report.state, list(world.destination.stored)) == (ObjectState.DONE, ["id-1"])


def test_a_run_that_does_not_get_to_an_object_keeps_its_age() -> None:
    """Another run holds it, or the time is used up. Neither says that a person has acted."""
    world = MemoryWorld()
    work = blocked(world, world.put("a", call(1)), 1000.0)
    world.set_claim(work, Claim(run="other", leased_until_secs=world.clock.now + 50))
    world.forward(work)
    world.clock.ends = world.clock.now
    world.forward(work)
    assert [each.blocked_since_secs for each, _ in world.queue.messages] == [work.blocked_since_secs] * 2
