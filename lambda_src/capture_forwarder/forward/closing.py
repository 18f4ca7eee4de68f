"""How an object's books are closed: rejections into quarantine, then progress, then, if some is owed, a message.

In this order, so that dying between two steps repeats work and never loses any.
"""

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import ProgressRecord, QuarantineFile
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.run import Run
from capture_forwarder.ports import Progress, Quarantine, Queue

_LONGEST_DELAY_SECS = 900


class Closing:
    """Writes down what was settled; without a quarantine or a queue what they would take stays with the message."""

    def __init__(
        self, progress: Progress, quarantine: Quarantine | None, queue: Queue | None, *, first_delay_secs: int = 30
    ) -> None:
        self._first_delay_secs = first_delay_secs
        self._progress = progress
        self._quarantine = quarantine
        self._queue = queue

    def checkpoint(self, account: Account, run: Run) -> None:
        """Save how far an object is settled and hold it for the rest of this run. Raises `Unavailable`."""
        self._save(account, done=False, leased_until=run.now() + run.deadline.platform_left_secs())

    def conclude(self, account: Account, run: Run) -> ForwardReport:
        """Close the books of an object for this run."""
        try:
            self._settle(account)
        except Unavailable as unavailable:
            account.state, account.why = ObjectState.PENDING, str(unavailable)
        waits = account.state in {ObjectState.PENDING, ObjectState.OUT_OF_TIME, ObjectState.LEASED}
        if waits and self._queue and self._keeps_all(account):
            self._hand_over(account, self._queue, run)
        return account.report()

    def _settle(self, account: Account) -> None:
        if account.state is ObjectState.READ and not account.inferences.pending:
            account.state = ObjectState.DONE
            if self._keeps_all(account):
                self._save(account, done=True, leased_until=0.0)
        elif account.state is ObjectState.REJECTED:
            self._quarantine_before(account, None)
        elif account.state in {ObjectState.READ, ObjectState.PENDING, ObjectState.OUT_OF_TIME, ObjectState.FAILED}:
            moved = account.read_offset() != account.position.read_offset
            if self._keeps_all(account) and (moved or account.position.leased_until):
                self._save(account, done=False, leased_until=0.0)

    def _keeps_all(self, account: Account) -> bool:
        return self._quarantine is not None or not account.rejections_before(None)

    def _save(self, account: Account, *, done: bool, leased_until: float) -> None:
        read_offset = account.read_offset()
        self._quarantine_before(account, None if done else read_offset.offset)
        before = account.position
        taken = bool(leased_until) and not before.leased_until
        position = ProgressRecord(
            read_offset=read_offset,
            done=done,
            fence=before.fence + (taken or account.fences_off),
            leased_until=leased_until,
            accepted=account.inferences.accepted + account.inferences.duplicate,
            rejected=account.inferences.rejected.total(),
            # Whoever died before saving may have left a file of that name: only the next file can take its place.
            quarantined_up_to=None if done or account.has_file else before.next_file_offset,
        )
        self._progress.save(account.work.source, position, expected_fence=before.fence)
        account.saved(position)

    def _quarantine_before(self, account: Account, offset: int | None) -> None:
        entries = account.rejections_before(offset)
        if not entries or self._quarantine is None or account.route is None:
            return
        self._quarantine.keep(
            QuarantineFile(
                source=account.work.source,
                route=account.route.name,
                start=account.position.next_file_offset,
                modified=account.modified,
                entries=account.in_one_file(entries),
            )
        )
        account.quarantined(entries)

    def _hand_over(self, account: Account, queue: Queue, run: Run) -> None:
        waits = account.state is not ObjectState.OUT_OF_TIME
        requeue_count = account.work.requeue_count + 1 if waits else 0
        delay = min(_LONGEST_DELAY_SECS, self._first_delay_secs * 2 ** min(requeue_count - 1, 10)) if waits else 0
        if account.state is ObjectState.LEASED:
            delay = min(_LONGEST_DELAY_SECS, max(1, int(account.position.leased_until - run.now()) + 1))
        try:
            work = Work(account.work.source, account.position.read_offset, requeue_count, account.work.backfill)
            queue.put(work, delay_secs=delay)
        except Unavailable as unavailable:
            account.state, account.why = ObjectState.PENDING, str(unavailable)
        else:
            account.state = ObjectState.REQUEUED
