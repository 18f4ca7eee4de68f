"""The byte stream of an object, split into lines."""

import gzip
import tracemalloc
from collections.abc import Iterator

import pytest

from capture_forwarder.domain.capture import Line, ReadOffset
from capture_forwarder.domain.delivery import RejectionCode, SourceDamaged
from capture_forwarder.lines.reader import LineReader

CAP = 64 * 1024 * 1024


def lines(data: bytes, *, chunk_bytes: int = 5, cap: int = CAP, at: ReadOffset | None = None) -> list[Line]:
    """Return the lines of `data`, given in small chunks."""
    chunks = (data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes))
    return list(LineReader(chunks, cap, at or ReadOffset()))


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines_have_their_number_and_offset(compress: type[bytes]) -> None:
    """Numbers count from 1, offsets are bytes of the uncompressed stream, the last line needs no line end."""
    assert lines(compress(b"ab\n\nc")) == [Line(1, 0, 3, b"ab"), Line(2, 3, 4, b""), Line(3, 4, 5, b"c")]


def test_an_empty_object_has_no_lines() -> None:
    """Neither has a gzip of an empty object."""
    assert lines(b"") == []
    assert lines(gzip.compress(b"")) == []
    assert lines(b"x") == [Line(1, 0, 1, b"x")]


def test_i_only_a_line_feed_ends_a_line() -> None:
    """Scenario I: U+2028, U+0085, form feed and carriage return lie raw inside JSON lines without splitting them."""
    text = "a\u2028b\x85c\x0cd\re".encode()
    assert [line.data for line in lines(text + b"\n" + text)] == [text, text]


def test_h_chunk_boundaries_change_nothing() -> None:
    """Scenario H: multi-byte characters are whole wherever the chunks were cut."""
    text = '{"a":"é€😀"}\n{"b":"漢字"}\n'.encode()
    whole = lines(text, chunk_bytes=len(text))
    assert [line.data.decode() for line in whole] == ['{"a":"é€😀"}', '{"b":"漢字"}']
    for size in range(1, len(text)):
        assert lines(text, chunk_bytes=size) == whole
        assert [line.data for line in lines(gzip.compress(text), chunk_bytes=size)] == [line.data for line in whole]


def test_j_a_line_that_is_too_long_does_not_affect_the_others() -> None:
    """Scenario J: the line has a refusal; the lines around it have their right offsets."""
    found = lines(b"a\n" + b"x" * 1000 + b"\nb\n", cap=10)
    assert [(line.number, line.offset, line.end, line.data) for line in found] == [
        (1, 0, 2, b"a"),
        (2, 2, 1003, b""),
        (3, 1003, 1005, b"b"),
    ]
    assert [line.reason and line.reason.code for line in found] == [None, RejectionCode.LINE_TOO_LONG, None]


@pytest.mark.parametrize("tail", [b"", b"\n"])
def test_a_line_of_exactly_the_cap_is_read(tail: bytes) -> None:
    """The cap counts the line without its end."""
    (line,) = lines(b"x" * 10 + tail, cap=10)
    assert line.data == b"x" * 10
    (line,) = lines(b"x" * 11 + tail, cap=10)
    assert line.reason is not None
    assert line.end == 11 + len(tail)


