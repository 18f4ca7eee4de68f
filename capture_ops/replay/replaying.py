"""Replay quarantine files: entries are sent again, and replaced by the entries that are left of them.

A file with no entry left is removed. Both writes fail if another process changed the file.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import SourceUnavailable, Superseded, Unavailable
from capture_forwarder.domain.notices import Notice, ObjectForwarded
from capture_forwarder.domain.progress import ProgressRecord, QuarantineEntry
from capture_forwarder.domain.route import NoRoute, Route
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.forwarder import Forwarder
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending import Target
from capture_forwarder.forward.tracking import ObjectTracker, RejectedLine
from capture_forwarder.forward.workers import Workers
from capture_forwarder.kinds.quarantine.kind import QuarantineKind, Unreplayable
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.ports import OpenObject, TimeLeft
from capture_ops.replay.files import Changed, Content, NotQuarantine, QuarantineFiles
from capture_ops.replay.plan import NO_ROUTE, Selection, Step

_MAX_WRITES = 5


class ReplayReport:
    """Sums of a replay: entries `selected = removed + left`, and the two equations of every run."""

    def __init__(self) -> None:
        self.selected = 0
        self.removed = 0
        self.left: Counter[str] = Counter()
        self.lines = LineCounts()
        self.inferences = InferenceCounts()

    def leave(self, entries: int, why: str) -> None:
        """Count selected entries that stay in quarantine."""
        self.selected += entries
        self.left[why] += entries

    def remove(self) -> None:
        """Count a selected entry that was removed from quarantine."""
        self.selected += 1
        self.removed += 1

    @property
    def balanced(self) -> bool:
        """Whether every entry, line and inference is counted in exactly one place."""
        return self.selected == self.removed + self.left.total() and self.lines.balanced and self.inferences.balanced

    @property
    def complete(self) -> bool:
        """Whether no selected entry is left in quarantine."""
        return self.balanced and not self.left


class Replay:
    """The files of one replay. The forwarder reads, routes and commits them like capture objects.

    Implements `ObjectStore`, `Routes`, `Committer` and `Observer`. `advance` is called with the number of entries of
    each file that the run has finished with.
    """

    def __init__(
        self,
        files: QuarantineFiles,
        steps: Sequence[Step],
        selection: Selection,
        routes: Mapping[str, Route],
        advance: Callable[[int], object],
    ) -> None:
        self.report = ReplayReport()
        self._files = files
        self._steps = {step.work.source: step for step in steps}
        self._selection = selection
        self._routes = routes
        self._advance = advance
        self._open: dict[CaptureObject, Content] = {}

    def execute(self, originals: Originals, targets: Mapping[str, Target], run: Run) -> None:
        """Forward the entries of every file, and leave the counts in `report`."""
        forwarder = Forwarder(
            routes=self,
            store=self,
            readers=Workers(1, "replay"),
            kind=QuarantineKind(originals, self._selection.selects),
            targets=targets,
            committer=self,
            limits=ReadLimits(max_line_bytes=sys.maxsize),
        )
        forwarder.forward([step.work for step in self._steps.values()], run)

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route of a step."""
        return self._routes.get(source.bucket)

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Superseded:
        """Return the content of a file; a file that was deleted is superseded. Raises `SourceUnavailable`."""
        del start, left_secs
        try:
            content = self._files.read(source.key)
        except (NotQuarantine, Unavailable) as error:
            raise SourceUnavailable(str(error)) from error
        if content is None:  # another process replayed all of it
            return Superseded()
        self._open[source] = content
        return OpenObject(iter((content.body,)))

    def why_no_route(self, source: CaptureObject) -> NoRoute:
        """Return that a file without a route is skipped."""
        del source
        return NoRoute.SKIPPED

    def begin(self, run: Run) -> "Replay":
        """Return itself: there is one run."""
        del run
        return self

    def claim(self, work: Work, route: Route) -> Claimed:
        """Return no progress: every file is read from its start."""
        del work, route
        return Claimed(ProgressRecord(), "")

    def checkpoint(self, tracker: ObjectTracker) -> None:
        """Do nothing: a file is committed once, at its end."""

    def commit(self, trackers: Sequence[ObjectTracker]) -> None:
        """Replace the entries of each file by those that are left, and count them."""
        for tracker in trackers:
            self._commit(tracker)

    finish = commit

    def _commit(self, tracker: ObjectTracker) -> None:
        source = tracker.work.source
        if content := self._open.pop(source, None):
            self._replace(source, content, _outcomes(tracker, content.entries))
            tracker.rejections.clear()
        elif tracker.state is not ObjectState.SUPERSEDED:
            self.report.leave(self._steps[source].entries, _why_pending(tracker))

    def notice(self, notice: Notice) -> None:
        """Add the counts of a file; a file without a route was not read, so all its entries stay."""
        if isinstance(notice, ObjectForwarded):
            step = self._steps[notice.report.source]
            self.report.lines += notice.report.lines
            self.report.inferences += notice.report.inferences
            if notice.report.state is ObjectState.SKIPPED:
                self.report.leave(step.entries, NO_ROUTE)
            self._advance(step.entries)

    def _replace(self, source: CaptureObject, content: Content, outcomes: list["_Outcome"]) -> None:
        chosen = [
            (entry, outcome)
            for entry, outcome in zip(content.entries.values(), outcomes, strict=True)
            if entry.route == source.bucket and self._selection.selects(entry)
        ]
        failure = self._write(source.key, content, {entry: outcome.left_of(entry) for entry, outcome in chosen})
        for _, outcome in chosen:
            if why := outcome.why_left or failure:
                self.report.leave(1, why)
            else:
                self.report.remove()

    def _write(
        self, name: str, content: Content, replacements: Mapping[QuarantineEntry, list[QuarantineEntry]]
    ) -> str | None:
        """Write the entries that are left of a file. Return the reason if it could not be written.

        If another process changed the file meanwhile, the same entries are replaced in its new content.
        """
        found: Content | None = content
        try:
            for _ in range(_MAX_WRITES):
                entries = list(found.entries.values()) if found else []
                left = [one for entry in entries for one in replacements.get(entry, [entry])]
                if found is None or left == entries:
                    return None
                try:
                    self._files.write(name, found.etag, left)
                except Changed:
                    found = self._files.read(name)
                else:
                    return None
        except (NotQuarantine, Unavailable) as error:
            return f"accepted, but its file could not be written: {error}"
        return "accepted, but its file could not be written: another process keeps writing it"


