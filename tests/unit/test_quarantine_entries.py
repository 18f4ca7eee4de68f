"""Quarantine entries: everything that is needed to find, understand and replay a rejection."""

import gzip
import json
from array import array
from io import BytesIO

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import BatchTooLarge, Reason, Receipt, RejectionCode
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import decode_entry, encode_entries, encode_entry
from tests.support.captures import capture, csv_side, json_side
from tests.support.memory_world import NO, ROUTE, MemoryWorld, answers, call, fails
from tests.support.quarantine import Rejected, decode_entries

ENTRY = QuarantineEntry(
    source=CaptureObject("captures", "a/ü +.jsonl", "v1", "e1"),
    route="churn",
    line=3,
    offset=99,
    inference_id="id",
    row_count=9,
    rejections=(
        LineRejection(Reason(RejectionCode.BAD_CSV, "a quoted cell is malformed"), array("I", [1, 4])),
        LineRejection(Reason(RejectionCode.BAD_JSON, "é"), array("I", [8])),
    ),
    data='{"a":"é"}'.encode(),
)
WHOLE = replace(ENTRY, inference_id=None, row_count=None, rejections=(LineRejection(ENTRY.rejections[0].reason),))


def encoded(*entries: QuarantineEntry) -> bytes:
    """Return a quarantine file."""
    file = BytesIO()
    encode_entries(entries, file)
    return file.getvalue()


def line_of(entry: QuarantineEntry) -> bytes:
    """Return one line of a quarantine file."""
    return b"".join(encode_entry(entry))


# Two rows; in the first one two nested values come to the same name.
HALF = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}]), csv_side("1\n2"), inferenceId="id-9")


def test_a_line_is_kept_with_its_place_and_its_bytes() -> None:
    """The entry has source, route, line, byte offset, code, reason, and the line as it was."""
    world = MemoryWorld()
    work = world.put("a", call(1), b"broken")
    world.forward(work)
    assert world.entries() == [
        Rejected(
            source=work.source,
            route="churn",
            code=RejectionCode.LINE_NOT_JSON,
            why="the line is not one JSON document in UTF-8",
            line=2,
            offset=len(call(1)) + 1,
            index=None,
            partner_inference_id=None,
            data=b"broken",
        )
    ]
    (file,) = world.quarantine.files.values()
    assert (file.source, file.route, file.start, file.day) == (work.source, "churn", 0, "2026/01/02")


def test_a_row_is_kept_with_its_index_and_id() -> None:
    """The fields are the same for rows that the forwarder rejects and for rows that the destination rejects."""
    world = MemoryWorld()
    world.destination.always = answers(NO)
    work = world.put("a", HALF)
    world.forward(work)
    assert world.entries() == [
        Rejected(
            source=work.source,
            route="churn",
            code=RejectionCode.AMBIGUOUS_NAME,
            why="two nested values come to the same name",
            line=1,
            offset=0,
            index=0,
            partner_inference_id="id-9_0",
            data=HALF,
        ),
        Rejected(
            source=work.source,
            route="churn",
            code=RejectionCode.REFUSED_BY_DESTINATION,
            why="status 400: no",
            line=1,
            offset=0,
            index=1,
            partner_inference_id="id-9_1",
            data=HALF,
        ),
    ]


def test_a_row_that_is_too_large_for_any_request_has_its_reason() -> None:
    """Its batch was halved until the row was alone."""
    world = MemoryWorld()
    world.destination.always = fails(BatchTooLarge())
    (report,) = world.forward(world.put("a", call(1, rows=2)))
    assert report.complete
    assert [(entry.code, entry.index) for entry in world.entries()] == [
        (RejectionCode.INFERENCE_TOO_LARGE, 0),
        (RejectionCode.INFERENCE_TOO_LARGE, 1),
    ]
    why = "the destination takes no request that holds this inference alone"
    assert {entry.why for entry in world.entries()} == {why}


def test_the_entry_of_an_object_has_no_line() -> None:
    """It has the object, the route and the reason. Neither the report nor the file has a time."""
    world = MemoryWorld()
    work = world.put("a", call(1))
    world.store.objects.clear()
    (report,) = world.forward(work)
    reason = Reason(RejectionCode.OBJECT_GONE, "it is gone")
    assert [entry for file in world.quarantine.files.values() for entry in file.entries] == [
        QuarantineEntry(source=work.source, route="churn", rejections=(LineRejection(reason),))
    ]
    assert report.why == "it is gone"
    assert (report.newest_inference, report.state) == (None, ObjectState.REJECTED)


def test_a_route_may_keep_payloads_out_of_quarantine() -> None:
    """With `quarantine_payload = false` an entry has its place and no captured data."""
    world = MemoryWorld(route=replace(ROUTE, quarantine_payload=False))
    world.forward(world.put("a", b"broken"))
    (entry,) = world.entries()
    assert (entry.line, entry.data) == (1, None)


