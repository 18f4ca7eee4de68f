"""Quarantine files in a directory, and a destination in memory to which they are replayed."""

from array import array
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry
from capture_forwarder.domain.route import DecodingOptions, Route, Router
from capture_forwarder.kinds.quarantine.entries import encode_entries
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_ops.replay.command import run_until
from capture_ops.replay.files import DirectoryFiles, QuarantineFiles
from capture_ops.replay.objects import ObjectReplay
from capture_ops.replay.plan import Planner, Selection
from capture_ops.replay.replaying import Replay
from capture_ops.replay.report import ReplayReport
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import RecordingDestination, make_run, make_target
from tests.support.memory_stores import MemoryQueue, MemoryStore
from tests.support.quarantine import decode_entries

CHURN = Route(name="churn", bucket="captures", prefix="", destination="fake", model_id="m")
SOURCE = CaptureObject("captures", "a", etag="etag-1")
# Three rows; in the first one two nested values come to the same name.
AMBIGUOUS = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}, {"c": 2}]), csv_side("1\n2\n3"), eventId="e")


def call_of(event_id: str, rows: int = 1) -> bytes:
    """Return the capture of one call; the values of a row are its index."""
    text = "\n".join(map(str, range(rows)))
    return capture(csv_side(text), csv_side(text), eventId=event_id)


def line_entry(
    data: bytes | None,
    *,
    code: RejectionCode = RejectionCode.LINE_NOT_JSON,
    why: str = "the old reason",
    **changes: Any,
) -> QuarantineEntry:
    """Return the entry of a line that is rejected as a whole."""
    rejections = (LineRejection(Reason(code, why)),)
    entry = QuarantineEntry(source=SOURCE, route="churn", line=1, rejections=rejections, data=data)
    return replace(entry, **changes)


def object_entry(code: RejectionCode, **changes: Any) -> QuarantineEntry:
    """Return the entry of a whole object."""
    return line_entry(None, code=code, line=0, **changes)


def rejected(
    *rows: int, code: RejectionCode = RejectionCode.REFUSED_BY_DESTINATION, why: str = "the old reason"
) -> LineRejection:
    """Return the rejection of rows for one reason."""
    return LineRejection(Reason(code, why), array("I", rows))


def rows_entry(event_id: str, row_count: int, *rejections: LineRejection, **changes: Any) -> QuarantineEntry:
    """Return the entry of rejected rows of one call."""
    entry = line_entry(call_of(event_id, row_count), inference_id=event_id, row_count=row_count, rejections=rejections)
    return replace(entry, **changes)


def encode_file(entries: Iterable[QuarantineEntry]) -> bytes:
    """Return a quarantine file."""
    file = BytesIO()
    encode_entries(entries, file)
    return file.getvalue()


def decode_file(body: bytes) -> list[QuarantineEntry]:
    """Return the entries of a quarantine file."""
    return list(decode_entries(BytesIO(body)))


class ReplayWorld:
    """A directory of quarantine files, the store of capture objects, and one destination."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: QuarantineFiles = DirectoryFiles(folder)
        self.destination = RecordingDestination()
        self.store = MemoryStore()
        self.queue: MemoryQueue | str = MemoryQueue()
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
        """Return the entries in quarantine, by file; a file may have none."""
        paths = sorted(self.folder.iterdir())
        return {path.name.removesuffix(".jsonl.gz"): decode_file(path.read_bytes()) for path in paths}

    def replay(
        self,
        selection: Selection | None = None,
        *,
        stopped: Event | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> ReplayReport:
        """Plan, call `meanwhile`, and execute; check that the report is balanced."""
        selection = selection or Selection()
        router = Router(tuple(self.routes.values()))
        steps = Planner(selection, self.routes, router).plan(self.files).steps
        meanwhile()
        replay = Replay(self.files, steps, selection, self.routes, self.finished.append)
        run = run_until(stopped, replay) if stopped else make_run(observer=replay)
        replay.send_messages(ObjectReplay(self.files, selection, router, self.queue), run)
        replay.execute(Originals(self.store, self.max_line_bytes), {"fake": make_target(self.destination)}, run)
        report = replay.report
        assert report.balanced
        assert report.complete == (not report.left)
        return report
