"""The rejections of one object that are not in quarantine yet: each line once, its rows by index and reason."""

from array import array

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode
from capture_forwarder.domain.progress import LineRejection, LineSpan, QuarantineEntry
from capture_forwarder.forward.rejections import MAX_REASONS, RejectedRow, Rejections
from capture_forwarder.kinds.kind import DecodedSpan, EncodedRows
from tests.support.memory_world import ROUTE

SOURCE = CaptureObject("captures", "churn/a", etag="e")
NO = Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400: no")
BAD = Reason(RejectionCode.VALUE_TYPE_MISMATCH, "text where a number is expected")
FIRST = Line(1, 0, 6, b"first")
THIRD = Line(3, 20, 26, b"third")


def new_rejections(*, keeps_payload: bool = True) -> Rejections:
    """Return the rejections of an object that has none yet."""
    return Rejections(SOURCE, replace(ROUTE, quarantine_payload=keeps_payload))


def rows(*indices: int) -> "array[int]":
    """Return indices as an entry has them."""
    return array("I", indices)


def entry(**fields: object) -> QuarantineEntry:
    """Return an entry of the object."""
    return QuarantineEntry(source=SOURCE, route="churn", **fields)  # type: ignore[arg-type]  # each case names its own


def test_rows_of_a_line_are_one_entry() -> None:
    """Its rows are grouped by reason; reasons are in the order of their first rows, and rows ascend."""
    rejections = new_rejections()
    for index, reason in ((4, NO), (3, BAD), (0, BAD), (2, NO)):
        rejections.add_row(FIRST, index, reason, f"e_{index}", 5)
    assert list(rejections.before(None)) == [
        entry(
            line=1,
            inference_id="e",
            row_count=5,
            rejections=(LineRejection(BAD, rows(0, 3)), LineRejection(NO, rows(2, 4))),
            data=b"first",
        )
    ]
    assert len(rejections) == 4


@pytest.mark.parametrize(
    ("row_id", "index", "row_count", "inference_id"),
    [("e_1", 1, 2, "e"), ("e_0", 0, 1, "e_0"), ("e_1_1", 1, 3, "e_1"), (None, 1, 2, None)],
)
def test_the_id_of_the_call_is_that_of_its_rows_without_the_index(
    row_id: str | None, index: int, row_count: int, inference_id: str | None
) -> None:
    """The row of a call with one row has the id of the call."""
    rejections = new_rejections()
    rejections.add_row(FIRST, index, NO, row_id, row_count)
    (found,) = rejections.before(None)
    assert (found.inference_id, found.row_count) == (inference_id, row_count)


def test_the_id_of_the_call_is_taken_from_the_first_row_that_has_an_id() -> None:
    """The id of a row may be too long although the id of the call is not."""
    rejections = new_rejections()
    rejections.add_row(FIRST, 10, BAD, None, 11)
    rejections.add_row(FIRST, 9, NO, "e_9", 11)
    (found,) = rejections.before(None)
    assert found.inference_id == "e"


def test_a_line_that_is_rejected_as_a_whole_has_no_rows() -> None:
    """It counts as one rejection."""
    rejections = new_rejections()
    rejections.add_line(FIRST, BAD)
    assert list(rejections.before(None)) == [entry(line=1, rejections=(LineRejection(BAD),), data=b"first")]
    assert len(rejections) == 1


def test_entries_are_in_the_order_of_their_lines() -> None:
    """Results arrive in any order."""
    rejections = new_rejections()
    rejections.add_row(THIRD, 0, NO, "f", 1)
    rejections.add_line(FIRST, BAD)
    assert [one.line for one in rejections.before(None)] == [1, 3]


def test_lines_before_an_offset_are_given_and_dropped() -> None:
    """A line that begins at the offset is not before it."""
    rejections = new_rejections()
    rejections.add_row(THIRD, 0, NO, "f", 1)
    alone = rejections.held_bytes
    rejections.add_line(FIRST, BAD)
    assert list(rejections.before(0)) == []
    assert [one.line for one in rejections.before(20)] == [1]
    assert [one.line for one in rejections.before(21)] == [1, 3]
    rejections.drop_before(20)
    assert [one.line for one in rejections.before(None)] == [3]
    assert (len(rejections), rejections.held_bytes) == (1, alone)
    rejections.drop_before(None)
    assert (len(rejections), rejections.held_bytes, list(rejections.before(None))) == (0, 0, [])


