"""The books of one capture object while its inferences are under way."""

from datetime import datetime
from typing import cast

from msgspec.structs import replace

from capture_forwarder.domain.batch import Parcel, Results
from capture_forwarder.domain.capture import Bookmark, Line, Work
from capture_forwarder.domain.conservation import ForwardReport, InferenceCounts, LineCounts, ObjectState
from capture_forwarder.domain.delivery import ACCEPTED, Refusal, Rejection, RowResult, RowStatus, Skipped
from capture_forwarder.domain.progress import Position, Quarantined, Watermark
from capture_forwarder.domain.route import Route
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

    def enter(self, line: Line, outcome: Outcome) -> None:
        """Enter one line, and how many of its inferences are owed."""
        self.lines.read += 1
        if isinstance(outcome, Rejection):
            self.lines.rejected[outcome.code] += 1
            self._reject(line, outcome)
        elif isinstance(outcome, Skipped):
            self.lines.skipped[outcome.reason] += 1
        else:
            self._enter_rows(outcome, line)
        self.inferences.pending += line.owed
        self._watermark.enter(line)

    def enter_ready(self, line: Line, count: int, time: datetime) -> None:
        """Enter one line of the fast path: none of its `count` inferences, all of `time`, is rejected."""
        lines, inferences = self.lines, self.inferences
        lines.read += 1
        lines.decoded += 1
        inferences.made += count
        inferences.pending += count
        self._newest = time
        line.owed = count
        self._watermark.enter(line)

    def _enter_rows(self, decoded: Decoded, line: Line) -> None:
        self.lines.decoded += 1
        self.inferences.made += len(decoded.rows)
        for row in decoded.rows:
            if isinstance(row, Rejection):
                self.inferences.rejected[row.code] += 1
                self._reject(line, row, row.index, row.partner_inference_id)
            else:
                line.owed += 1
                self._newest = row.inference_timestamp

    def settle(self, results: Results) -> None:
        """Take note of what became of inferences; one to be sent again stays owed."""
        if (accepted := results.results.count(ACCEPTED)) == len(results.results):  # nearly always
            for parcel in results.parcels:
                parcel.claim.owed -= 1
            self.inferences.pending -= accepted
            self.inferences.accepted += accepted
        else:
            for parcel, result in results:
                if result.status is not RowStatus.RETRYABLE:
                    self._settle_one(parcel, result)

    def _settle_one(self, parcel: Parcel, result: RowResult) -> None:
        parcel.claim.owed -= 1
        self.inferences.pending -= 1
        if result.refusal:
            self.inferences.rejected[result.refusal.code] += 1
            self._reject(cast("Line", parcel.claim), result.refusal, parcel.index, parcel.partner_inference_id)
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
