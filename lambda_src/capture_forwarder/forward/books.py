"""The accounts of one run, each closed as soon as nothing of it is under way."""

from collections.abc import Iterable

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.notices import ObjectForwarded
from capture_forwarder.forward.account import Account
from capture_forwarder.forward.closing import Closing
from capture_forwarder.forward.run import Run


class Books:
    """Keeps the accounts that are open, and the reports of those that are closed.

    None waits for the end of the run: whoever dies then has written down what was settled, and sends little twice.
    Works for one state of an object share an account: events come more than once.
    """

    def __init__(self, closing: Closing, run: Run) -> None:
        self._closing = closing
        self._run = run
        self._open: dict[str | Work, Account] = {}
        self._reports: dict[str | Work, ForwardReport] = {}

    def open(self, account: Account) -> Account:
        """Take one more account, and return it."""
        self._open[account.work.state] = account
        return account

    def still_open(self) -> Iterable[Account]:
        """Return the accounts that are not closed yet."""
        return self._open.values()

    def checkpoint(self, account: Account) -> None:
        """Save how far an object is settled and hold it for the rest of this run. Raises `Unavailable`."""
        self._closing.checkpoint(account, self._run)

    def close_settled(self) -> None:
        """Close the accounts of objects that are not read any more, and of which nothing is under way."""
        for state, account in list(self._open.items()):
            if account.state is not ObjectState.READING and not account.inferences.pending:
                self._close(state)

    def close(self) -> None:
        """Close all accounts."""
        for state in list(self._open):
            self._close(state)

    def report(self, work: Work) -> ForwardReport:
        """Return the report of a closed account."""
        return self._reports[work.state]

    def _close(self, state: str | Work) -> None:
        report = self._closing.conclude(self._open[state], self._run)
        self._reports[state] = report
        del self._open[state]
        self._run.observer.notice(ObjectForwarded(report))
