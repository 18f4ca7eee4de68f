"""Claim objects, so that one run at a time works on each; take over the objects of a run that ended without an answer.

A claim names the run that holds an object. The item of that run says how far it has committed its objects. ADR 0018
explains the design, and `tests/model` checks it.
"""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from msgspec import Struct

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.delivery import LeaseLost, Unavailable
from capture_forwarder.domain.notices import ProgressDamaged
from capture_forwarder.domain.progress import Claim, ProgressRecord, QuarantineFile, RunRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.run import Run
from capture_forwarder.ports import Progress, Quarantine

T = TypeVar("T")

# A run with more objects gets further items, so that a save stays near 1 KB, the unit of a write.
MAX_CLAIMS = 10
# One store that hangs must not use up the time of the run: a call has this share of it, and no more than these seconds.
_CALL_SHARE = 0.25
_MAX_CALL_SECS = 15.0
# A store that takes longer than this to fail is not asked for another claim in this run.
_SLOW_SECS = 3.0


class Held(Struct, frozen=True):
    """Another run holds the object, until this time in seconds since the epoch."""

    until_secs: float


class RunItem:
    """The item of a run, by the objects' hashes: the progress that it has reached, and that of its last answered save.

    After a save or a quarantine file without an answer it is not known what is stored. A save without an answer ends
    the item: the run saves no more. A file without an answer keeps the run from saying that it is finished.
    """

    def __init__(self, run_id: str, leased_until_secs: float) -> None:
        self.id = run_id
        self.leased_until_secs = leased_until_secs
        self.claimed: set[str] = set()
        self.reached: dict[str, ProgressRecord | None] = {}
        self.confirmed: dict[str, ProgressRecord | None] = {}
        self.saves = 0
        self.is_sure = True
        self.finished = False
        self.ended: Unavailable | None = None

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.reached != self.confirmed

    @property
    def is_done(self) -> bool:
        """Whether every claimed object is done. Then no other run needs to read that this run is finished."""
        claimed = tuple(self.claimed)  # a copy: a thread that reads ahead may claim another object meanwhile
        return all((record := self.confirmed.get(state)) is not None and record.done for state in claimed)


class Claimed(Struct, frozen=True):
    """This run holds the object. It is committed up to `progress`; `item` is `None` if progress is not stored."""

    progress: ProgressRecord
    day: str
    item: RunItem | None = None


class Claims:
    """The claims of one run. The threads that read objects claim them; the run's own thread decides when to save."""

    def __init__(self, progress: Progress, quarantine: Quarantine | None, run: Run, day: str) -> None:
        self.items: list[RunItem] = []
        self._progress = progress
        self._quarantine = quarantine
        self._run = run
        self._day = day
        self._lock = Lock()
        self._failure: Unavailable | None = None

    def claim(self, work: Work, route: Route, state: str) -> Claimed | Held | None:
        """Claim an object for this run; `None` means that it is done.

        Raises `Unavailable`. After a failure that took long no other claim is tried in this run.
        """
        item, started = self._item(work.source.state_hash), self._run.clock()
        mine = Claim(run=item.id, leased_until_secs=item.leased_until_secs, day=self._day)
        try:
            found = self._timed(self._progress.claim, state, mine, over=None)
            if found.run == item.id:  # also if an earlier copy of the request stored it
                return Claimed(mine.progress, mine.day, item)
            claimed = self._claim_over(work, route, state, found, item)
        except Unavailable as unavailable:
            if self._run.clock() - started > _SLOW_SECS:
                self._failure = unavailable
            raise
        if not isinstance(claimed, Claimed):
            item.claimed.discard(work.source.state_hash)
        return claimed

    def save(self, item: RunItem, *, finished: bool) -> None:
        """Save the progress that the run has reached. Raises `LeaseLost`, `Unavailable`; then the item has ended."""
        item.leased_until_secs = self._lease_end()
        record = RunRecord(
            saves=item.saves + 1,
            reached=dict(item.reached),
            finished=finished and item.is_sure,
            leased_until_secs=item.leased_until_secs,
        )
        try:
            if item.ended:
                raise item.ended
            stored = self._timed(self._progress.save, item.id, record)
            if stored.taken or stored.saves != record.saves:  # else an earlier copy of this request stored it
                raise LeaseLost("another run has taken this one over")
        except Unavailable as unavailable:
            item.ended = unavailable
            raise
        item.saves, item.confirmed, item.finished = record.saves, record.reached, record.finished

    def close(self) -> None:
        """Claim no more objects: one that is claimed after the last save would be held until the lease ends."""
        with self._lock:
            self._failure = Unavailable("the run has ended")

    def _item(self, state_hash: str) -> RunItem:
        with self._lock:
            if self._failure:
                raise self._failure
            if not self.items or self.items[-1].ended or len(self.items[-1].claimed) >= MAX_CLAIMS:
                self.items.append(RunItem(self._run.new_id(), self._lease_end()))
            self.items[-1].claimed.add(state_hash)
            return self.items[-1]

    def _claim_over(self, work: Work, route: Route, state: str, found: Claim, item: RunItem) -> Claimed | Held | None:
        """Claim an object of another run: read the run's item, mark it as taken, create its open file, and then claim.

        In this order a crash between two steps leaves the old claim, and the next run repeats all of them.
        """
        reached = self._reached(work, route, found)
        if isinstance(reached, Held):
            return reached
        if reached.done:
            return None
        day = found.day or self._day
        claim = Claim(run=item.id, leased_until_secs=item.leased_until_secs, day=day, progress=reached)
        stored = self._timed(self._progress.claim, state, claim, over=found)
        return Claimed(reached, day, item) if stored.run == item.id else Held(stored.leased_until_secs)

    def _reached(self, work: Work, route: Route, found: Claim) -> ProgressRecord | Held:
        """Return how far the holder has committed the object, and make sure that this cannot change any more."""
        if found.unreadable:
            return self._damaged(work)
        record = self._timed(self._progress.look, found.run) or RunRecord()
        reached = record.reached.get(work.source.state_hash, found.progress)
        if record.finished or (reached and reached.done):
            return reached or self._damaged(work)
        until_secs = max(found.leased_until_secs, record.leased_until_secs)
        if until_secs > self._run.now():
            return Held(until_secs)
        record = self._timed(self._progress.take, found.run)
        reached = record.reached.get(work.source.state_hash, found.progress) or self._damaged(work)
        if not (record.finished or reached.done):
            self._empty(work, route, found, reached)
        return reached

    def _empty(self, work: Work, route: Route, found: Claim, reached: ProgressRecord) -> None:
        """Create the one file that the old run may still create, without entries. The old run then cannot create it."""
        if self._quarantine:
            file = QuarantineFile(
                source=work.source,
                route=route.name,
                day=found.day,
                start=reached.read_offset.offset,
                run=found.run,
                entries=[],
                replaces=True,
            )
            self._timed(self._quarantine.keep, file)

    def _damaged(self, work: Work) -> ProgressRecord:
        self._run.observer.notice(ProgressDamaged(work.source))
        return ProgressRecord()

    def _timed(self, call: Callable[..., T], *arguments: object, **options: object) -> T:
        """Call a store, with a part of the time that is left."""
        deadline, started = self._run.deadline, self._run.clock()
        try:
            within_secs = min(_MAX_CALL_SECS, deadline.commit_secs() * _CALL_SHARE)
            return call(*arguments, **options, within_secs=within_secs)
        finally:
            deadline.observe_store(self._run.clock() - started)

    def _lease_end(self) -> float:
        return self._run.now() + self._run.deadline.lease_secs()
