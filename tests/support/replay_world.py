"""Quarantine files in a directory, and a destination in memory to which they are replayed."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import DecodingOptions, Route
from capture_forwarder.kinds.quarantine.entries import encode_file
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_ops.replay.command import run_until
from capture_ops.replay.files import DirectoryFiles, QuarantineFiles, decode_file
from capture_ops.replay.plan import Selection, make_plan
from capture_ops.replay.replaying import Replay, ReplayReport
from tests.support.captures import capture, csv_side
from tests.support.fakes import MemoryStore, RecordingDestination, make_run, make_target

CHURN = Route(name="churn", bucket="captures", prefix="", destination="fake", model_id="m")
SOURCE = CaptureObject("captures", "a", etag="etag-1")


def call_of(event_id: str, rows: int = 1) -> bytes:
    """Return the capture of one call; the values of a row are its index."""
    text = "\n".join(map(str, range(rows)))
    return capture(csv_side(text), csv_side(text), eventId=event_id)


def line_entry(data: bytes | None, **changes: object) -> QuarantineEntry:
    """Return the entry of a rejected line."""
    code = RejectionCode.LINE_NOT_JSON
    entry = QuarantineEntry(source=SOURCE, route="churn", code=code, why="the old reason", line=1, data=data)
    return replace(entry, **changes)


def row_entry(event_id: str, index: int, rows: int, **changes: object) -> QuarantineEntry:
    """Return the entry of one rejected row of a call of several rows."""
    code = RejectionCode.REFUSED_BY_DESTINATION
    entry = line_entry(call_of(event_id, rows), code=code, index=index, partner_inference_id=f"{event_id}_{index}")
    return replace(entry, **changes)


class ReplayWorld:
    """A directory of quarantine files, the store of capture objects, and one destination."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: QuarantineFiles = DirectoryFiles(folder)
        self.destination = RecordingDestination()
        self.store = MemoryStore()
        self.routes = {"churn": CHURN}
        self.max_line_bytes = 100_000
        self.finished: list[int] = []

    def set_options(self, options: DecodingOptions) -> None:
        """Change the decoding options of the route."""
        self.routes["churn"] = replace(CHURN, decoding=options)

    def path(self, name: str) -> Path:
        """Return the path of a quarantine file."""
        return self.folder / f"{name}.jsonl.gz"

    def keep(self, name: str, *entries: QuarantineEntry) -> None:
        """Write one quarantine file."""
        self.path(name).write_bytes(encode_file(entries))

    def entries(self) -> dict[str, list[QuarantineEntry]]:
        """Return the entries in quarantine, by file."""
        paths = sorted(self.folder.iterdir())
        return {path.name.removesuffix(".jsonl.gz"): list(decode_file(path.read_bytes()).values()) for path in paths}

    def replay(
        self,
        selection: Selection | None = None,
        *,
        stopped: Event | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> ReplayReport:
        """Plan, call `meanwhile`, and execute; check that the report is balanced."""
        selection = selection or Selection()
        steps = make_plan(self.files, selection, self.routes).steps
        meanwhile()
        replay = Replay(self.files, steps, selection, self.routes, self.finished.append)
        run = run_until(stopped, replay) if stopped else make_run(observer=replay)
        replay.execute(Originals(self.store, self.max_line_bytes), {"fake": make_target(self.destination)}, run)
        report = replay.report
        assert report.balanced
        assert report.complete == (not report.left)
        return report
