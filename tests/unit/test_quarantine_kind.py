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
from capture_forwarder.kinds.captures.decoder import CaptureDecoder
from capture_forwarder.kinds.captures.plain import PlainPath
from capture_forwarder.kinds.kind import DecodedSpan
from capture_forwarder.kinds.quarantine.entries import encode_entry
from capture_forwarder.kinds.quarantine.kind import NOT_COVERED, QuarantineDecoder, QuarantineKind, Unreplayable
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.lines.reader import LineReader
from capture_ops.replay.plan import Selection
from tests.support.captures import capture, csv_side, json_side
from tests.support.memory_stores import MemoryStore
from tests.support.memory_world import on_either_path
from tests.support.replay_world import CHURN, call_of, line_entry, object_entry, rejected, rows_entry

# Two rows; in the first one two nested values come to the same name.
AMBIGUOUS = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}]), csv_side("1\n2"), eventId="e")
MOMENT = datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)


def decode(
    *lines: bytes, schema: ModelSchema | None = None, options: DecodingOptions | None = None
) -> list[DecodedSpan]:
    """Return the spans of a quarantine file with these lines."""
    selection = Selection(codes=frozenset(RejectionCode) - {RejectionCode.BAD_CSV})
    kind = QuarantineKind(Originals(MemoryStore(), 100_000), selection.part_of)
    decoder = kind.decoder(replace(CHURN, decoding=options or DecodingOptions()), schema, Row)
    reader = LineReader([b"".join(line + b"\n" for line in lines)], 1_000_000)
    return list(decoder.decode(reader, 1000))


def encoded(*entries: QuarantineEntry) -> list[bytes]:
    """Return the lines of a quarantine file."""
    return [b"".join(encode_entry(entry))[:-1] for entry in entries]


@on_either_path
def test_an_entry_is_a_span_of_one_line_with_the_rows_of_its_captured_line(schema: ModelSchema | None) -> None:
    """The place is that of the entry in its file, and the time is that of the call."""
    lines = encoded(line_entry(call_of("e", 3)), line_entry(call_of("f")))
    first, second = decode(*lines, schema=schema)
    assert (first.span.number, first.span.offset, first.span.end) == (1, 0, len(lines[0]) + 1)
    assert (first.span.lines, first.span.counts, first.span.pending) == ([b""], [3], 3)
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
def test_an_entry_of_rows_is_a_span_with_these_rows(schema: ModelSchema | None) -> None:
    """Rows keep their indices in the call."""
    lines = encoded(rows_entry("e", 4, rejected(3), rejected(1, why="other")), rows_entry("e", 4, rejected(0)))
    first, second = decode(*lines, schema=schema)
    assert (first.span.counts, first.span.indices, first.span.pending) == ([2], [1, 3], 2)
    assert (first.rows.ids, first.rows.time, len(first.rows.rows)) == (["e_1", "e_3"], MOMENT, 2)
    assert second.rows.ids == ["e_0"]
    assert second.span.row(0)[1] == 0
    assert (second.span.number, second.span.offset) == (2, len(lines[0]) + 1)


def test_an_entry_of_all_rows_has_the_rows_as_they_were_decoded() -> None:
    """No bytes are copied."""
    (decoded,) = decode(*encoded(rows_entry("e", 3, rejected(0, 2), rejected(1, why="other"))))
    assert (decoded.span.counts, decoded.span.indices) == ([3], None)
    assert decoded.rows.ids == ["e_0", "e_1", "e_2"]


class LazyRows(CaptureDecoder):
    """A decoder of captures whose rows can be read once."""

    def decode_line(self, line: Line) -> DecodedSpan:
        """Return the span of a line with iterators in place of lists."""
        decoded = super().decode_line(line)
        decoded.rows.ids = iter(decoded.rows.ids)  # type: ignore[assignment]  # the point of this class
        decoded.rows.rows = iter(decoded.rows.rows)  # type: ignore[assignment]  # as above
        return decoded


@pytest.mark.parametrize("rows", [(0, 1, 2), (0, 2), (1,)])
def test_rows_that_are_made_lazily_stay_lazy(rows: tuple[int, ...]) -> None:
    """They are read once, and none is lost or repeated by the check of the id."""
    (line,) = encoded(rows_entry("e", 3, rejected(*rows)))
    captures = LazyRows(PlainPath(CHURN.decoding), None, Row)
    decoder = QuarantineDecoder(CHURN, lambda _: captures, Originals(MemoryStore(), 1000), lambda entry: entry)
    (decoded,) = decoder.decode(LineReader([line], 10_000), 1000)
    assert (decoded.span.pending, decoded.span.row(0)[1]) == (len(rows), rows[0])
    assert not isinstance(decoded.rows.ids, list)
    assert list(decoded.rows.ids) == [f"e_{index}" for index in rows]
    assert len(list(decoded.rows.rows)) == len(rows)


