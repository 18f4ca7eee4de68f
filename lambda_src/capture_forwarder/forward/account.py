"""The books of one capture object while its inferences are under way."""

from datetime import datetime
from typing import cast

from msgspec.structs import replace

from capture_forwarder.domain.capture import Line, ReadOffset, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import ACCEPTED, Reason, Rejection, RowResult, RowStatus, Skipped
from capture_forwarder.domain.progress import CommittedOffset, LineSpan, ProgressRecord, QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.kinds.captures.plain import Decoded, Outcome


class Account:
    """Counts what is read and made and what was told of it; keeps what was rejected until it is in quarantine."""

    def __init__(self, work: Work, route: Route | None, position: ProgressRecord) -> None:
        self.work = work
        self.route = route
        self.position = position
        self.fences_off = False
        self.state = ObjectState.READING
        self.why: str | None = None
        self.modified: datetime | None = None
        self.compressed = position.read_offset.compressed
        self.lines = LineCounts()
        self.inferences = InferenceCounts()
        self.rejected_bytes = 0
        self._newest: datetime | None = None
        self._rejections: list[QuarantineEntry] = []
        self._kept: list[QuarantineEntry] = []
        self._watermark = CommittedOffset(position.read_offset)

    @property
    def start(self) -> int:
        """The byte from which the object is read: where it is settled, but for gzip, which is read from its start."""
        at = self.position.read_offset
        return 0 if at.compressed else at.offset

    def enter(self, line: Line, outcome: Outcome) -> LineSpan:
        """Enter one line, and return it as a span with what is owed of it."""
        self.lines.read += 1
        span = LineSpan(line.number, line.offset, line.end, [line.data])
        if isinstance(outcome, Rejection):
            self.lines.rejected[outcome.code] += 1
            self._reject(line, outcome)
        elif isinstance(outcome, Skipped):
            self.lines.skipped[outcome.reason] += 1
        else:
            self._enter_rows(outcome, line, span)
        self._owe(span)
        return span

    def enter_decoded(self, span: LineSpan, newest: datetime | None) -> None:
        """Enter lines of which all is owed and nothing rejected; the last of their calls was at `newest`."""
        self.lines.read += len(span.lines)
        self.lines.decoded += len(span.lines)
        self.inferences.made += span.owed
        self._newest = newest
        self._owe(span)

    def _enter_rows(self, decoded: Decoded, line: Line, span: LineSpan) -> None:
        self.lines.decoded += 1
        self.inferences.made += len(decoded.rows)
        span.indices = []
        for row in decoded.rows:
            if isinstance(row, Rejection):
                self.inferences.rejected[row.code] += 1
                self._reject(line, row, row.index, row.partner_inference_id)
            else:
                span.indices.append(row.index)
                self._newest = row.inference_timestamp
        span.owed = len(span.indices)
        span.counts.append(span.owed)

    def _owe(self, span: LineSpan) -> None:
        self.inferences.pending += span.owed
        self._watermark.enter(span)

    def settle(self, span: LineSpan, start: int, ids: list[str], results: list[RowResult]) -> None:
        """Take note of what became of a span's inferences from place `start` on; one to be sent again stays owed."""
        if results.count(ACCEPTED) == len(results):  # nearly always
            span.settle(range(start, start + len(results)))
            self.inferences.pending -= len(results)
            self.inferences.accepted += len(results)
            return
        for place, (partner_inference_id, result) in enumerate(zip(ids, results, strict=True), start):
            if result.status is not RowStatus.RETRYABLE:
                span.settle([place])
                self._settle_one(span, place, partner_inference_id, result)

    def _settle_one(self, span: LineSpan, place: int, partner_inference_id: str, result: RowResult) -> None:
        self.inferences.pending -= 1
        if result.refusal:
            self.inferences.rejected[result.refusal.code] += 1
            line, index = span.row(place)
            self._reject(line, result.refusal, index, partner_inference_id)
        elif result.status is RowStatus.DUPLICATE:
            self.inferences.duplicate += 1
        else:
            self.inferences.accepted += 1

    def refuse(self, refusal: Reason) -> None:
        """Enter that the object is rejected as a whole: there is nothing to read, and never will be."""
        self.state, self.why = ObjectState.REJECTED, refusal.why
        self._rejections.append(
            QuarantineEntry(source=self.work.source, route=self._routed.name, code=refusal.code, why=refusal.why)
        )

    def stop(self, state: ObjectState, why: str | None = None) -> None:
        """Enter how reading ended; the first reason for not being done is kept."""
        if self.state in {ObjectState.READING, ObjectState.READ}:
            self.state, self.why = state, why

    def take_over(self) -> None:
        """Enter that this run is at work now; a lease that ran out belongs to a holder that may yet try to write."""
        self.fences_off = self.position.leased_until > 0
        self.position = replace(self.position, leased_until=0.0)

    def read_offset(self) -> ReadOffset:
        """Return how far everything is settled; lines before that are held no longer."""
        return self._watermark.advance(compressed=self.compressed)

    def rejections_before(self, offset: int | None) -> list[QuarantineEntry]:
        """Return what was rejected of lines before `offset` and is not in quarantine yet, in order; all if `None`."""
        found = [entry for entry in self._rejections if offset is None or entry.offset < offset]
        return sorted(found, key=lambda entry: (entry.offset, entry.index or 0))

    @property
    def has_file(self) -> bool:
        """Tell whether anything was quarantined since the last saving."""
        return bool(self._kept)

    def in_one_file(self, entries: list[QuarantineEntry]) -> list[QuarantineEntry]:
        """Return `entries` after what the file of this position holds: one more writing of it takes its place."""
        return self._kept + entries

    def quarantined(self, entries: list[QuarantineEntry]) -> None:
        """Enter that `entries` are in quarantine."""
        self._kept += entries
        gone = set(map(id, entries))
        self._rejections = [entry for entry in self._rejections if id(entry) not in gone]
        self.rejected_bytes = sum(len(entry.data or b"") for entry in self._rejections)

    def saved(self, position: ProgressRecord) -> None:
        """Enter that progress is at `position`; what is quarantined from there on goes into a file of its own."""
        self.position, self.fences_off, self._kept = position, False, []

    def report(self) -> ForwardReport:
        """Close the books."""
        return ForwardReport(
            source=self.work.source,
            state=self.state,
            route=self.route.name if self.route else None,
            destination=self.route.destination if self.route else None,
            newest_inference=self._newest,
            lines=self.lines,
            inferences=self.inferences,
            unquarantined=len(self._rejections),
            why=self.why,
        )

    @property
    def _routed(self) -> Route:
        """The route of an object that is read: none is opened without one."""
        return cast("Route", self.route)

    def _reject(
        self, line: Line, why: Rejection | Reason, index: int | None = None, partner_inference_id: str | None = None
    ) -> None:
        data = line.data if self._routed.quarantine_payload else None
        self.rejected_bytes += len(data or b"")
        self._rejections.append(
            QuarantineEntry(
                source=self.work.source,
                route=self._routed.name,
                code=why.code,
                why=why.why,
                line=line.number,
                offset=line.offset,
                index=index,
                partner_inference_id=partner_inference_id,
                data=data,
            )
        )