def test_a_line_that_is_too_long_is_not_held_in_memory() -> None:
    """Its pieces are dropped as they come."""

    def chunks() -> Iterator[bytes]:
        yield from (b"x" * 65536 for _ in range(1000))

    tracemalloc.start()
    (line,) = LineReader(chunks(), 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert line.end == 65_536_000
    assert peak < 4_000_000


@pytest.mark.parametrize("cut", [4, 15, 40, -4, -1])
def test_k_a_truncated_gzip_object_is_never_a_success(cut: int) -> None:
    """Scenario K: the lines before the cut are there, and the last line has a refusal."""
    data = gzip.compress(b"".join(b"line %d\n" % number for number in range(100)))
    found = lines(data[:cut])
    assert found[-1].reason is not None
    assert found[-1].reason.code is RejectionCode.OBJECT_TRUNCATED
    assert [line.data for line in found[:-1]] == [b"line %d" % number for number in range(len(found) - 1)]
    assert found[-1].offset == (found[-2].end if len(found) > 1 else 0)


def test_a_damaged_gzip_object_is_never_a_success() -> None:
    """A wrong checksum or broken stream counts like a cut."""
    data = bytearray(gzip.compress(b"a\n" * 1000))
    for place in (12, len(data) - 6):
        damaged = data.copy()
        damaged[place] ^= 0xFF
        assert lines(bytes(damaged))[-1].reason is not None


def test_several_gzip_members_are_one_stream() -> None:
    """Concatenated gzip files are a gzip file."""
    assert [line.data for line in lines(gzip.compress(b"a\nb") + gzip.compress(b"c\n"))] == [b"a", b"bc"]


@pytest.mark.parametrize("chunk_bytes", [1, 7, 10_000])
def test_zeros_between_gzip_members_and_after_them_are_padding(chunk_bytes: int) -> None:
    """Tapes and block devices leave them; `gzip` skips them too."""
    data = gzip.compress(b"a\nb") + b"\0" * 20 + gzip.compress(b"c\n") + b"\0" * 9
    assert [line.data for line in lines(data, chunk_bytes=chunk_bytes)] == [b"a", b"bc"]


def test_a_gzip_bomb_is_not_held_in_memory() -> None:
    """It is inflated piece by piece."""
    bomb = gzip.compress(b"x" * 16_000_000)
    tracemalloc.start()
    (line,) = LineReader([bomb], 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert line.end == 16_000_000
    assert peak < 4_000_000


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_reading_continues_from_an_offset(compress: bool) -> None:  # noqa: FBT001 - a parametrised case
    """Number, offset and content of the lines are the same as when all is read at once."""
    data = b"".join(b"line %d\n" % number for number in range(50))
    whole = lines(data)
    for line in whole:
        at = ReadOffset(line.end, line.number, compress)
        stored = gzip.compress(data) if compress else data[line.end :]
        assert lines(stored, at=at) == whole[line.number :]


def test_gzip_is_recognised_only_at_offset_zero() -> None:
    """Bytes in the middle of an object may look like the beginning of gzip."""
    assert lines(b"\x1f\x8bx\n", at=ReadOffset(10, 1)) == [Line(2, 10, 14, b"\x1f\x8bx")]


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_chunk_may_be_larger_than_any_buffer(compress: type[bytes]) -> None:
    """All lines of an object are read, also if it comes in one piece."""
    texts = [b"%07d %s" % (number, b"x" * (number % 97)) for number in range(40_000)]
    data = compress(b"\n".join(texts))
    assert [line.data for line in lines(data, chunk_bytes=len(data))] == texts


def test_a_line_that_is_too_long_tells_its_size() -> None:
    """Counted from its own beginning and with its line end; the sentence names the limit and the option that raises it."""
    _, line, last = LineReader([b"short\n" + b"x" * 30 + b"\nend"], 10)
    assert line.reason is not None
    assert line.reason.why == "31 bytes, more than max_line_bytes = 10; raise it if such lines are wanted"
    assert last.data == b"end"


def test_a_broken_stream_ends_in_a_line_without_data() -> None:
    """It comes after the lines that could be read, with the next number and no length."""
    data = gzip.compress(b"one\ntwo\n" + bytes(range(256)) * 4096, mtime=0)[:-9]
    *whole, broken = LineReader([data], 100)
    assert [line.data for line in whole[:2]] == [b"one", b"two"]
    end = whole[-1].end
    assert (broken.number, broken.offset, broken.end, broken.data) == (len(whole) + 1, end, end, b"")
    assert broken.reason is not None
    assert "upload the object again" in broken.reason.why


def test_an_offset_past_the_end_of_a_gzip_object_is_damage() -> None:
    """The object is read again from its start: it is not known which lines were committed."""
    reader = LineReader([gzip.compress(b"a\nb\n")], 100, ReadOffset(5, 3, compressed=True))
    with pytest.raises(SourceDamaged, match="past its end"):
        list(reader)


@pytest.mark.parametrize("before", [b"", b"\n", b" \n\n"])
def test_a_file_that_is_one_document_is_rejected_once(before: bytes) -> None:
    """Blank lines may come before it; the rest of the file is not read."""
    lines = list(LineReader([before + b"[\n{}\n,\n{}\n]\n"], 100))
    refused = [line for line in lines if line.reason]
    assert [line.number for line in refused] == [before.count(b"\n") + 1]
    assert [line.offset for line in refused] == [len(before)]
    assert lines[-1] == refused[0]
    assert refused[0].reason
    assert "jq -c" in refused[0].reason.why
