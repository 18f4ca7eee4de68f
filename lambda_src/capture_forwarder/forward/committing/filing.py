"""Write the rejections of objects to quarantine files."""

from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import ProgressRecord, QuarantineFile
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.ports import Quarantine

# Without progress two runs cannot be distinguished, so a repeated run overwrites the file of the first.
_NO_RUN = "unclaimed"
# A file with a whole object has a fixed name, so that a repeat overwrites it.
_OBJECTS = "objects"
_OBJECT = "object"
# Progress, queue and answer need the rest of the time.
_FILE_SHARE = 0.5
_MAX_FILE_SECS = 45.0
_SLOW_SECS = 10.0


class Filing:
    """Writes the quarantine files of one run. Without a quarantine an object with rejections cannot be filed.

    After a failure that took long no other file is tried in this run.
    """

    def __init__(self, quarantine: Quarantine | None, run: Run) -> None:
        self._quarantine = quarantine
        self._failure: Unavailable | None = None
        self._run = run

    @property
    def is_possible(self) -> bool:
        """Whether there is a quarantine."""
        return self._quarantine is not None

    def can_file(self, tracker: ObjectTracker) -> bool:
        """Return whether the rejections of an object, if it has any, can be kept."""
        return self._quarantine is not None or not tracker.rejections

    def file(self, tracker: ObjectTracker, target: ProgressRecord) -> None:
        """Write the rejections that `target` covers: one file for an object between two saves. Raises `Unavailable`.

        After a failure it is not known whether the file is there, so the run cannot say that it is finished. After a
        save without an answer no file is written, because it is not known where the next one would begin.
        """
        item = tracker.claimed.item
        if item and item.ended:
            raise item.ended
        end = None if target.done else target.read_offset.offset
        if next(tracker.rejections.before(end), None) is None:
            return
        file = QuarantineFile(
            source=tracker.work.source,
            route=tracker.route.name,
            day=tracker.claimed.day,
            start=tracker.progress.read_offset.offset,
            run=item.id if item else _NO_RUN,
            entries=tracker.rejections.before(end),
            replaces=item is None,
        )
        try:
            self._keep(file)
        except Unavailable:
            if item:
                item.is_sure = False
            raise
        tracker.quarantined(end)

    def file_object(self, tracker: ObjectTracker) -> None:
        """Write the rejection of an object as a whole. Raises `Unavailable`."""
        file = QuarantineFile(
            source=tracker.work.source,
            route=tracker.route.name,
            day=_OBJECTS,
            start=0,
            run=_OBJECT,
            entries=tracker.rejections.before(None),
            replaces=True,
        )
        self._keep(file)
        tracker.quarantined(None)

    def _keep(self, file: QuarantineFile) -> None:
        if self._quarantine is None:
            raise Unavailable("there is no quarantine for its rejections")
        if self._failure:
            raise self._failure
        deadline, started = self._run.deadline, self._run.clock()
        try:
            within_secs = min(_MAX_FILE_SECS, deadline.commit_secs() * _FILE_SHARE)
            self._quarantine.keep(file, within_secs=within_secs)
        except Unavailable as unavailable:
            if self._run.clock() - started > _SLOW_SECS:
                self._failure = unavailable
            raise
        finally:
            deadline.observe_store(self._run.clock() - started)
