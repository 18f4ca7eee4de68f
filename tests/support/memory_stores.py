"""The stores in memory: objects, progress, quarantine and queue. The contract suites run on them and on the real adapters."""

import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Lock

from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import (
    Reason,
    RejectionCode,
    SourceDamaged,
    Superseded,
    Unavailable,
)
from capture_forwarder.domain.progress import Claim, ProgressRecord, QuarantineFile, RunRecord
from capture_forwarder.ports import OpenObject, TimeLeft

MODIFIED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryStore:
    """Objects by bucket and key, sent in small chunks. A key in `errors` raises its error when it is opened."""

    def __init__(self, chunk_bytes: int = 7) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.reads: list[tuple[str, int]] = []
        self.errors: dict[str, Exception] = {}
        self.content_types: dict[str, str] = {}
        self._chunk_bytes = chunk_bytes

    def put(self, key: str, *lines: bytes, bucket: str = "captures", compress: bool = False) -> CaptureObject:
        """Store `lines` and return the object as its event would name it."""
        data = b"".join(line + b"\n" for line in lines)
        return self.put_bytes(key, gzip.compress(data) if compress else data, bucket)

    def put_bytes(self, key: str, data: bytes, bucket: str = "captures") -> CaptureObject:
        """Store `data` and return the object as its event would name it."""
        self.objects[bucket, key] = data
        return CaptureObject(bucket, key, etag=f"etag-{hash(data)}", size=len(data))

    def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
        """Return the stored object."""
        del left_secs
        self.reads.append((source.key, start))
        if source.key in self.errors:
            raise self.errors[source.key]
        data = self.objects.get((source.bucket, source.key))
        if data is None:
            return Reason(RejectionCode.OBJECT_GONE, "it is gone")
        if source.etag and source.etag != f"etag-{hash(data)}":
            return Superseded()
        if start > len(data):
            raise SourceDamaged(f"the offset {start} lies past the end")
        return OpenObject(self._chunks(data[start:]), MODIFIED, self.content_types.get(source.key))

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), self._chunk_bytes):
            yield data[at : at + self._chunk_bytes]


class MemoryProgress:
    """Claims by `state_id` and records of runs by id, with the conditions of the real table.

    `claimed` and `saved` list every claim and every record that was stored. `error`, if it is set, is raised by all
    calls of the methods in `failing`.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self.runs: dict[str, RunRecord] = {}
        self.claimed: list[str] = []
        self.saved: list[RunRecord] = []
        self.looked: list[str] = []
        self.error: Unavailable | None = None
        self.failing: set[str] = {"claim", "look", "take", "save"}
        self.lock = Lock()

    def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
        """Store `claim` if there is none, or in place of `over`."""
        self._call("claim", within_secs)
        with self.lock:
            known = self.claims.get(state)
            if known is not None and (over is None or (over.run, over.unreadable) != (known.run, known.unreadable)):
                return known
            self.claims[state] = claim
            self.claimed.append(state)
            return claim

    def look(self, run: str, *, within_secs: float) -> RunRecord | None:
        """Return the record of a run."""
        self._call("look", within_secs)
        self.looked.append(run)
        return self.runs.get(run)

    def take(self, run: str, *, within_secs: float) -> RunRecord:
        """Mark a run as taken."""
        self._call("take", within_secs)
        with self.lock:
            self.runs[run] = replace(self.runs.get(run, RunRecord()), taken=True)
            return self.runs[run]

    def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
        """Store `record` if the stored one has one save less and is not taken."""
        self._call("save", within_secs)
        with self.lock:
            known = self.runs.get(run, RunRecord())
            if known.taken or known.saves != record.saves - 1:
                return known
            self.runs[run] = record
            self.saved.append(record)
            return record

    def progress(self, source: CaptureObject) -> ProgressRecord | None:
        """Return how far an object is committed: by its run, or else where its run began."""
        claim = self.claims.get(source.state_id or "")
        if claim is None:
            return None
        record = self.runs.get(claim.run, RunRecord())
        return record.reached.get(source.state_hash, claim.progress)

    def _call(self, method: str, within_secs: float) -> None:
        assert within_secs >= 0
        if self.error and method in self.failing:
            raise self.error


class MemoryQuarantine:
    """Quarantine files by version of the object, start and run. `kept` lists the keys of all writes."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, int, str], QuarantineFile] = {}
        self.kept: list[tuple[str, int, str]] = []
        self.error: Exception | None = None

    def keep(self, file: QuarantineFile, *, within_secs: float) -> None:
        """Store `file`, or raise `error`."""
        assert within_secs >= 0
        if self.error:
            raise self.error
        key = (file.source.state_id or file.source.uri, file.start, file.run)
        self.kept.append(key)
        if file.replaces or key not in self.files:
            self.files[key] = replace(file, entries=list(file.entries))


class MemoryQueue:
    """Messages with their delays. With an `error` it sends none."""

    def __init__(self) -> None:
        self.messages: list[tuple[Work, int]] = []
        self.failure: str | None = None

    def put(self, items: Sequence[tuple[Work, int]], *, within_secs: float) -> list[str | None]:
        """Store all works, or return `failure` for each."""
        assert within_secs >= 0
        if self.failure is None:
            self.messages += items
        return [self.failure] * len(items)