def test_an_entry_may_have_no_row_that_can_be_sent() -> None:
    """All its rows are rejected again by the decoder, lazily made rows or not."""
    entry = rows_entry("e", 2, rejected(0), data=AMBIGUOUS)
    captures = LazyRows(PlainPath(CHURN.decoding), None, Row)
    lazy = QuarantineDecoder(CHURN, lambda _: captures, Originals(MemoryStore(), 1000), lambda entry: entry)
    (line,) = encoded(entry)
    for decoded in [*decode(line), *lazy.decode(LineReader([line], 10_000), 1000)]:
        assert [one.index for one in decoded.rejections] == [0]
        assert (decoded.span.pending, list(decoded.rows.ids)) == (0, [])


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
    with pytest.raises(SourceUnavailable, match=r"^line 2 is not an entry that this version knows$"):
        decode(entry, b'{"secret": 1}')


def test_entries_of_whole_objects_are_passed_over() -> None:
    """They have no rows: replay sends their messages."""
    lines = encoded(object_entry(RejectionCode.GIVEN_UP), line_entry(call_of("g")))
    assert [(one.span.number, one.rows.ids) for one in decode(*lines)] == [(2, ["g"])]


def test_only_selected_rows_of_an_entry_are_decoded() -> None:
    """Rows with other codes stay in quarantine."""
    entry = rows_entry("e", 3, rejected(0), rejected(1, code=RejectionCode.BAD_CSV), rejected(2, why="other"))
    assert [one.rows.ids for one in decode(*encoded(entry))] == [["e_0", "e_2"]]


def test_rejections_of_the_captured_line_have_the_place_of_the_entry() -> None:
    """A rejected row keeps index and id."""
    padding, *lines = encoded(line_entry(call_of("x")), line_entry(AMBIGUOUS), line_entry(b"{}"))
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


def test_rows_of_a_line_that_is_rejected_now_are_rejected_with_their_line() -> None:
    """A million rows need no rejection each."""
    (decoded,) = decode(*encoded(rows_entry("e", 5, rejected(4), data=b"{}")))
    (found,) = decoded.rejections
    assert (found.line, found.offset, found.index, found.code) == (1, 0, None, RejectionCode.NOT_A_CAPTURE)
    assert (decoded.span.pending, decoded.rows.ids) == (0, [])


def test_an_entry_that_cannot_be_replayed_is_rejected_under_its_own_code() -> None:
    """The reason is of its own type, so that the entry stays as it is."""
    entry = line_entry(call_of("e"), code=RejectionCode.BAD_JSON, source=CaptureObject("payroll", "a"))
    lines = encoded(line_entry(call_of("x")), entry)
    _, decoded = decode(*lines)
    (found,) = decoded.rejections
    assert isinstance(found.reason, Unreplayable)
    assert (found.code, found.line, found.offset) == (RejectionCode.BAD_JSON, 2, len(lines[0]) + 1)
    assert found.why == NOT_COVERED


@pytest.mark.parametrize(
    "source",
    [CaptureObject("payroll", "in/a.jsonl"), CaptureObject("captures", "a.jsonl"), CaptureObject("captures", "in/a")],
)
@pytest.mark.parametrize("data", [None, call_of("e")])
def test_a_forged_entry_reads_and_sends_no_object_outside_its_route(source: CaptureObject, data: bytes | None) -> None:
    """Writers of quarantine must not make replay read objects that only its user may read."""
    store = MemoryStore()
    store.put(source.key, call_of("e"), bucket=source.bucket)
    route = replace(CHURN, prefix="in/", suffix=".jsonl")
    kind = QuarantineKind(Originals(store, 1000), lambda entry: entry)
    decoder = kind.decoder(route, None, Row)
    (line,) = encoded(line_entry(data, source=source))
    (decoded,) = decoder.decode(LineReader([line], 10_000), 1000)
    assert [one.why for one in decoded.rejections] == [NOT_COVERED]
    assert (store.reads, decoded.rows.ids) == ([], [])
