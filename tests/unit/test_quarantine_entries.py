"""Quarantine entries: everything that is needed to find, understand and replay a rejection."""

import gzip
import json

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import BatchTooLarge, Receipt, RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import decode_entry, encode_entry, encode_file
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import MODIFIED
from tests.support.memory_world import NO, ROUTE, MemoryWorld, answers, call, fails

ENTRY = QuarantineEntry(
    source=CaptureObject("captures", "a/ü +.jsonl", "v1", "e1"),
    route="churn",
    code=RejectionCode.BAD_CSV,
    why="a quoted cell is malformed",
    line=3,
    offset=99,
    index=1,
    partner_inference_id="id_1",
    data='{"a":"é"}'.encode(),
)
# Two rows; in the first one two nested values come to the same name.
HALF = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}]), csv_side("1\n2"), inferenceId="id-9")


def test_a_line_is_kept_with_its_place_and_its_bytes() -> None:
    """The entry has source, route, line, byte offset, code, reason, and the line as it was."""
    world = MemoryWorld()
    work = world.put("a", call(1), b"broken")
    world.forward(work)
    assert world.entries() == [
        QuarantineEntry(
            source=work.source,
            route="churn",
            code=RejectionCode.LINE_NOT_JSON,
            why="the line is not one JSON document in UTF-8",
            line=2,
            offset=len(call(1)) + 1,
            data=b"broken",
        )
    ]
    (file,) = world.quarantine.files.values()
    assert (file.source, file.route, file.start, file.modified) == (work.source, "churn", 0, MODIFIED)


def test_a_row_is_kept_with_its_index_and_id() -> None:
    """The fields are the same for rows that the forwarder rejects and for rows that the destination rejects."""
    world = MemoryWorld()
    world.destination.always = answers(NO)
    work = world.put("a", HALF)
    world.forward(work)
    assert world.entries() == [
        QuarantineEntry(
            source=work.source,
            route="churn",
            code=RejectionCode.AMBIGUOUS_NAME,
            why="two nested values come to the same name",
            line=1,
            index=0,
            partner_inference_id="id-9_0",
            data=HALF,
        ),
        QuarantineEntry(
            source=work.source,
            route="churn",
            code=RejectionCode.REFUSED_BY_DESTINATION,
            why="status 400: no",
            line=1,
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
    expected = QuarantineEntry(source=work.source, route="churn", code=RejectionCode.OBJECT_GONE, why="it is gone")
    assert world.entries() == [expected]
    assert report.why == "it is gone"
    assert (report.newest_inference, report.state) == (None, ObjectState.REJECTED)
    assert [file.modified for file in world.quarantine.files.values()] == [None]


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
    """Absent fields are null; the captured line is text."""
    assert json.loads(encode_entry(ENTRY)) == {
        "bucket": "captures",
        "key": "a/ü +.jsonl",
        "version_id": "v1",
        "etag": "e1",
        "route": "churn",
        "line": 3,
        "byte_offset": 99,
        "row_index": 1,
        "partner_inference_id": "id_1",
        "code": "bad_csv",
        "why": "a quoted cell is malformed",
        "data": '{"a":"é"}',
    }
    assert decode_entry(encode_entry(ENTRY)) == ENTRY


@pytest.mark.parametrize("data", [b"text", "é".encode(), b"\xff\x00", b"", None])
def test_a_captured_line_is_decoded_byte_for_byte(data: bytes | None) -> None:
    """This holds for text, for bytes that are not UTF-8, for no bytes and for no data."""
    entry = replace(ENTRY, data=data)
    assert decode_entry(encode_entry(entry)) == entry


def test_a_line_that_is_not_utf_8_is_written_in_base64() -> None:
    """An entry has either text or base64, or no data at all."""
    fields = {data: json.loads(encode_entry(replace(ENTRY, data=data))) for data in (b"\xff\x00", b"a", None)}
    assert fields[b"\xff\x00"]["data_base64"] == "/wA="
    assert "data" not in fields[b"\xff\x00"]
    assert "data_base64" not in fields[b"a"]
    assert not {"data", "data_base64"} & fields[None].keys()


def test_the_entry_of_an_object_is_decoded() -> None:
    """It has neither line nor row."""
    entry = QuarantineEntry(source=CaptureObject("b", "k"), route="r", code=RejectionCode.OBJECT_GONE, why="w")
    assert decode_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"broken", encode_entry(ENTRY).replace(b"bad_csv", b"unknown")])
def test_other_text_is_not_an_entry(line: bytes) -> None:
    """A code that this version does not know is no entry either."""
    with pytest.raises(ValueError, match=r"."):
        decode_entry(line)


def test_a_file_is_gzip_with_one_entry_a_line() -> None:
    """It has no time, so equal entries give equal bytes."""
    body = encode_file([ENTRY, ENTRY])
    assert gzip.decompress(body) == 2 * (encode_entry(ENTRY) + b"\n")
    assert body[4:8] == bytes(4)
