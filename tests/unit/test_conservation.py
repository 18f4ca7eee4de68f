"""The two ledgers: what they add up to, what they become together, and where an object is found."""

from collections import Counter

import pytest

from capture_forwarder.aws.progress import NoProgress
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import (
    ForwardReport,
    ForwardTotals,
    InferenceCounts,
    LineCounts,
    ObjectState,
)
from capture_forwarder.domain.delivery import RejectionCode, SkipReason
from capture_forwarder.domain.progress import ProgressRecord

SOURCE = CaptureObject("b", "k", etag="e")
BROKEN = RejectionCode.LINE_NOT_JSON


def test_lines_read_are_decoded_rejected_or_skipped() -> None:
    """One line more or less on either side, and the books do not balance."""
    skipped = Counter({SkipReason.SHADOW: 2})
    assert LineCounts(6, 3, Counter({BROKEN: 1}), skipped).balanced
    assert not LineCounts(7, 3, Counter({BROKEN: 1}), skipped).balanced
    assert not LineCounts(5, 3, Counter({BROKEN: 1}), skipped).balanced


def test_inferences_made_are_accepted_duplicate_rejected_or_pending() -> None:
    """Each of the four counts."""
    assert InferenceCounts(10, 4, 3, Counter({BROKEN: 2}), 1).balanced
    assert not InferenceCounts(10, 4, 3, Counter({BROKEN: 2}), 0).balanced
    assert not InferenceCounts(10, 4, 3, Counter({BROKEN: 1}), 1).balanced
    assert not InferenceCounts(10, 4, 2, Counter({BROKEN: 2}), 1).balanced
    assert not InferenceCounts(10, 3, 3, Counter({BROKEN: 2}), 1).balanced


def test_ledgers_of_several_objects_add_up() -> None:
    """Every column by itself, rejections and skips by their reasons."""
    lines = LineCounts(6, 3, Counter({BROKEN: 1}), Counter({SkipReason.SHADOW: 2}))
    more = LineCounts(5, 1, Counter({BROKEN: 1}), Counter({SkipReason.SHADOW: 1, SkipReason.MERGED: 2}))
    assert lines + more == LineCounts(
        11, 4, Counter({BROKEN: 2}), Counter({SkipReason.SHADOW: 3, SkipReason.MERGED: 2})
    )
    made = InferenceCounts(10, 4, 3, Counter({BROKEN: 2}), 1)
    other = InferenceCounts(7, 1, 2, Counter({BROKEN: 1}), 3)
    assert made + other == InferenceCounts(17, 5, 5, Counter({BROKEN: 3}), 4)


@pytest.mark.parametrize("state", ObjectState)
def test_a_message_may_be_forgotten_when_nothing_of_it_is_owed(state: ObjectState) -> None:
    """Only in states that leave nothing to do, with nothing pending, everything in quarantine, and books that balance."""
    final = {"done", "done_before", "requeued", "rejected", "superseded", "unrouted"}
    assert ForwardReport(source=SOURCE, state=state).complete is (state.value in final)
    assert not ForwardReport(source=SOURCE, state=state, unquarantined=1).complete
    assert not ForwardReport(source=SOURCE, state=state, lines=LineCounts(1)).complete
    owing = InferenceCounts(made=1, pending=1)
    # What a continuation message carries on is owed by that message.
    assert ForwardReport(source=SOURCE, state=state, inferences=owing).complete is (state is ObjectState.REQUEUED)


def test_the_sums_of_many_objects() -> None:
    """Objects by state, those that nobody but the caller owes, and both ledgers."""
    done = ForwardReport(
        source=SOURCE, state=ObjectState.DONE, lines=LineCounts(2, 2), inferences=InferenceCounts(3, 2, 1)
    )
    owed = ForwardReport(
        source=SOURCE, state=ObjectState.PENDING, lines=LineCounts(1, 1), inferences=InferenceCounts(4, pending=4)
    )
    totals = ForwardTotals.of([done, owed, done], outside=7)
    assert totals == ForwardTotals(
        objects=Counter({ObjectState.DONE: 2, ObjectState.PENDING: 1}),
        outside=7,
        incomplete=1,
        lines=LineCounts(5, 5),
        inferences=InferenceCounts(10, 4, 2, pending=4),
    )
    assert ForwardTotals.of([done], outside=3) + ForwardTotals.of([owed, done], outside=4) == totals
    assert ForwardTotals.of([]) == ForwardTotals()


def test_sums_balance_only_if_both_ledgers_do() -> None:
    """A line or an inference that is lost shows in the sums as well."""
    assert ForwardTotals(lines=LineCounts(1, 1), inferences=InferenceCounts(1, 1)).balanced
    assert not ForwardTotals(lines=LineCounts(1), inferences=InferenceCounts(1, 1)).balanced
    assert not ForwardTotals(lines=LineCounts(1, 1), inferences=InferenceCounts(1)).balanced


def test_an_object_is_named_for_people_and_for_progress() -> None:
    """The address that every tool takes, and the state that was read: by etag, which listings name too, else by version."""
    assert SOURCE.uri == "s3://b/k"
    assert SOURCE.state_id == "b/k#e"
    assert CaptureObject("b", "k", "v", "e").state_id == "b/k#e"
    assert CaptureObject("b", "k", "v").state_id == "b/k#v"
    assert CaptureObject("b", "k", "null").state_id is None
    assert CaptureObject("b", "k").state_id is None


def test_without_a_table_nothing_is_remembered() -> None:
    """Every message starts where it says."""
    progress = NoProgress()
    progress.save(SOURCE, ProgressRecord(done=True), expected_fence=0)
    assert progress.load([SOURCE]) == {}
