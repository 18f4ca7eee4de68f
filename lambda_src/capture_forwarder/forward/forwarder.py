"""Capture objects forwarded together, so that their inferences share requests."""

from collections.abc import Mapping, Sequence

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.delivery import Refusal, Superseded, Unavailable
from capture_forwarder.domain.progress import Position
from capture_forwarder.domain.route import Router
from capture_forwarder.formats.lines import LineReader
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.books import Books
from capture_forwarder.forward.closing import Closing
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.reading import Reading, ReadingLimits
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.ways import Ways
from capture_forwarder.ports import CaptureStore, Progress


class Forwarder:
    """Sends the inferences of capture objects to where their routes lead."""

    def __init__(
        self,
        *,
        router: Router,
        store: CaptureStore,
        outlets: Mapping[str, Outlet],
        progress: Progress,
        closing: Closing,
        limits: ReadingLimits,
    ) -> None:
        self._router = router
        self._store = store
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
                books.open(self._account(work, {})).stop(ObjectState.OWED, str(unavailable))
        else:
            for work in works:
                if not books.has(work):
                    self._read(books.open(self._account(work, positions)), ways, books, run)
                    books.close_settled()
        ways.flush()
        while ways.settle_some():
            books.close_settled()
        for account in books.still_open():
            if account.route and account.inferences.pending:
                account.stop(ObjectState.OWED, str(ways.lane(account.route).trouble))
        books.close()
        return [books.report(work) for work in works]

    def _account(self, work: Work, positions: Mapping[str, Position]) -> Account:
        known = positions.get(work.source.state_id or "")
        return Account(work, self._router.route_for(work.source), known or Position(bookmark=work.bookmark))

    def _read(self, account: Account, ways: Ways, books: Books, run: Run) -> None:
        try:
            self._start(account, ways, books, run)
        except Unavailable as unavailable:
            account.stop(ObjectState.OWED, str(unavailable))
        except Exception as bug:  # noqa: BLE001 - a bug that one object meets must not cost its neighbours their delivery
            account.stop(ObjectState.FAILED, f"unexpected {type(bug).__name__} after {account.lines.read} lines")

    def _start(self, account: Account, ways: Ways, books: Books, run: Run) -> None:
        if account.route is None:
            account.stop(ObjectState.UNROUTED)
        elif account.position.done:
            account.stop(ObjectState.DONE_BEFORE)
        elif account.position.leased_until > run.now():
            account.stop(ObjectState.LEASED, "another invocation is at work on it")
        elif run.deadline.reading_secs() <= 0:
            account.stop(ObjectState.OUT_OF_TIME, "the invocation's time was used up before it")
        else:
            account.take_over()
            lane = ways.lane(account.route)
            if lane.trouble:
                account.stop(ObjectState.OWED, str(lane.trouble))
            else:
                self._read_lines(account, Reading(account, lane, ways.way(account.route), run), books)

    def _read_lines(self, account: Account, reading: Reading, books: Books) -> None:
        at = account.position.bookmark
        opened = self._store.open(account.work.source, 0 if at.compressed else at.offset)
        if isinstance(opened, Refusal):
            account.refuse(opened)
        elif isinstance(opened, Superseded):
            account.stop(ObjectState.SUPERSEDED)
        else:
            account.modified = opened.modified
            reader = LineReader(opened.chunks, self._limits.max_line_bytes, at)
            reading.read(reader, self._limits, books)
