"""The objects of one run, each read at its turn."""

from typing import cast

from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import Reason, Superseded, Unavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.books import Books
from capture_forwarder.forward.reading import Reading, ReadLimits
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.ways import Ways
from capture_forwarder.lines.reader import LineReader
from capture_forwarder.ports import CaptureStore


class Turns:
    """Reads one object after the other; what one of them meets touches none of the others."""

    def __init__(self, ways: Ways, books: Books, limits: ReadLimits, run: Run) -> None:
        self._ways = ways
        self._books = books
        self._limits = limits
        self._run = run

    def take(self, account: Account, store: CaptureStore) -> None:
        """Open the account of an object, read it if there is time and its destination takes anything.

        Then close what is settled by now.
        """
        self._books.open(account)
        try:
            self._start(account, store)
        except Unavailable as unavailable:
            account.stop(ObjectState.PENDING, str(unavailable))
        except Exception as bug:  # noqa: BLE001 - a bug that one object meets must not cost its neighbours their delivery
            account.stop(ObjectState.FAILED, f"unexpected {type(bug).__name__} after {account.lines.read} lines")
        self._books.close_settled()

    def _start(self, account: Account, store: CaptureStore) -> None:
        if self._run.deadline.reading_secs() <= 0:
            account.stop(ObjectState.OUT_OF_TIME, "the invocation's time was used up before it")
            return
        route = cast("Route", account.route)  # what has none is not read
        account.take_over()
        lane = self._ways.lane(route)
        if lane.failure:
            account.stop(ObjectState.PENDING, str(lane.failure))
        else:
            self._read(account, store, Reading(account, lane, self._ways.way(route), self._run))

    def _read(self, account: Account, store: CaptureStore, reading: Reading) -> None:
        opened = store.open(account.work.source, account.start)
        if isinstance(opened, Reason):
            account.refuse(opened)
        elif isinstance(opened, Superseded):
            account.stop(ObjectState.SUPERSEDED)
        else:
            account.modified = opened.modified
            reader = LineReader(opened.chunks, self._limits.max_line_bytes, account.position.read_offset)
            reading.read(reader, self._limits, self._books)
