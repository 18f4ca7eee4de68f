"""Forward objects together, so that their rows share requests."""

from collections.abc import Iterator, Mapping, Sequence
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
from capture_forwarder.forward.reading import Pauses, ReadLimits, read_object, why_stop
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
        """Return one report a work, in order. One bad object never affects the others."""
        senders, objects = Senders(self._targets, self._kind, run), OpenObjects(self._committer, run)
        readable = self._readable(works, senders, objects, run)
        with closing(read_ahead(self._store, self._readers, readable, run.deadline)) as turns:
            for tracker, opener in turns:
                objects.open(tracker)
                with tracker.contain_errors():
                    self._read(tracker, opener, senders, objects, run)
                objects.commit_finished()
                self._bound_memory(senders, objects)
        _record_all(senders, objects)
        for tracker in objects.pending():
            if tracker.inferences.pending:
                tracker.end_with(ObjectState.PENDING, str(senders.sender(tracker.route).error))
        objects.commit_all()
        return [objects.report(work) for work in works]

    def _read(self, tracker: ObjectTracker, opener: Opener, senders: Senders, objects: OpenObjects, run: Run) -> None:
        sender, pauses = senders.sender(tracker.route), Pauses(self._limits, run)
        if stop := why_stop(sender, run):
            tracker.end_with(*stop)
            return
        tracker.begin()
        decoder = senders.decoder(tracker.route)
        for decoded in read_object(tracker, opener, decoder, self._limits, sender.max_inferences):
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
        self, works: Sequence[Work], senders: Senders, objects: OpenObjects, run: Run
    ) -> Iterator[ObjectTracker]:
        """Yield a tracker for every object that is to be read; open or report all others."""
        stored, failure = self._load(works)
        groups: dict[str | Work, Work] = {}
        for work in works:
            groups.setdefault(work.group, work)
        for work in groups.values():
            route = self._routes.route_for(work.source)
            if route is None:
                objects.add_report(work, ForwardReport(source=work.source, state=ObjectState.UNROUTED))
                continue
            progress = stored.get(work.source.state_id or "") or ProgressRecord(read_offset=work.read_offset)
            tracker = ObjectTracker(work, route, progress, self._kind)
            if failure:
                tracker.end_with(ObjectState.PENDING, failure)
            elif progress.done:
                tracker.end_with(ObjectState.DONE_BEFORE)
            elif progress.leased_until > run.now():
                tracker.end_with(ObjectState.LEASED, "another invocation is at work on it")
            elif stop := why_stop(senders.sender(route), run):
                tracker.end_with(*stop)
            else:
                yield tracker
                continue
            objects.open(tracker)

    def _load(self, works: Sequence[Work]) -> tuple[Mapping[str, ProgressRecord], str | None]:
        try:
            return self._committer.load([work.source for work in works]), None
        except Unavailable as unavailable:
            return {}, str(unavailable)

    def _bound_memory(self, senders: Senders, objects: OpenObjects) -> None:
        """Wait for results if the lines of finished and unfinished objects take too much memory."""
        if sum(tracker.pending_bytes for tracker in objects.pending()) > self._limits.max_pending_bytes:
            _record_all(senders, objects)


def _record_all(senders: Senders, objects: OpenObjects) -> None:
    """Send every batch that was begun, and commit each object when its results are there."""
    senders.flush()
    while senders.wait_for_results():
        objects.commit_finished()