def test_entries_are_in_the_order_of_the_object() -> None:
    """They are sorted by offset, then by row, in whatever order they were rejected."""
    world = MemoryWorld()
    world.destination.always = lambda batch: Receipt([NO] * len(batch.ids))
    world.forward(world.put("a", b"broken", call(1, rows=3), b"broken", call(2)))
    assert [(entry.line, entry.index) for entry in world.entries()] == [
        (1, None),
        (2, 0),
        (2, 1),
        (2, 2),
        (3, None),
        (4, 0),
    ]


def test_an_entry_is_json_that_people_can_read() -> None:
    """Absent fields are null; the captured line is text; rows are listed by reason."""
    assert json.loads(line_of(ENTRY)) == {
        "bucket": "captures",
        "key": "a/ü +.jsonl",
        "version_id": "v1",
        "etag": "e1",
        "route": "churn",
        "line": 3,
        "byte_offset": 99,
        "inference_id": "id",
        "row_count": 9,
        "rejections": [
            {"code": "bad_csv", "why": "a quoted cell is malformed", "rows": [1, 4]},
            {"code": "bad_json", "why": "é", "rows": [8]},
        ],
        "data": '{"a":"é"}',
    }
    assert decode_entry(line_of(ENTRY)) == ENTRY


def test_a_line_that_is_rejected_as_a_whole_has_no_rows() -> None:
    """It has one reason."""
    fields = json.loads(line_of(WHOLE))
    assert fields["rejections"] == [{"code": "bad_csv", "why": "a quoted cell is malformed"}]
    assert (fields["inference_id"], fields["row_count"]) == (None, None)
    assert decode_entry(line_of(WHOLE)) == WHOLE


CHUNK = 3 * 128 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        "é".encode(),
        b"\xff\x00",
        b"",
        None,
        b'"\\\x01\n' * CHUNK,
        b"a" * (CHUNK - 1) + "é€".encode() + b"b" * CHUNK,
        b"\xff" * (2 * CHUNK + 1),
        b"a" * (2 * CHUNK) + "é".encode()[:1],
    ],
)
def test_a_captured_line_is_decoded_byte_for_byte(data: bytes | None) -> None:
    """This holds for text, for bytes that are not UTF-8, for no bytes and for no data, across pieces of a line."""
    entry = replace(ENTRY, data=data)
    assert decode_entry(line_of(entry)) == entry


def test_a_line_is_written_in_pieces() -> None:
    """Neither a long captured line nor many rows make a piece of more than a few megabytes."""
    rows = array("I", range(200_000))
    rejection = LineRejection(ENTRY.rejections[0].reason, rows)
    entry = replace(ENTRY, row_count=200_000, rejections=(rejection,), data=b"\x01" * 2_000_000)
    pieces = list(encode_entry(entry))
    assert max(map(len, pieces)) < 3_000_000
    assert decode_entry(b"".join(pieces)) == entry


def test_a_line_that_is_not_utf_8_is_written_in_base64() -> None:
    """An entry has either text or base64, or no data at all."""
    fields = {data: json.loads(line_of(replace(ENTRY, data=data))) for data in (b"\xff\x00", b"a", None)}
    assert fields[b"\xff\x00"]["data_base64"] == "/wA="
    assert "data" not in fields[b"\xff\x00"]
    assert "data_base64" not in fields[b"a"]
    assert not {"data", "data_base64"} & fields[None].keys()


def test_rows_are_read_in_any_order() -> None:
    """A person may have edited the file; equal indices are one row."""
    line = line_of(ENTRY).replace(b"[1,4]", b"[4,1,1]")
    assert decode_entry(line) == ENTRY


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"broken",
        line_of(ENTRY).replace(b"bad_csv", b"unknown"),
        line_of(ENTRY).replace(b"[1,4]", b"[]"),
        line_of(ENTRY).replace(b"[1,4]", b"[1,9]"),
        line_of(ENTRY).replace(b"[1,4]", b"[-1]"),
        line_of(ENTRY).replace(b"[1,4]", b"[4294967296]"),
        line_of(ENTRY).replace(b'"row_count":9', b'"row_count":null'),
        line_of(ENTRY).replace(b',"rows":[1,4]', b""),
        line_of(WHOLE).replace(b'"line":3', b'"line":-3'),
        line_of(replace(ENTRY, rejections=())),
    ],
)
def test_other_text_is_not_an_entry(line: bytes) -> None:
    """A code that this version does not know, a row outside its call, and a line without a reason are no entry."""
    with pytest.raises(ValueError, match=r"."):
        decode_entry(line)


def test_a_file_is_gzip_with_one_entry_a_line() -> None:
    """It has no time and no name, so equal entries give equal bytes."""
    body = encoded(ENTRY, WHOLE)
    assert gzip.decompress(body) == line_of(ENTRY) + line_of(WHOLE)
    assert body[3:8] == bytes(5)
    assert list(decode_entries(BytesIO(body))) == [ENTRY, WHOLE]


def test_a_file_without_entries_is_gzip_too() -> None:
    """Blank lines are no entries either."""
    assert list(decode_entries(BytesIO(encoded()))) == []
    assert list(decode_entries(BytesIO(gzip.compress(b"\n" + line_of(ENTRY) + b"\n\n")))) == [ENTRY]
