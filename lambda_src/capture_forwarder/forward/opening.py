"""Open an object for this run: claim it, then read it from its committed offset."""

from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.delivery import Reason, SourceUnavailable, Superseded
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.claiming import Claimed, Held
from capture_forwarder.forward.committing.open_objects import Commits
from capture_forwarder.forward.run import Deadline
from capture_forwarder.ports import ObjectStore, OpenObject


class Opened(Struct, frozen=True):
    """The claim of an object, and its content if this run holds it; a claim that is `None` says that it is done."""

    claim: Claimed | Held | None
    content: OpenObject | Reason | Superseded | None = None


class Opening:
    """Opens the objects of one run, in any thread."""

    def __init__(self, store: ObjectStore, commits: Commits, deadline: Deadline) -> None:
        self._store = store
        self._commits = commits
        self._deadline = deadline

    def open(self, work: Work, route: Route) -> Opened:
        """Claim and open an object. Raises `Unavailable` if it cannot be claimed.

        An object that was claimed and cannot be opened has content that raises the error, because the claim counts.
        """
        claim = self._commits.claim(work, route)
        if not isinstance(claim, Claimed):
            return Opened(claim)
        try:
            start = claim.progress.read_offset.first_byte
            return Opened(claim, self._store.open(work.source, start, self._deadline.left_secs))
        except SourceUnavailable as error:
            return Opened(claim, OpenObject(failing(error)))


def failing(error: SourceUnavailable) -> Iterator[bytes]:
    """Return chunks that raise `error` at once."""
    return iter(partial(_raise, error), b"")


def _raise(error: SourceUnavailable) -> bytes:
    raise error