def test_a_line_is_held_once() -> None:
    """A further row for a known reason takes four bytes."""
    rejections = new_rejections()
    line = Line(1, 0, 1_000_001, b"x" * 1_000_000)
    for index in range(1000):
        rejections.add_row(line, index, NO, f"e_{index}", 1000)
    assert 1_000_000 + 4 * 999 < rejections.held_bytes < 1_010_000


def test_a_route_may_keep_payloads_out_of_quarantine() -> None:
    """The line is not held either."""
    rejections = new_rejections(keeps_payload=False)
    rejections.add_line(Line(1, 0, 1_000_001, b"x" * 1_000_000), NO)
    (found,) = rejections.before(None)
    assert found.data is None
    assert rejections.held_bytes < 2000


def test_a_line_without_data_has_none() -> None:
    """A line that was too long or truncated was not read."""
    rejections = new_rejections()
    rejections.add_line(Line(1, 0, 9, b"", NO), NO)
    (found,) = rejections.before(None)
    assert found.data is None


def test_short_lines_are_counted_with_what_they_take_in_memory() -> None:
    """A million lines of two bytes must not be held as if they took two megabytes."""
    rejections = new_rejections()
    for number in range(1, 101):
        rejections.add_line(Line(number, 3 * number, 3 * number + 3, b"{}"), NO)
    assert rejections.held_bytes > 100 * 500


def test_the_number_of_reasons_of_a_line_is_bounded() -> None:
    """After a hundred different sentences further ones are grouped by code, with the first and their number."""
    rejections = new_rejections()
    for index in range(MAX_REASONS + 3):
        rejections.add_row(FIRST, index, Reason(NO.code, f"row e_{index} is bad"), f"e_{index}", 200)
    rejections.add_row(FIRST, 150, BAD, "e_150", 200)
    rejections.add_row(FIRST, 151, Reason(NO.code, "row e_0 is bad"), "e_151", 200)
    (found,) = rejections.before(None)
    assert len(found.rejections) == MAX_REASONS + 2
    assert found.rejections[0] == LineRejection(Reason(NO.code, "row e_0 is bad"), rows(0, 151))
    assert found.rejections[-2:] == (
        LineRejection(
            Reason(NO.code, "3 more rows with other reasons; the first: row e_100 is bad"), rows(100, 101, 102)
        ),
        LineRejection(Reason(BAD.code, f"1 more rows with other reasons; the first: {BAD.why}"), rows(150)),
    )
    assert len(rejections) == MAX_REASONS + 5


def test_rejections_of_a_decoded_line_have_the_number_of_its_rows() -> None:
    """Rows that are sent and rows that are rejected were in one call."""
    rejections = new_rejections()
    span = LineSpan(3, 20, 33, [b"third", b"fourth"], [2, 0], [0, 2], 2)
    found = [Rejection(BAD, 3, 20, 1, "e_1"), Rejection(BAD, 3, 20, 3, None), Rejection(NO, 4, 26)]
    rejections.add_decoded(DecodedSpan(span, EncodedRows(), found))
    assert list(rejections.before(None)) == [
        entry(
            line=3,
            offset=20,
            inference_id="e",
            row_count=4,
            rejections=(LineRejection(BAD, rows(1, 3)),),
            data=b"third",
        ),
        entry(line=4, offset=26, rejections=(LineRejection(NO),), data=b"fourth"),
    ]
    rejections.add_rows(span, [RejectedRow(1, "e_2", NO)])
    first, _ = rejections.before(None)
    assert (first.row_count, first.rejections[1]) == (4, LineRejection(NO, rows(2)))


def test_rows_that_the_destination_rejects_are_found_by_their_places_in_the_span() -> None:
    """Lines between them may have no rows."""
    rejections = new_rejections()
    span = LineSpan(1, 0, 17, [b"first", b"second", b"", b"4"], [1, 3, 0, 2], None, 6)
    rejections.add_rows(span, [RejectedRow(0, "a", NO), RejectedRow(2, "b_1", NO), RejectedRow(3, "b_2", BAD)])
    rejections.add_rows(span, [RejectedRow(5, "d_1", NO)])
    assert list(rejections.before(None)) == [
        entry(line=1, inference_id="a", row_count=1, rejections=(LineRejection(NO, rows(0)),), data=b"first"),
        entry(
            line=2,
            offset=6,
            inference_id="b",
            row_count=3,
            rejections=(LineRejection(NO, rows(1)), LineRejection(BAD, rows(2))),
            data=b"second",
        ),
        entry(line=4, offset=14, inference_id="d", row_count=2, rejections=(LineRejection(NO, rows(1)),), data=b"4"),
    ]
