"""The books of one capture object while its inferences are under way."""

from datetime import datetime
from typing import cast

from msgspec.structs import replace

from capture_forwarder.domain.capture import Bookmark, Line, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import ACCEPTED, Refusal, Rejection, RowResult, RowStatus, Skipped
from capture_forwarder.domain.progress import Position, Quarantined, Watermark
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.stretch import Stretch
from capture_forwarder.formats.transform import Decoded, Outcome


class Account:
    """Counts what is read and made and what was told of it; keeps what was rejected until it is in quarantine."""

    def __init__(self, work: Work, route: Route | None, position: Position) -> None:
        self.work = work
        self.route = route
        self.position = position
        self.fences_off = False
        self.state = ObjectState.READING
        self.why: str | None = None
        self.modified: datetime | None = None
        self.compressed = position.bookmark.compressed
        self.lines = LineCounts()
        self.inferences = InferenceCounts()
        self.rejected_bytes = 0
        self._newest: datetime | None = None
        self._rejections: list[Quarantined] = []
        self._kept: list[Quarantined] = []
        self._watermark = Watermark(position.bookmark)

    @property
    def start(self) -> int:
        """The byte from which the object is read: where it is settled, but for gzip, which is read from its start."""
        at = self.position.bookmark
        return 0 if at.compressed else at.offset

    def enter(self, line: Line, outcome: Outcome) -> Stretch:
        """Enter one line, and return it as a stretch with what is owed of it."""
        self.lines.read += 1
        stretch = Stretch(line.number, line.offset, line.end, [line.data])
        if isinstance(outcome, Rejection):
            self.lines.rejected[outcome.code] += 1
            self._reject(line, outcome)
        elif isinstance(outcome, Skipped):
            self.lines.skipped[outcome.reason] += 1
        else:
            self._enter_rows(outcome, line, stretch)
        self._owe(stretch)
        return stretch

    def enter_decoded(self, stretch: Stretch, newest: datetime | None) -> None:
        """Enter lines of which all is owed and nothing rejected; the last of their calls was at `newest`."""
        self.lines.read += len(stretch.lines)
        self.lines.decoded += len(stretch.lines)
        self.inferences.made += stretch.owed
        self._newest = newest
        self._owe(stretch)

    def _enter_rows(self, decoded: Decoded, line: Line, stretch: Stretch) -> None:
        self.lines.decoded += 1
        self.inferences.made += len(decoded.rows)
        stretch.indices = []
        for row in decoded.rows:
            if isinstance(row, Rejection):
                self.inferences.rejected[row.code] += 1
                self._reject(line, row, row.index, row.partner_inference_id)
            else:
                stretch.indices.append(row.index)
                self._newest = row.inference_timestamp
        stretch.owed = len(stretch.indices)
        stretch.counts.append(stretch.owed)

    def _owe(self, stretch: Stretch) -> None:
        self.inferences.pending += stretch.owed
        self._watermark.enter(stretch)

    def settle(self, stretch: Stretch, start: int, ids: list[str], results: list[RowResult]) -> None:
        """Take note of what became of a stretch's inferences from place `start` on; one to be sent again stays owed."""
        if results.count(ACCEPTED) == len(results):  # nearly always
            stretch.settle(range(start, start + len(results)))
            self.inferences.pending -= len(results)
            self.inferences.accepted += len(results)
            return
        for place, (partner_inference_id, result) in enumerate(zip(ids, results, strict=True), start):
            if result.status is not RowStatus.RETRYABLE:
                stretch.settle([place])
                self._settle_one(stretch, place, partner_inference_id, result)

    def _settle_one(self, stretch: Stretch, place: int, partner_inference_id: str, result: RowResult) -> None:
        self.inferences.pending -= 1
        if result.refusal:
            self.inferences.rejected[result.refusal.code] += 1
            line, index = stretch.row(place)
            self._reject(line, result.refusal, index, partner_inference_id)
        elif result.status is RowStatus.DUPLICATE:
            self.inferences.duplicate += 1
        else:
            self.inferences.accepted += 1

    def refuse(self, refusal: Refusal) -> None:
        """Enter that the object is rejected as a whole: there is nothing to read, and never will be."""
        self.state, self.why = ObjectState.REJECTED, refusal.why
        self._rejections.append(
            Quarantined(source=self.work.source, route=self._routed.name, code=refusal.code, why=refusal.why)
        )

    def stop(self, state: ObjectState, why: str | None = None) -> None:
        """Enter how reading ended; the first reason for not being done is kept."""
        if self.state in {ObjectState.READING, ObjectState.READ}:
            self.state, self.why = state, why

    def take_over(self) -> None:
        """Enter that this run is at work now; a lease that ran out belongs to a holder that may yet try to write."""
        self.fences_off = self.position.leased_until > 0
        self.position = replace(self.position, leased_until=0.0)

    def bookmark(self) -> Bookmark:
        """Return how far everything is settled; lines before that are held no longer."""
        return self._watermark.advance(compressed=self.compressed)

    def rejections_before(self, offset: int | None) -> list[Quarantined]:
        """Return what was rejected of lines before `offset` and is not in quarantine yet, in order; all if `None`."""
        found = [entry for entry in self._rejections if offset is None or entry.offset < offset]
        return sorted(found, key=lambda entry: (entry.offset, entry.index or 0))

    @property
    def has_file(self) -> bool:
        """Tell whether anything was quarantined since the last saving."""
        return bool(self._kept)

    def in_one_file(self, entries: list[Quarantined]) -> list[Quarantined]:
        """Return `entries` after what the file of this position holds: one more writing of it takes its place."""
        return self._kept + entries

    def quarantined(self, entries: list[Quarantined]) -> None:
        """Enter that `entries` are in quarantine."""
        self._kept += entries
        gone = set(map(id, entries))
        self._rejections = [entry for entry in self._rejections if id(entry) not in gone]
        self.rejected_bytes = sum(len(entry.data or b"") for entry in self._rejections)

    def saved(self, position: Position) -> None:
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
        self, line: Line, why: Rejection | Refusal, index: int | None = None, partner_inference_id: str | None = None
    ) -> None:
        data = line.data if self._routed.quarantine_payload else None
        self.rejected_bytes += len(data or b"")
        self._rejections.append(
            Quarantined(
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