class _Outcome(Struct, frozen=True):
    """The outcome of one entry: the rejections that take its place, or the reason why it is pending."""

    rejections: list[RejectedLine]
    why_pending: str | None = None

    def left_of(self, entry: QuarantineEntry) -> list[QuarantineEntry]:
        """Return the entries that take the place of `entry`; none if all its rows were accepted."""
        return [entry] if self.why_pending else [one.entry for one in self.rejections]

    @property
    def why_left(self) -> str | None:
        """The reason why entries are left; `None` if none is."""
        if self.why_pending or not self.rejections:
            return self.why_pending
        reason = self.rejections[0].reason
        return reason.why if isinstance(reason, Unreplayable) else f"rejected again: {reason.code}"


def _outcomes(tracker: ObjectTracker, lines: Iterable[int]) -> list[_Outcome]:
    """Return the outcome of the entry in each of `lines`, by their numbers."""
    rejections: defaultdict[int, list[RejectedLine]] = defaultdict(list)
    for one in tracker.rejections_before(None):
        rejections[one.line].append(one)
    pending, why = tracker.pending_lines(), _why_pending(tracker)
    return [
        _Outcome([], why) if line > tracker.last_line or line in pending else _Outcome(rejections[line])
        for line in lines
    ]


def _why_pending(tracker: ObjectTracker) -> str:
    return (
        "not replayed yet: run again" if tracker.state is ObjectState.OUT_OF_TIME else f"still pending: {tracker.why}"
    )
