"""The books of a replay: what became of every entry, every line, and every inference."""

from collections import Counter

from msgspec import Struct, field
from msgspec.structs import replace

from capture_forwarder.domain.conservation import InferenceCounts, LineCounts
from capture_forwarder.domain.delivery import Reason, Rejection, RowResult, RowStatus, Skipped
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.captures.plain import Decoded, Outcome
from capture_ops.replay.files import Found


class ReplayReport(Struct):
    """What a replay came to: entries `selected = removed + left`, beside the two ledgers of every run.

    The lines are those that were rejected as a whole; the inferences are theirs, and rows that were rejected alone.
    """

    selected: int = 0
    removed: int = 0
    left: Counter[str] = field(default_factory=Counter)
    lines: LineCounts = field(default_factory=LineCounts)
    inferences: InferenceCounts = field(default_factory=InferenceCounts)

    @property
    def balanced(self) -> bool:
        """Tell whether everything is accounted for."""
        return self.selected == self.removed + self.left.total() and self.lines.balanced and self.inferences.balanced

    @property
    def settled(self) -> bool:
        """Tell whether nothing is left over of what was selected."""
        return self.balanced and not self.left


class EntryClaim:
    """One entry of quarantine on its way: it stays until all that it speaks of is accepted, or refused anew."""

    def __init__(self, entry: QuarantineEntry, report: ReplayReport) -> None:
        self.entry = entry
        self.owed = 0
        self._indices: list[int] = []
        self._report = report
        self._refused: list[QuarantineEntry] = []
        self._why: str | None = None
        report.selected += 1

    def stay(self, why: str) -> None:
        """Enter that nothing of it was sent, or is settled yet, and why."""
        self._why = why

    def enter(self, outcome: Outcome) -> list[Inference]:
        """Enter what its line became; return the inferences that are owed now."""
        rows = self._whole(outcome) if self.entry.index is None else self._alone(outcome, self.entry.index)
        self._report.inferences.made += len(rows)
        for row in rows:
            if isinstance(row, Rejection):
                self._report.inferences.rejected[row.code] += 1
                self._refuse(Reason(row.code, row.why), row.index, row.partner_inference_id)
        owed = [row for row in rows if isinstance(row, Inference)]
        self.owed = len(owed)
        self._indices = [row.index for row in owed]
        self._report.inferences.pending += len(owed)
        return owed

    def settle(self, start: int, ids: list[str], results: list[RowResult]) -> None:
        """Take note of what became of inferences from the one at `start` on; one to be sent again stays owed."""
        for index, partner_id, result in zip(self._indices[start:], ids, results, strict=False):
            if result.status is not RowStatus.RETRYABLE:
                self._settle_one(index, partner_id, result)

    def _settle_one(self, index: int, partner_id: str, result: RowResult) -> None:
        counts = self._report.inferences
        self.owed -= 1
        counts.pending -= 1
        if result.refusal:
            counts.rejected[result.refusal.code] += 1
            self._refuse(result.refusal, index, partner_id)
        elif result.status is RowStatus.DUPLICATE:
            counts.duplicate += 1
        else:
            counts.accepted += 1

    def left(self) -> list[QuarantineEntry]:
        """Return what belongs into quarantine in place of the entry; nothing if all of it was accepted."""
        return [self.entry] if self.owed or self._why else self._refused

    @property
    def why_left(self) -> str | None:
        """Return why something is left, or `None` if nothing is."""
        return self._why or (f"refused again: {self._refused[0].code}" if self._refused else None)

    def _whole(self, outcome: Outcome) -> list[Inference | Rejection]:
        lines = self._report.lines
        lines.read += 1
        match outcome:
            case Decoded():
                lines.decoded += 1
                return outcome.rows
            case Rejection():
                lines.rejected[outcome.code] += 1
                self._refuse(Reason(outcome.code, outcome.why))
            case Skipped():
                lines.skipped[outcome.reason] += 1
                self.stay(_skipped(outcome))
        return []

    def _alone(self, outcome: Outcome, index: int) -> list[Inference | Rejection]:
        match outcome:
            case Skipped():
                self.stay(_skipped(outcome))
            case Rejection():
                return [outcome]
            case Decoded() if index >= len(outcome.rows):
                self.stay("its line has fewer rows now: read it as when it was rejected, or upload the object again")
            case Decoded():
                return self._same(outcome.rows[index])
        return []

    def _same(self, row: Inference | Rejection) -> list[Inference | Rejection]:
        """Return the row unless it goes by another id now: the rows beside it are stored under the ids of before."""
        known = self.entry.partner_inference_id
        if known and row.partner_inference_id not in (None, known):
            self.stay("it would get another id now: replay with the id_source and csv_header of when it was rejected")
            return []
        return [row]

    def _refuse(self, refusal: Reason, index: int | None = None, partner_id: str | None = None) -> None:
        """Keep the entry under the new code; of a whole line only the rows that are refused, each by itself."""
        refused = replace(self.entry, code=refusal.code, why=refusal.why)
        if self.entry.index is None:
            refused = replace(refused, index=index, partner_inference_id=partner_id)
        self._refused.append(refused)


class FileClaim:
    """One file whose entries are on their way."""

    def __init__(self, name: str, found: Found) -> None:
        self.name = name
        self.found = found
        self.claims: dict[QuarantineEntry, EntryClaim] = {}

    @property
    def owed(self) -> bool:
        """Tell whether anything of it is still under way."""
        return any(claim.owed for claim in self.claims.values())

    @property
    def bytes(self) -> int:
        """How much captured data it holds in memory."""
        return sum(len(entry.data or b"") for entry in self.found.entries)

    def left_of(self, entries: list[QuarantineEntry]) -> list[QuarantineEntry]:
        """Return what the file must hold if it holds `entries` now: what nobody replayed stays as it is."""
        return [kept for entry in entries for kept in (self.claims[entry].left() if entry in self.claims else [entry])]


def _skipped(outcome: Skipped) -> str:
    return f"its line is one to leave out ({outcome.reason}): delete it by hand"
