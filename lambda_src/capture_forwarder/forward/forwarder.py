"""Forward objects together, so that their rows share requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from typing import Protocol

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.committing import Committer, OpenObjects
from capture_forwarder.forward.read_ahead import Opener, read_ahead
from capture_forwarder.forward.reading import Pauses, ReadLimits, open_spans, why_stop
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending import Senders, Target
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import Kind
from capture_forwarder.ports import ObjectStore


class Routes(Protocol):
    """Finds the route of an object."""

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route of `source`, or `None` if there is none."""
        ...


class Forwarder:
    """Sends the rows of objects of one kind to the destinations of their routes."""

    def __init__(
        self,
        *,
        routes: Routes,
        store: ObjectStore,
        readers: Executor,
        kind: Kind,
        targets: Mapping[str, Target],
        committer: Committer,
        limits: ReadLimits,
    ) -> None:
        self._routes = routes
        self._store = store
        self._readers = readers
        self._kind = kind
        self._targets = targets
        self._committer = committer
        self._limits = limits

    def forward(self, works: Sequence[Work], run: Run) -> list[ForwardReport]:
        """Return one report a work, in order. Works for one version of an object share a report: events are repeated."""
        groups: dict[str | Work, Work] = {}
        firsts = [groups.setdefault(work.group, work) for work in works]
        senders, objects = Senders(self._targets, self._kind, run), OpenObjects(self._committer, run)
        readable = self._readable(groups, senders, objects, run)
        with closing(read_ahead(self._store, self._readers, readable, run.deadline)) as turns:
            for tracker, opener in turns:
                objects.open(tracker)
                self._read_alone(tracker, opener, senders, objects, run)
                objects.commit_finished()
                if objects.uncommitted_bytes() > self._limits.max_uncommitted_bytes:
                    _wait_for_all(senders, objects)
        _wait_for_all(senders, objects)
        objects.commit_all(senders)
        return [objects.reports[work] for work in firsts]

    def _read_alone(
        self, tracker: ObjectTracker, opener: Opener, senders: Senders, objects: OpenObjects, run: Run
    ) -> None:
        """Read one object. Its errors become its state, so that one bad object never affects the others."""
        try:
            self._read(tracker, opener, senders, objects, run)
        except Unavailable as unavailable:
            tracker.end_with(ObjectState.PENDING, str(unavailable))
        except Exception as bug:  # noqa: BLE001 - a bug in one object must not stop the delivery of the others
            why = f"unexpected {type(bug).__name__} after {tracker.lines.read} lines"
            tracker.end_with(ObjectState.FAILED, why)

    def _read(self, tracker: ObjectTracker, opener: Opener, senders: Senders, objects: OpenObjects, run: Run) -> None:
        sender, pauses = senders.sender(tracker.route), Pauses(self._limits, run)
        if stop := why_stop(sender, run):
            tracker.end_with(*stop)
            return
        tracker.begin()
        decoder = senders.decoder(tracker.route)
        for decoded in open_spans(tracker, opener, decoder, self._limits, sender.max_inferences):
            tracker.add(decoded)
            request_begun = sender.add(tracker, decoded)  # may wait for a request to end
            if not pauses.due(tracker, request_begun=request_begun):
                continue
            tracker.advance()
            objects.commit_finished()
            if stop := why_stop(sender, run):
                tracker.end_with(*stop)
                return
            if pauses.checkpoint_due(tracker):
                objects.checkpoint(tracker)
        tracker.end_with(ObjectState.READ)

    def _readable(
        self, groups: Mapping[str | Work, Work], senders: Senders, objects: OpenObjects, run: Run
    ) -> Iterator[ObjectTracker]:
        """Yield a tracker for every object that is to be read; open or report all others."""
        stored, failure = self._load(groups.values())
        for group, work in groups.items():
            route = self._routes.route_for(work.source)
            if route is None:
                objects.add_report(work, ForwardReport(source=work.source, state=ObjectState.UNROUTED))
                continue
            progress = stored.get(str(group)) or ProgressRecord(read_offset=work.read_offset)
            tracker = ObjectTracker(work, route, progress, self._kind)
            if failure:
                tracker.end_with(ObjectState.PENDING, failure)
            elif progress.done:
                tracker.end_with(ObjectState.DONE_BEFORE)
            elif progress.leased_until > run.now():
                tracker.end_with(ObjectState.LEASED, "another invocation is at work on it")
            elif error := senders.sender(route).error:
                tracker.end_with(ObjectState.PENDING, str(error))
            else:
                yield tracker
                continue
            objects.open(tracker)

    def _load(self, works: Iterable[Work]) -> tuple[Mapping[str, ProgressRecord], str | None]:
        """Return the stored progress, or the reason why it cannot be read."""
        try:
            return self._committer.load([work.source for work in works]), None
        except Unavailable as unavailable:
            return {}, str(unavailable)


def _wait_for_all(senders: Senders, objects: OpenObjects) -> None:
    """Send every batch that was begun, and commit each object when its results are there."""
    senders.flush()
    while senders.wait_for_results():
        objects.commit_finished()
