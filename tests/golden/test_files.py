"""Files that are no JSON Lines, or begin with a byte order mark, as `inspect` shows them."""

import gzip
import json
from pathlib import Path

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference
from capture_ops.commands.inspect import Inspection, Part
from tests.support.captures import capture, csv_side

RECORD = capture(csv_side("1,2"), csv_side("0.5"))
DOCUMENT = json.loads(RECORD)
MARK = b"\xef\xbb\xbf"


def parts_of(folder: Path, content: bytes) -> list[Part]:
    """Return the inferences and rejections of a file with this content."""
    file = folder / "captures.jsonl"
    file.write_bytes(content)
    return list(Inspection(str(file)))


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([DOCUMENT, DOCUMENT]).encode(),
        json.dumps([DOCUMENT, DOCUMENT], indent=2).encode(),
        b"[" + RECORD + b",\n" + RECORD + b"]\n",
        (json.dumps(DOCUMENT, indent=1) + "\n").encode() * 3,
        MARK + json.dumps(DOCUMENT, indent=4).encode(),
        gzip.compress(json.dumps([DOCUMENT], indent=2).encode()),
    ],
    ids=["list", "pretty-printed list", "list, a line each", "pretty-printed records", "byte order mark", "gzip"],
)
def test_a_file_that_is_no_json_lines_is_one_rejection(tmp_path: Path, content: bytes) -> None:
    """Not one a line; the sentence says how to write one record a line."""
    (part,) = parts_of(tmp_path, content)
    assert isinstance(part, Rejection)
    assert part.code is RejectionCode.LINE_NOT_JSON
    assert "jq -c" in part.why


@pytest.mark.parametrize(
    "content",
    [MARK + RECORD + b"\n" + RECORD, gzip.compress(MARK + RECORD + b"\n" + RECORD + b"\n"), RECORD + b"\r\n" + RECORD],
)
def test_a_byte_order_mark_is_no_part_of_the_first_record(tmp_path: Path, content: bytes) -> None:
    """Windows programs write one at the start of a file, and end lines with two characters."""
    assert [type(part) for part in parts_of(tmp_path, content)] == [Inference, Inference]


def test_two_records_on_a_line_are_no_record(tmp_path: Path) -> None:
    """The lines around it are read."""
    first, broken, last = parts_of(tmp_path, RECORD + b"\n" + RECORD + RECORD + b"\n" + RECORD)
    assert isinstance(broken, Rejection)
    assert broken.code is RejectionCode.LINE_NOT_JSON
    assert isinstance(first, Inference)
    assert isinstance(last, Inference)


def test_a_later_line_that_is_no_object_is_no_capture(tmp_path: Path) -> None:
    """Only the beginning of a file tells that the file is a list."""
    first, *others = parts_of(tmp_path, RECORD + b"\n[]\n3\n")
    assert isinstance(first, Inference)
    assert [part.code for part in others if isinstance(part, Rejection)] == [RejectionCode.NOT_A_CAPTURE] * 2
