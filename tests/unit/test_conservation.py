"""Conservation: the two equations, their sums over objects, and the names of an object."""

from collections import Counter

import pytest

from capture_forwarder.domain.capture import CaptureObject, ReadOffset, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import PendingCause, Reason, Rejection, RejectionCode, SkipReason

SOURCE = CaptureObject("b", "k", etag="e")
BROKEN = RejectionCode.LINE_NOT_JSON


def test_lines_read_are_decoded_rejected_or_skipped() -> None:
    """With one line more or less the equation does not hold."""
    skipped = Counter({SkipReason.SHADOW: 2})
    assert LineCounts(6, 3, Counter({BROKEN: 1}), skipped).balanced
    assert not LineCounts(7, 3, Counter({BROKEN: 1}), skipped).balanced
    assert not LineCounts(5, 3, Counter({BROKEN: 1}), skipped).balanced


def test_inferences_made_are_accepted_duplicate_rejected_or_pending() -> None:
    """Every count is part of the equation."""
    assert InferenceCounts(10, 4, 3, Counter({BROKEN: 2}), 1).balanced
    assert not InferenceCounts(10, 4, 3, Counter({BROKEN: 2}), 0).balanced
    assert not InferenceCounts(10, 4, 3, Counter({BROKEN: 1}), 1).balanced
    assert not InferenceCounts(10, 4, 2, Counter({BROKEN: 2}), 1).balanced
    assert not InferenceCounts(10, 3, 3, Counter({BROKEN: 2}), 1).balanced


def test_counts_of_several_objects_add_up() -> None:
    """Rejections and skipped lines are added for each reason."""
    lines = LineCounts(6, 3, Counter({BROKEN: 1}), Counter({SkipReason.SHADOW: 2}))
    more = LineCounts(5, 1, Counter({BROKEN: 1}), Counter({SkipReason.SHADOW: 1, SkipReason.MERGED: 2}))
    assert lines + more == LineCounts(
        11, 4, Counter({BROKEN: 2}), Counter({SkipReason.SHADOW: 3, SkipReason.MERGED: 2})
    )
    made = InferenceCounts(10, 4, 3, Counter({BROKEN: 2}), 1)
    other = InferenceCounts(7, 1, 2, Counter({BROKEN: 1}), 3)
    assert made + other == InferenceCounts(17, 5, 5, Counter({BROKEN: 3}), 4)


@pytest.mark.parametrize("state", ObjectState)
def test_a_message_is_acknowledged_when_its_object_is_complete(state: ObjectState) -> None:
    """The state is final, no row is pending, all rejections are in quarantine, and both equations hold."""
    final = {"done", "done_before", "requeued", "rejected", "superseded", "skipped", "unrouted", "given_up"}
    assert ForwardReport(source=SOURCE, state=state).complete is (state.value in final)
    assert not ForwardReport(source=SOURCE, state=state, unquarantined=1).complete
    assert not ForwardReport(source=SOURCE, state=state, lines=LineCounts(1)).complete
    pending = InferenceCounts(made=1, pending=1)
    # The pending rows of a requeued object belong to the message that was sent for it, or to the entry of the object.
    assert ForwardReport(source=SOURCE, state=state, inferences=pending).complete is (
        state in {ObjectState.REQUEUED, ObjectState.GIVEN_UP}
    )


def test_only_denials_wait_for_a_person() -> None:
    """Every other cause passes by itself."""
    waiting = {cause for cause in PendingCause if cause.needs_person}
    assert waiting == {PendingCause.DESTINATION_DENIED, PendingCause.SOURCE_DENIED}


def test_an_object_has_a_uri_and_a_state_id() -> None:
    """The state id has the etag, or else the version; without both there is none."""
    assert SOURCE.uri == "s3://b/k"
    assert SOURCE.state_id == "b/k#e"
    assert CaptureObject("b", "k", "v", "e").state_id == "b/k#e"
    assert CaptureObject("b", "k", "v").state_id == "b/k#v"
    assert CaptureObject("b", "k", "null").state_id is None
    assert CaptureObject("b", "k").state_id is None


def test_works_for_one_version_of_an_object_are_a_group() -> None:
    """A work without etag and version is a group of its own."""
    assert Work(SOURCE).group == Work(SOURCE, ReadOffset(5, 1), requeue_count=2).group == "b/k#e"
    nameless = Work(CaptureObject("b", "k"))
    assert nameless.group == nameless


def test_a_rejection_has_the_code_and_the_sentence_of_its_reason() -> None:
    """Both are read from the reason."""
    rejection = Rejection(Reason(BROKEN, "it is broken"), 1, 0)
    assert (rejection.code, rejection.why) == (BROKEN, "it is broken")
