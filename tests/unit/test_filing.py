"""Quarantine files that cannot be written: no rejection is dropped, and a quarantine that hangs is tried once."""

import pytest

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Reason, RejectionCode, Unavailable
from capture_forwarder.domain.progress import ProgressRecord, QuarantineFile
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.committing.filing import Filing
from capture_forwarder.forward.tracking import ObjectTracker
from tests.support.fakes import Clock, make_run
from tests.support.memory_stores import MemoryQuarantine
from tests.support.memory_world import ROUTE, MemoryWorld, call


def tracker(name: str) -> ObjectTracker:
    """Return the tracker of an object whose progress is not stored."""
    return ObjectTracker(Work(CaptureObject("captures", name)), ROUTE, Claimed(ProgressRecord(), ""))


@pytest.mark.parametrize(("secs", "tries"), [(10.0, 2), (10.5, 1)])
def test_a_quarantine_that_hangs_is_tried_once_a_run(secs: float, tries: int) -> None:
    """One that fails quickly is tried for each object: the error may concern that file alone."""
    clock, times = Clock(), list[float]()

    class Failing(MemoryQuarantine):
        def keep(self, file: QuarantineFile, *, within_secs: float) -> None:
            times.append(within_secs)
            clock.now += secs
            raise Unavailable("the quarantine bucket answers nothing")

    filing = Filing(Failing(), make_run(clock))
    for name in "ab":
        with pytest.raises(Unavailable, match="answers nothing"):
            filing.file_object(tracker(name))
    assert times == [45.0] * tries


def test_without_a_quarantine_a_rejection_stays_in_its_tracker() -> None:
    """No file keeps it, so the message of its object must not be acknowledged."""
    rejected = tracker("gone")
    rejected.reject_object(Reason(RejectionCode.OBJECT_GONE, "it is gone"))
    with pytest.raises(Unavailable, match="there is no quarantine"):
        Filing(None, make_run()).file_object(rejected)
    assert rejected.report().unquarantined == 1


def test_without_progress_an_object_whose_file_fails_is_read_again() -> None:
    """Its new message begins where the old one began, so the next run finds the rejection again and writes it once."""
    world = MemoryWorld()
    world.has_progress = False
    world.quarantine.error = Unavailable("the quarantine bucket answers 500")
    (report,) = world.forward(world.put("a", call(1), b"broken"))
    assert (report.state, report.why) == (ObjectState.REQUEUED, "the quarantine bucket answers 500")
    work, _ = world.requeued()
    assert work.read_offset.offset == 0
    world.quarantine.error = None
    (report,) = world.forward(work)
    assert (report.state, report.complete) == (ObjectState.DONE, True)
    assert world.quarantined() == [(RejectionCode.LINE_NOT_JSON, 2, None)]
