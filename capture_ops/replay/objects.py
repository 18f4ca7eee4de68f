"""Replay of entries of whole objects: the object's message is sent again, and the function forwards the object."""

from collections.abc import Iterator

from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import digest_of
from capture_forwarder.ports import Queue
from capture_ops.replay.content import Content, NotQuarantine, entry_in
from capture_ops.replay.files import QuarantineFiles
from capture_ops.replay.plan import Routes, Selection, Step, object_advice
from capture_ops.replay.report import ReplayReport
from capture_ops.replay.rewriting import rewrite

_SEND_SECS = 60.0


class ObjectReplay:
    """Sends the messages of rejected objects. `queue` is the queue of the stack, or the reason why there is none."""

    def __init__(self, files: QuarantineFiles, selection: Selection, routes: Routes, queue: Queue | str) -> None:
        self._files = files
        self._selection = selection
        self._routes = routes
        self._queue = queue

    def replay(self, step: Step, report: ReplayReport) -> None:
        """Send the messages of the entries of `step`, remove these entries, and count them in `report`.

        The message is sent first. After a crash in between it is sent again, and the function recognises it.
        """
        try:
            content = self._files.read(step.name)
            if content:
                content.check()
        except (NotQuarantine, Unavailable) as error:
            report.leave(step.entries, f"still pending: {error}")
            return
        if content:
            self._replace(step, content, report)

    def _entries(self, step: Step, content: Content) -> Iterator[tuple[bytes, QuarantineEntry]]:
        """Yield the entries of `step`, each with the digest of its line."""
        for number, line in content.unique_lines():
            entry = entry_in(number, line)
            if not entry.line and entry.route == step.route and self._selection.part_of(entry):
                yield digest_of(line), entry

    def _replace(self, step: Step, content: Content, report: ReplayReport) -> None:
        entries = dict(self._entries(step, content))
        whys = {digest: self._send(entry) for digest, entry in entries.items()}
        sent = dict.fromkeys(digest for digest, why in whys.items() if why is None)
        deletes = all(not entry.line for entry in entries.values())
        failure = rewrite(self._files, step.name, content, sent, deletes=deletes)
        for why in whys.values():
            report.count(why or (f"its message was sent, but {failure}" if failure else None))

    def _send(self, entry: QuarantineEntry) -> str | None:
        """Send the message of an object; return the reason if it was not sent."""
        if advice := object_advice(entry, self._routes):
            return advice
        if isinstance(self._queue, str):
            return f"its message could not be sent: {self._queue}"
        (failure,) = self._queue.put([(Work(entry.source), 0)], within_secs=_SEND_SECS)
        return f"its message could not be sent: {failure}" if failure else None
