"""Forward objects together, so that their rows share requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from operator import attrgetter
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
        """Return one report a work, in order.

        Works for one version of an object share it, because events are repeated. It is that of the longest wait.
        """
        grouped = [(work.group, work) for work in works]
        groups: dict[str | Work, Work] = {}
        for group, work in grouped:
            groups[group] = max(groups.get(group, work), work, key=attrgetter("requeue_count"))
        senders, objects = Senders(self._targets, self._kind, run), OpenObjects(self._committer, run)
        readable = _readable(self._track(groups, objects, run), senders, objects)
        with closing(read_ahead(self._store, self._readers, readable, run.deadline)) as turns:
            for tracker, opener in turns:
                self._read_alone(tracker, opener, senders, objects, run)
                objects.commit_finished()
                if objects.uncommitted_bytes() > self._limits.max_uncommitted_bytes:
                    _wait_for_all(senders, objects)
        _wait_for_all(senders, objects)
        objects.commit_all(senders)
        return [objects.reports[groups[group]] for group, _ in grouped]

    def _track(self, groups: Mapping[str | Work, Work], objects: OpenObjects, run: Run) -> list[ObjectTracker]:
        """Return a tracker for every object that is to be read; the others get their state, or their report."""
        routed = self._route(groups, objects)
        stored, failure = self._load([work for work, _ in routed.values()])
        trackers = []
        for group, (work, route) in routed.items():
            progress = stored.get(str(group)) or ProgressRecord(read_offset=work.read_offset)
            tracker = ObjectTracker(work, route, progress)
            if failure:
                objects.end(tracker, ObjectState.PENDING, failure)
            elif progress.done:
                objects.end(tracker, ObjectState.DONE_BEFORE)
            elif progress.leased_until > run.now():
                objects.end(tracker, ObjectState.LEASED, "another invocation is at work on it")
            else:
                trackers.append(tracker)
        return trackers

    def _route(self, groups: Mapping[str | Work, Work], objects: OpenObjects) -> dict[str | Work, tuple[Work, Route]]:
        """Return the works that have a route, with it; the others are skipped, without a read of their progress.

        EventBridge selects by prefix only, and by wider folders when there are many routes, so other objects arrive.
        """
        routed: dict[str | Work, tuple[Work, Route]] = {}
        for group, work in groups.items():
            if route := self._routes.route_for(work.source):
                routed[group] = work, route
            else:
                why = "no route matches it"
                objects.add_report(work, ForwardReport(source=work.source, state=ObjectState.SKIPPED, why=why))
        return routed

    def _load(self, works: Iterable[Work]) -> tuple[Mapping[str, ProgressRecord], str | None]:
        """Return the stored progress, or the reason why it cannot be read."""
        try:
            return self._committer.load([work.source for work in works]), None
        except Unavailable as unavailable:
            return {}, str(unavailable)

    def _read_alone(
        self, tracker: ObjectTracker, opener: Opener, senders: Senders, objects: OpenObjects, run: Run
    ) -> None:
        """Read one object. Its errors become its state, so that one bad object never affects the others."""
        objects.open(tracker)
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


def _readable(trackers: list[ObjectTracker], senders: Senders, objects: OpenObjects) -> Iterator[ObjectTracker]:
    """Yield the objects whose sender has no error; an object is asked for shortly before its turn."""
    for tracker in trackers:
        if error := senders.sender(tracker.route).error:
            objects.end(tracker, ObjectState.PENDING, str(error))
        else:
            yield tracker


def _wait_for_all(senders: Senders, objects: OpenObjects) -> None:
    """Send every batch that was begun, and commit each object when its results are there."""
    senders.flush()
    while senders.wait_for_results():
        objects.commit_finished()
