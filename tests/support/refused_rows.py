"""Run as a program: rejects every row of an object, writes its quarantine file, reads it, and prints the peak RSS.

One argument: the shape of the object. It goes through the tracker, the rejections and the file. The captures are not
decoded, so that the number says what rejections alone take.
"""

import sys
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from benchmarks.processes import peak_rss_mb
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import Reason, RejectionCode, RowResult, RowStatus
from capture_forwarder.domain.progress import LineSpan, ProgressRecord
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.claiming import Claimed
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.forward.tracking import ObjectTracker
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from capture_forwarder.kinds.quarantine.entries import encode_entries
from tests.support.quarantine import decode_entries

ROUTE = Route(name="churn", bucket="captures", prefix="", destination="fake", model_id="m")
BYTES = 6_000_000
BATCH_ROWS = 1000
# Number of lines, rows a line, and whether the destination writes the id of the row into its sentence.
SHAPES = {
    "one line": (1, 1_000_000, False),
    "one line, own reasons": (1, 1_000_000, True),
    "500 lines, own reasons": (500, 1000, True),
    "30,000 lines": (30_000, 1, False),
    "60,000 whole lines": (60_000, 0, False),
}


def spans(lines: int, rows: int) -> Iterator[LineSpan]:
    """Yield the lines of an object of six megabytes, each a span of its own."""
    size = BYTES // lines - 1
    for number in range(1, lines + 1):
        offset = (number - 1) * (size + 1)
        yield LineSpan(number, offset, offset + size + 1, [b"1" * size], [rows], None, rows)


def reject_rows(tracker: ObjectTracker, span: LineSpan, rows: int, *, own_reasons: bool) -> None:
    """Record a rejection of every row, in requests of a thousand rows."""
    for start in range(0, rows, BATCH_ROWS):
        ids = [f"e{span.number}_{index}" for index in range(start, min(start + BATCH_ROWS, rows))]
        tracker.record(span, start, ids, [_no(row_id if own_reasons else "no") for row_id in ids])


def _no(why: str) -> RowResult:
    return RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, f"status 400: {why}"))


def write(tracker: ObjectTracker) -> int:
    """Write the rejections so far to a file, forget them, and return how many rows and lines the file has."""
    with SpooledTemporaryFile(max_size=4 * 1024 * 1024) as file:
        encode_entries(tracker.rejections.before(None), file)
        tracker.rejections.drop_before(None)
        file.seek(0)
        return sum(len(one.rows or "1") for entry in decode_entries(file) for one in entry.rejections)


def main() -> None:
    """Print the peak in megabytes."""
    lines, rows, own_reasons = SHAPES[sys.argv[1]]
    tracker = ObjectTracker(Work(CaptureObject("captures", "a")), ROUTE, Claimed(ProgressRecord(), ""))
    written = 0
    for span in spans(lines, rows):
        tracker.add(DecodedSpan(span, EncodedRows()))
        if rows:
            reject_rows(tracker, span, rows, own_reasons=own_reasons)
        else:
            line = span.line(span.number)
            tracker.rejections.add_line(line, Reason(RejectionCode.LINE_NOT_JSON, "it is broken"))
        tracker.advance()
        if tracker.rejections.held_bytes > ReadLimits().max_rejected_bytes:
            written += write(tracker)
    written += write(tracker)
    assert written == lines * max(rows, 1)
    sys.stdout.write(f"{peak_rss_mb()}\n")


if __name__ == "__main__":
    main()
