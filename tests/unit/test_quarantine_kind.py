"""The kind of record that replay reads: entries are decoded to spans as captured lines are."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode, SourceUnavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.kind import DecodedSpan
from capture_forwarder.kinds.quarantine.entries import encode_entry
from capture_forwarder.kinds.quarantine.kind import QuarantineKind, Unreplayable, object_advice
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.lines.reader import LineReader
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import MemoryStore
from tests.support.memory_world import ROUTE, on_either_path
from tests.support.replay_world import SOURCE, call_of, line_entry, row_entry

MOMENT = datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)


def decode(
    *lines: bytes, schema: ModelSchema | None = None, options: DecodingOptions | None = None
) -> list[DecodedSpan]:
    """Return the spans of a quarantine file with these lines."""
    kind = QuarantineKind(Originals(MemoryStore(), 100_000), lambda entry: entry.code is not RejectionCode.BAD_CSV)
    decoder = kind.decoder(replace(ROUTE, decoding=options or DecodingOptions()), schema, Row)
    reader = LineReader([b"".join(line + b"\n" for line in lines)], 1_000_000)
    return list(decoder.decode(reader, 1000))


def encoded(*entries: QuarantineEntry) -> list[bytes]:
    """Return the lines of a quarantine file."""
    return [encode_entry(entry) for entry in entries]


@on_either_path
def test_an_entry_is_a_span_of_one_line_with_the_rows_of_its_captured_line(schema: ModelSchema | None) -> None:
    """The place is that of the entry in its file, and the time is that of the call."""
    lines = encoded(line_entry(call_of("e", 3)), line_entry(call_of("f")))
    first, second = decode(*lines, schema=schema)
    assert (first.span.number, first.span.offset, first.span.end) == (1, 0, len(lines[0]) + 1)
    assert (first.span.lines, first.span.counts, first.span.pending) == ([lines[0]], [3], 3)
    assert [first.span.row(place)[1] for place in range(3)] == [0, 1, 2]
    assert (first.rows.ids, first.rows.time) == (["e_0", "e_1", "e_2"], MOMENT)
    assert len(first.rows.rows) == 3
    assert (first.rejections, first.skipped) == ([], [])
    assert (second.span.number, second.span.offset, second.span.end) == (
        2,
        len(lines[0]) + 1,
        len(lines[0]) + len(lines[1]) + 2,
    )
    assert (second.rows.ids, second.span.pending) == (["f"], 1)


@on_either_path
def test_the_entry_of_a_row_is_a_span_with_one_row(schema: ModelSchema | None) -> None:
    """The row keeps its index in the call."""
    lines = encoded(row_entry("e", 2, 3), row_entry("e", 0, 3))
    first, second = decode(*lines, schema=schema)
    assert (first.span.lines, first.span.counts, first.span.indices, first.span.pending) == ([lines[0]], [1], [2], 1)
    assert (first.rows.ids, first.rows.time) == (["e_2"], MOMENT)
    assert second.rows.ids == ["e_0"]
    assert second.span.row(0) == (Line(2, len(lines[0]) + 1, len(lines[0]) + len(lines[1]) + 2, lines[1]), 0)


def test_blank_lines_and_equal_lines_are_passed_over() -> None:
    """Line numbers count them."""
    entry, other = encoded(line_entry(call_of("e")), line_entry(call_of("f")))
    assert [(one.span.number, one.rows.ids) for one in decode(entry, b"", entry, other, b"", entry)] == [
        (1, ["e"]),
        (4, ["f"]),
    ]


def test_entries_of_other_routes_and_entries_that_are_not_selected_are_passed_over() -> None:
    """They do not end the reading of the file."""
    lines = encoded(
        line_entry(call_of("e"), route="other"),
        line_entry(call_of("f"), code=RejectionCode.BAD_CSV),
        line_entry(call_of("g")),
    )
    assert [(one.span.number, one.rows.ids) for one in decode(*lines)] == [(3, ["g"])]


def test_a_line_that_is_no_entry_makes_the_file_unavailable() -> None:
    """The sentence has the number of the line and none of its text."""
    (entry,) = encoded(line_entry(call_of("e")))
    with pytest.raises(SourceUnavailable, match=r"^line 2 is not a rejection that this version knows$"):
        decode(entry, b'{"secret": 1}')


def test_rejections_of_the_captured_line_have_the_place_of_the_entry() -> None:
    """A rejected row keeps index and id."""
    ambiguous = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}]), csv_side("1\n2"), eventId="e")
    padding, *lines = encoded(line_entry(call_of("x")), line_entry(ambiguous), line_entry(b"{}"))
    _, rows, line = decode(padding, *lines)
    offset = len(padding) + 1
    (rejected,) = rows.rejections
    assert rejected == Rejection(
        Reason(RejectionCode.AMBIGUOUS_NAME, "two nested values come to the same name"), 2, offset, 0, "e_0"
    )
    assert (rows.rows.ids, rows.span.indices, rows.span.counts) == (["e_1"], [1], [1])
    (rejected,) = line.rejections
    assert (rejected.code, rejected.line, rejected.offset) == (
        RejectionCode.NOT_A_CAPTURE,
        3,
        offset + len(lines[0]) + 1,
    )
    assert (rejected.index, rejected.partner_inference_id) == (None, None)


def test_a_row_of_a_line_that_is_rejected_now_keeps_its_index() -> None:
    """The place is that of the entry."""
    (decoded,) = decode(*encoded(line_entry(b"{}", index=4, partner_inference_id="e_4")))
    (rejected,) = decoded.rejections
    assert (rejected.line, rejected.offset, rejected.index) == (1, 0, 4)
    assert (decoded.span.pending, decoded.rows.ids) == (0, [])


def test_an_entry_that_cannot_be_replayed_is_rejected_under_its_own_code() -> None:
    """The reason is of its own type, so that the entry stays as it is."""
    lines = encoded(line_entry(call_of("x")), line_entry(None, line=0, code=RejectionCode.OBJECT_GONE))
    _, decoded = decode(*lines)
    (rejected,) = decoded.rejections
    assert isinstance(rejected.reason, Unreplayable)
    assert (rejected.code, rejected.line, rejected.offset) == (RejectionCode.OBJECT_GONE, 2, len(lines[0]) + 1)
    assert rejected.why == (
        "the object was deleted: upload it again, and a new event forwards it; then delete this file"
    )


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (
            RejectionCode.OBJECT_GONE,
            "the object was deleted: upload it again, and a new event forwards it; then delete this file",
        ),
        (
            RejectionCode.OBJECT_ARCHIVED,
            "the object is archived: restore it and send its event again; then delete this file",
        ),
        (RejectionCode.OBJECT_TRUNCATED, "the whole object was rejected: upload it again; then delete this file"),
    ],
)
def test_the_entry_of_an_object_has_advice(code: RejectionCode, advice: str) -> None:
    """The entry of a line or of a row has none."""
    assert object_advice(line_entry(None, line=0, code=code)) == advice
    assert object_advice(line_entry(None, code=code)) is None


KIND = QuarantineKind(Originals(MemoryStore(), 1), lambda _: True)
NEW = Reason(RejectionCode.BAD_JSON, "the new reason")


@pytest.mark.parametrize(
    ("entry", "index", "partner_inference_id", "expected"),
    [
        (line_entry(b"x"), None, None, {}),
        (line_entry(b"x"), 0, "e_0", {"index": 0, "partner_inference_id": "e_0"}),
        (row_entry("e", 0, 2), 0, "other_0", {}),
        (row_entry("e", 1, 2), None, None, {}),
    ],
)
def test_an_entry_that_is_rejected_again_has_the_new_reason(
    entry: QuarantineEntry, index: int | None, partner_inference_id: str | None, expected: dict[str, object]
) -> None:
    """A row of a rejected line gets index and id; the entry of a row keeps its own."""
    line = Line(9, 99, 999, encode_entry(entry))
    again = KIND.quarantine_entry(CaptureObject("x", "y"), ROUTE, line, NEW, index, partner_inference_id)
    assert again == replace(entry, code=NEW.code, why=NEW.why, **expected)
    assert again.source == SOURCE


def test_an_entry_that_cannot_be_replayed_is_unchanged() -> None:
    """Its old reason is still the reason of its rejection."""
    entry = line_entry(b"x")
    line, reason = Line(1, 0, 1, encode_entry(entry)), Unreplayable(RejectionCode.BAD_JSON, "why it stays")
    assert KIND.quarantine_entry(SOURCE, ROUTE, line, reason, 3, "id") == entry
