"""Replay quarantine files: entries are sent again, and replaced by the entries that are left of them."""

import sys
from collections.abc import Callable, Mapping, Sequence

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import SourceUnavailable, Superseded, Unavailable
from capture_forwarder.domain.notices import Notice, ObjectForwarded
from capture_forwarder.domain.progress import ProgressRecord, QuarantineEntry
from capture_forwarder.domain.route import NoRoute, Route
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.forwarder import Forwarder
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.forward.workers import Workers
from capture_forwarder.kinds.quarantine.entries import digest_of
from capture_forwarder.kinds.quarantine.kind import QuarantineKind
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.ports import OpenObject, TimeLeft
from capture_ops.replay.content import Content, NotQuarantine, entry_in
from capture_ops.replay.files import QuarantineFiles
from capture_ops.replay.objects import ObjectReplay
from capture_ops.replay.outcomes import Outcomes, why_pending
from capture_ops.replay.plan import NO_ROUTE, Selection, Step
from capture_ops.replay.report import ReplayReport
from capture_ops.replay.rewriting import rewrite


class Replay:
    """The files of one replay. The forwarder reads, routes and commits them like capture objects.

    Implements `ObjectStore`, `Routes`, `Committer` and `Observer`. `advance` is called with the number of entries of
    each step that the run has finished with.
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
        self._objects = [step for step in steps if step.objects]
        self._unrouted = [step for step in steps if not step.objects and step.route not in routes]
        self._lines = {step.work.source: step for step in steps if not step.objects and step.route in routes}
        self._selection = selection
        self._routes = routes
        self._advance = advance
        self._open: dict[CaptureObject, Content] = {}

    def send_messages(self, objects: ObjectReplay, run: Run) -> None:
        """Send the messages of whole objects, and leave the counts in `report`."""
        for step in self._objects:
            if run.deadline.left_secs(0) > 0:
                objects.replay(step, self.report)
            else:
                self.report.leave(step.entries, "not replayed yet: run again")
            self._advance(step.entries)

    def execute(self, originals: Originals, targets: Mapping[str, Target], run: Run) -> None:
        """Forward the lines and rows of every file, and leave the counts in `report`."""
        for step in self._unrouted:
            self.report.leave(step.entries, NO_ROUTE)
            self._advance(step.entries)
        forwarder = Forwarder(
            routes=self,
            store=self,
            readers=Workers(1, "replay"),
            kind=QuarantineKind(originals, self._selection.part_of),
            targets=targets,
            committer=self,
            limits=ReadLimits(max_line_bytes=sys.maxsize),
        )
        try:
            forwarder.forward([step.work for step in self._lines.values()], run)
        finally:
            for content in self._open.values():
                content.close()

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route of a step."""
        return self._routes.get(source.bucket)

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Superseded:
        """Return the content of a file; a file that was deleted is superseded. Raises `SourceUnavailable`."""
        del start, left_secs
        try:
            content = self._files.read(source.key)
            if content is None:  # another process replayed all of it
                return Superseded()
            content.check()
        except (NotQuarantine, Unavailable) as error:
            raise SourceUnavailable(str(error)) from error
        self._open[source] = content
        return OpenObject(content.chunks())

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
        """Commit no checkpoint: a file is committed once, at its end."""

    def commit(self, trackers: Sequence[ObjectTracker]) -> None:
        """Replace the entries of each file by those that are left, and count them."""
        for tracker in trackers:
            self._commit(tracker)

    finish = commit

    def _commit(self, tracker: ObjectTracker) -> None:
        source = tracker.work.source
        if content := self._open.pop(source, None):
            self._replace(source, content, Outcomes(tracker))
            tracker.rejections.drop_before(None)
            if tracker.state is ObjectState.READ and not tracker.inferences.pending:
                tracker.state = ObjectState.DONE
        elif tracker.state is not ObjectState.SUPERSEDED:
            self.report.leave(self._lines[source].entries, why_pending(tracker))

    def notice(self, notice: Notice) -> None:
        """Add the counts of a file."""
        if isinstance(notice, ObjectForwarded):
            self.report.lines += notice.report.lines
            self.report.inferences += notice.report.inferences
            self._advance(self._lines[notice.report.source].entries)

    def _replace(self, source: CaptureObject, content: Content, outcomes: Outcomes) -> None:
        left: dict[bytes, QuarantineEntry | None] = {}
        whys: list[str | None] = []
        for number, line in content.unique_lines():
            entry = entry_in(number, line)
            selected = self._selection.part_of(entry)
            if entry.line and entry.route == source.bucket and selected:
                outcome = outcomes.of(number, entry, selected)
                whys.append(outcome.why_left)
                if outcome.changes:
                    left[digest_of(line)] = outcome.left
        failure = rewrite(self._files, source.key, content, left)
        for why in whys:
            self.report.count(why or (f"accepted, but {failure}" if failure else None))
