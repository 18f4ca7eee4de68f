"""Capture objects forwarded together, so that their inferences share requests."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing as closed_in_the_end

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import ProgressRecord
from capture_forwarder.domain.route import Router
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.ahead import ReadAhead
from capture_forwarder.forward.books import Books
from capture_forwarder.forward.closing import Closing
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.turns import Turns
from capture_forwarder.forward.ways import Ways
from capture_forwarder.ports import CaptureStore, Progress


class Forwarder:
    """Sends the inferences of capture objects to where their routes lead."""

    def __init__(
        self,
        *,
        router: Router,
        store: CaptureStore,
        readers: Executor,
        outlets: Mapping[str, Outlet],
        progress: Progress,
        closing: Closing,
        limits: ReadLimits,
    ) -> None:
        self._router = router
        self._store = store
        self._readers = readers
        self._outlets = outlets
        self._progress = progress
        self._closing = closing
        self._limits = limits

    def forward(self, works: Sequence[Work], run: Run) -> list[ForwardReport]:
        """Return one report a work, in their order. Nothing that one object holds, or lacks, touches another.

        Works for one state of an object share what becomes of it: events come more than once.
        """
        ways, books = Ways(self._outlets, run), Books(self._closing, run)
        try:
            positions = self._progress.load([work.source for work in works])
        except Unavailable as unavailable:
            for work in works:
                books.open(self._account(work, {})).stop(ObjectState.PENDING, str(unavailable))
        else:
            accounts: dict[str | Work, Account] = {}
            for work in works:
                accounts.setdefault(work.state, self._account(work, positions))
            self._read(_to_read(accounts.values(), books, run), Turns(ways, books, self._limits, run), run)
        ways.flush()
        while ways.settle_some():
            books.close_settled()
        for account in books.still_open():
            if account.route and account.inferences.pending:
                account.stop(ObjectState.PENDING, str(ways.lane(account.route).failure))
        books.close()
        return [books.report(work) for work in works]

    def _account(self, work: Work, positions: Mapping[str, ProgressRecord]) -> Account:
        known = positions.get(work.source.state_id or "")
        return Account(work, self._router.route_for(work.source), known or ProgressRecord(read_offset=work.read_offset))

    def _read(self, accounts: list[Account], turns: Turns, run: Run) -> None:
        places = [(account.work.source, account.start) for account in accounts]
        ahead = ReadAhead(self._store, self._readers, places, run.deadline.reading_secs)
        with closed_in_the_end(ahead):
            for account in accounts:
                turns.take(account, ahead)


def _to_read(accounts: Collection[Account], books: Books, run: Run) -> list[Account]:
    """Enter why objects are not to be read, and return the accounts of the others, which open at their turns."""
    for account in accounts:
        if account.route is None:
            account.stop(ObjectState.UNROUTED)
        elif account.position.done:
            account.stop(ObjectState.DONE_BEFORE)
        elif account.position.leased_until > run.now():
            account.stop(ObjectState.LEASED, "another invocation is at work on it")
        if account.state is not ObjectState.READING:
            books.open(account)
    return [account for account in accounts if account.state is ObjectState.READING]
