"""The outcome of replayed entries: the rejections that are left of each, and why."""

from array import array

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.quarantine.kind import Unreplayable


class Outcome(Struct, frozen=True):
    """The outcome of one entry: its rest if it `changes`, and why its selected rejections are left."""

    changes: bool
    left: QuarantineEntry | None
    why_left: str | None


class Outcomes:
    """The outcomes of the entries of one file, by their line numbers in it."""

    def __init__(self, tracker: ObjectTracker) -> None:
        self._again = {one.line: one for one in tracker.rejections.before(None)}
        self._pending = tracker.pending_lines()
        self._last_line = tracker.last_line
        self._why_pending = why_pending(tracker)

    def of(self, number: int, entry: QuarantineEntry, selected: QuarantineEntry) -> Outcome:
        """Return the outcome of `entry` in line `number`, after its `selected` rejections were sent."""
        if number > self._last_line or number in self._pending:
            return Outcome(changes=False, left=entry, why_left=self._why_pending)
        again = self._again.get(number)
        kept = tuple(one for one in entry.rejections if one not in selected.rejections)
        if again is None:
            left = replace(entry, rejections=kept) if kept else None
            return Outcome(changes=True, left=left, why_left=None)
        reason = again.rejections[0].reason
        if isinstance(reason, Unreplayable):
            return Outcome(changes=False, left=entry, why_left=reason.why)
        left = _rejected_again(entry, kept, selected, again)
        return Outcome(changes=left != entry, left=left, why_left=f"rejected again: {reason.code}")


def _rejected_again(
    entry: QuarantineEntry, kept: tuple[LineRejection, ...], selected: QuarantineEntry, again: QuarantineEntry
) -> QuarantineEntry:
    if selected.is_whole:
        return replace(entry, rejections=again.rejections, inference_id=again.inference_id, row_count=again.row_count)
    if again.is_whole:  # each selected row has the reason of its line now
        rows = array("I", sorted(index for one in selected.rejections for index in one.rows or ()))
        return replace(entry, rejections=(*kept, LineRejection(again.rejections[0].reason, rows)))
    return replace(entry, rejections=(*kept, *again.rejections))


def why_pending(tracker: ObjectTracker) -> str:
    """Return the reason why entries of a file were not sent, or have no result."""
    return (
        "not replayed yet: run again" if tracker.state is ObjectState.OUT_OF_TIME else f"still pending: {tracker.why}"
    )
