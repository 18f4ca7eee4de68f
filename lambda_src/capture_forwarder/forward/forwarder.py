"""Forward objects together, so that their rows share requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from operator import attrgetter
from typing import Protocol

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import PendingCause, Reason, RejectionCode, SourceDamaged, Unavailable
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import UNROUTED, NoRoute, Route
from capture_forwarder.forward.claiming import Claimed, Held
from capture_forwarder.forward.committing.open_objects import Committer, OpenObjects
from capture_forwarder.forward.opening import Opened, Opening
from capture_forwarder.forward.read_ahead import Opener, Routed, read_ahead
from capture_forwarder.forward.reading import Pauses, ReadLimits, open_spans, stop_if_due
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.senders import Senders
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.forward.workers import Workers
from capture_forwarder.kinds.kind import Kind
from capture_forwarder.ports import ObjectStore


class Routes(Protocol):
    """Finds the route of an object."""

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route of `source`, or `None` if there is none."""
        ...

    def why_no_route(self, source: CaptureObject) -> NoRoute:
        """Return why `source` has no route."""
        ...


class Forwarder:
    """Sends the rows of objects of one kind to the destinations of their routes."""

    def __init__(
        self,
        *,
        routes: Routes,
        store: ObjectStore,
        readers: Workers,
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
        """Return one report for each of `works`, in their order.

        Events are repeated, so several works may name one version of an object. It is forwarded once, as the work with
        the highest requeue count, and all these works get the same report.
        """
        grouped = [(work.group, work) for work in works]
        groups: dict[str | Work, Work] = {}
        for group, work in grouped:
            groups[group] = max(groups.get(group, work), work, key=attrgetter("requeue_count"))
        commits = self._committer.begin(run)
        objects = OpenObjects(commits, run, len(groups))
        senders = Senders(self._targets, self._kind, run, objects.commit_finished)
        opening = Opening(self._store, commits, run.deadline)
        routed = self._route(groups.values(), objects)
        senders.expect(route for _, route in routed)
        readable = self._readable(routed, senders, objects)
        with closing(read_ahead(opening, self._readers, readable, run.deadline)) as turns:
            for work, route, opener in turns:
                self._read_alone((work, route), opener, senders, objects, run)
                objects.commit_finished()
                if self._holds_too_much(objects):
                    _wait_for_all(senders, objects)
                    objects.commit_finished(now=True)
        _wait_for_all(senders, objects)
        objects.commit_all(senders)
        return [objects.reports[groups[group]] for group, _ in grouped]

    def _holds_too_much(self, objects: OpenObjects) -> bool:
        """Return whether too many bytes are held that cannot be committed yet."""
        if objects.uncommitted_bytes() > self._limits.max_uncommitted_bytes:
            objects.commit_finished(now=True)
        return objects.uncommitted_bytes() > self._limits.max_uncommitted_bytes

    def _route(self, works: Iterable[Work], objects: OpenObjects) -> list[Routed]:
        """Return the works that have a route, with it; the others get their state, or their report.

        EventBridge selects by prefix only, and by wider folders when there are many routes, so other objects arrive.
        """
        routed = []
        for work in works:
            if route := self._routes.route_for(work.source):
                routed.append((work, route))
                continue
            why = self._routes.why_no_route(work.source)
            if why is NoRoute.UNROUTED:
                objects.add(self._unrouted(work))
            else:
                state = ObjectState.SKIPPED if why is NoRoute.SKIPPED else ObjectState.REFUSED
                objects.add_report(work, ForwardReport(source=work.source, state=state, why=why))
        return routed

    def _unrouted(self, work: Work) -> ObjectTracker:
        """Return a tracker of an object that goes to quarantine as a whole, because no route covers it."""
        route = Route(name=UNROUTED, bucket=work.source.bucket, prefix="", destination="", model_id="")
        tracker = self._tracker((work, route))
        tracker.reject_object(Reason(RejectionCode.NO_ROUTE, str(NoRoute.UNROUTED)))
        tracker.state = ObjectState.UNROUTED
        return tracker

    def _readable(self, routed: Iterable[Routed], senders: Senders, objects: OpenObjects) -> Iterator[Routed]:
        """Yield the objects whose sender has no error; each object is requested shortly before its turn."""
        for work, route in routed:
            if error := senders.sender(route).error:
                tracker = self._tracker((work, route))
                tracker.end_with_error(error)
                objects.add(tracker)
            else:
                yield work, route

    def _read_alone(self, routed: Routed, opener: Opener, senders: Senders, objects: OpenObjects, run: Run) -> None:
        """Read one object. Its errors become its state, so that one bad object never affects the others."""
        tracker = self._tracker(routed)
        try:
            if not stop_if_due(tracker, senders.sender(tracker.route), run):
                senders.decoder(tracker.route, tracker.work.source)
                opened = opener()
                tracker = self._tracker(routed, opened.claim)
                self._read(tracker, opened, senders, objects, run)
        except SourceDamaged as damaged:
            tracker.end_with(ObjectState.DAMAGED, str(damaged), damaged.cause)
        except Unavailable as unavailable:
            tracker.end_with_error(unavailable)
        except Exception as bug:  # noqa: BLE001 - a bug in one object must not stop the delivery of the others
            why = f"unexpected {type(bug).__name__} after {tracker.lines.read} lines"
            tracker.end_with(ObjectState.FAILED, why)
        objects.add(tracker)

    def _tracker(self, routed: Routed, claim: Claimed | Held | None = None) -> ObjectTracker:
        work, route = routed
        claimed = claim if isinstance(claim, Claimed) else Claimed(ProgressRecord(work.read_offset), "")
        return ObjectTracker(work, route, claimed)

    def _read(self, tracker: ObjectTracker, opened: Opened, senders: Senders, objects: OpenObjects, run: Run) -> None:
        if opened.content is None:
            _end_unread(tracker, opened.claim)
            return
        if (item := tracker.claimed.item) and item.ended:  # since the object was read ahead
            tracker.end_with_error(item.ended)
            return
        sender, pauses = senders.sender(tracker.route), Pauses(self._limits, run)
        decoder = senders.decoder(tracker.route, tracker.work.source)
        for decoded in open_spans(tracker, opened.content, decoder, self._limits, sender.max_inferences):
            tracker.add(decoded)
            request_begun = sender.add(tracker, decoded)  # may wait for a request to end
            del decoded  # the rows of a large call are not held while the next one is decoded
            if not pauses.due(tracker, request_begun=request_begun):
                continue
            senders.wait_for_results(0)
            tracker.advance()
            objects.commit_finished()
            if stop_if_due(tracker, sender, run):
                return
            if pauses.checkpoint_due(tracker):
                sender.flush()  # rows that wait for their batch would hold the next checkpoint back
                if pauses.is_full(tracker):
                    _wait_for_all(senders, objects)
                objects.checkpoint(tracker)
        tracker.end_with(ObjectState.READ)


def _end_unread(tracker: ObjectTracker, claim: Claimed | Held | None) -> None:
    """End an object that this run does not hold."""
    if isinstance(claim, Held):
        tracker.held_until_secs = claim.until_secs
        tracker.end_with(ObjectState.LEASED, "another invocation is at work on it", PendingCause.LEASE)
    else:
        tracker.end_with(ObjectState.DONE_BEFORE)


def _wait_for_all(senders: Senders, objects: OpenObjects) -> None:
    """Send every batch that was begun, and commit the objects when their results are there."""
    senders.flush()
    while senders.wait_for_results():
        objects.commit_finished()
