"""Replay of entries without data: their captured lines are read again from the capture objects."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import (
    Reason,
    RejectionCode,
    SourceUnavailable,
    Superseded,
    Unavailable,
)
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_forwarder.ports import OpenObject, TimeLeft
from tests.support.memory_stores import MemoryStore
from tests.support.replay_world import ReplayWorld, call_of, line_entry, rejected, rows_entry

NOT_KEPT = "its line was not kept, and its capture object"


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world with no entry in quarantine."""
    return ReplayWorld(tmp_path)


def entries_of(source: CaptureObject, lines: list[bytes], numbers: list[int]) -> list[QuarantineEntry]:
    """Return entries without data of the lines with these numbers, counted from 1; entries have no size."""
    source = replace(source, size=None)
    offsets = [sum(len(line) + 1 for line in lines[:at]) for at in range(len(lines))]
    return [line_entry(None, source=source, line=number, offset=offsets[number - 1]) for number in numbers]


def test_a_line_that_quarantine_holds_is_not_read_again(world: ReplayWorld) -> None:
    """It has the number and the bytes that it had in its object."""
    entry = line_entry(b"broken", source=CaptureObject("captures", "gone"), line=3, offset=40)
    originals = Originals(world.store, max_line_bytes=1000)
    assert originals.line(entry) == Line(3, 40, 47, b"broken")
    assert world.store.reads == []


@pytest.mark.parametrize("compress", [False, True])
def test_lines_are_read_again_at_their_offsets(world: ReplayWorld, compress: bool) -> None:  # noqa: FBT001 - a case
    """This holds for gzip as well, and for an entry of a line before the last one that was read."""
    lines = [call_of(f"e{number}", 2) for number in range(1, 7)]
    source = world.store.put("a", *lines, compress=compress)
    place = {"source": source, "line": 6, "offset": 5 * (len(lines[0]) + 1)}
    last = rows_entry("e6", 2, rejected(1), data=None, **place)
    world.keep("a", *entries_of(source, lines, [1, 3, 4, 2]), last)
    assert world.replay().complete
    expected = {f"e{number}_{index}" for number in (1, 2, 3, 4) for index in (0, 1)} | {"e6_1"}
    assert set(world.destination.stored) == expected


def test_an_uncompressed_object_is_read_from_the_line_on(world: ReplayWorld) -> None:
    """It is opened once to see that it is not gzip, and once at the offset of the first line."""
    lines = [call_of(f"e{number}") for number in range(1, 5)]
    source = world.store.put("a", *lines)
    entries = entries_of(source, lines, [3, 4])
    world.keep("a", *entries)
    assert world.replay().complete
    assert world.store.reads == [("a", 0), ("a", entries[0].offset)]


def test_the_first_line_is_read_with_one_request(world: ReplayWorld) -> None:
    """The object is opened at its start already."""
    source = world.store.put("a", call_of("e"), call_of("f"))
    world.keep("a", *entries_of(source, [call_of("e"), call_of("f")], [1, 2]))
    assert world.replay().complete
    assert world.store.reads == [("a", 0)]


@pytest.mark.parametrize("compress", [False, True])
def test_entries_of_one_line_read_it_once(world: ReplayWorld, compress: bool) -> None:  # noqa: FBT001 - a case
    """Their entries have the same offset; they lie in two files if a run was killed."""
    lines = [call_of("e1"), call_of("e2", 3), call_of("e3")]
    source = replace(world.store.put("a", *lines, compress=compress), size=None)
    place = {"data": None, "source": source, "line": 2, "offset": len(lines[0]) + 1}
    world.keep("a", *(rows_entry("e2", 3, rejected(index), **place) for index in (0, 2)))
    assert world.replay().complete
    assert list(world.destination.stored) == ["e2_0", "e2_2"]
    assert len(world.store.reads) == (1 if compress else 2)


def test_a_gzip_object_is_read_once(world: ReplayWorld) -> None:
    """Its lines are read from its start on."""
    lines = [call_of(f"e{number}") for number in range(1, 5)]
    source = world.store.put("a", *lines, compress=True)
    world.keep("a", *entries_of(source, lines, [2, 4]))
    assert world.replay().complete
    assert world.store.reads == [("a", 0)]
    assert list(world.destination.stored) == ["e2", "e4"]


def test_a_line_that_was_too_long_is_read_again(world: ReplayWorld) -> None:
    """Its entry has an empty line. This is not replayed."""
    source = world.store.put("a", call_of("e"))
    world.keep("a", line_entry(b"", source=source, code=RejectionCode.LINE_TOO_LONG))
    world.max_line_bytes = 100
    assert world.replay().left == {"rejected again: line_too_long": 1}
    world.max_line_bytes = 100_000
    assert world.replay().complete
    assert list(world.destination.stored) == ["e"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: world.store.put("a", b"other"), f"{NOT_KEPT} was overwritten"),
        (lambda world: world.store.objects.clear(), f"{NOT_KEPT} is missing (object_gone)"),
        (
            lambda world: world.store.errors.update(a=Unavailable("S3 answers SlowDown")),
            "still pending: S3 answers SlowDown",
        ),
    ],
)
def test_an_entry_whose_line_cannot_be_read_again_stays(
    world: ReplayWorld, change: Callable[[ReplayWorld], object], why: str
) -> None:
    """The report has the reason, and no line of another version of the object is sent."""
    source = replace(world.store.put("a", call_of("e")), size=None)  # entries have no size
    entry = line_entry(None, source=source)
    world.keep("a", entry)
    change(world)
    assert world.replay().left == {why: 1}
    assert world.entries() == {"a": [entry]}


def test_an_object_that_cannot_be_read_now_does_not_stop_the_entries_behind_it(world: ReplayWorld) -> None:
    """Its entries stay, and are sent by a later replay."""
    lines = [call_of("e1"), call_of("e2")]
    source = world.store.put("slow", *lines)
    pending = entries_of(source, lines, [1, 2])
    other = world.store.put("other", call_of("f"))
    world.keep("a", *pending, line_entry(None, source=other), line_entry(call_of("g")))
    world.store.errors["slow"] = SourceUnavailable("S3 answers SlowDown")
    report = world.replay()
    assert report.left == {"still pending: S3 answers SlowDown": 2}
    assert list(world.destination.stored) == ["f", "g"]
    assert world.entries() == {"a": pending}
    world.store.errors.clear()
    assert world.replay().complete
    assert list(world.destination.stored) == ["f", "g", "e1", "e2"]


def test_an_object_that_is_readable_at_the_next_entry_is_opened_again(world: ReplayWorld) -> None:
    """Only the entry whose line could not be read stays."""

    class OnceUnavailable(MemoryStore):
        def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
            if not self.reads:
                self.reads.append((source.key, start))
                raise SourceUnavailable("S3 answers SlowDown")
            return super().open(source, start, left_secs)

    world.store = OnceUnavailable()
    lines = [call_of("e1"), call_of("e2")]
    entries = entries_of(world.store.put("a", *lines), lines, [1, 2])
    world.keep("a", *entries)
    assert world.replay().left == {"still pending: S3 answers SlowDown": 1}
    assert list(world.destination.stored) == ["e2"]
    assert world.entries() == {"a": entries[:1]}


def test_lines_of_one_object_never_replace_lines_of_another(world: ReplayWorld) -> None:
    """All entries of a missing object stay, although an object of the same form was read before it."""
    lines = [call_of(f"e{number}") for number in range(1, 5)]
    there = world.store.put("there", *lines)
    missing = entries_of(CaptureObject("captures", "missing", etag="x"), lines, [2, 3, 4])
    world.keep("a", *entries_of(there, lines, [1]))
    world.keep("b", *missing)
    assert world.replay().left == {f"{NOT_KEPT} is missing (object_gone)": 3}
    assert list(world.destination.stored) == ["e1"]
    assert world.entries() == {"a": [], "b": missing}
    assert [key for key, _ in world.store.reads].count("missing") == 1


def test_an_object_that_has_ended_is_not_opened_again(world: ReplayWorld) -> None:
    """Further entries past its end are not there either; an entry before them is read from its own offset."""
    source = replace(world.store.put("a", call_of("e"), call_of("f"), compress=True), size=None)
    past = [line_entry(None, source=source, line=number, offset=number * 1000) for number in (3, 4, 5)]
    world.keep("a", *past, *entries_of(source, [call_of("e"), call_of("f")], [2]))
    assert world.replay().left == {f"{NOT_KEPT} has no line at that offset": 3}
    assert world.store.reads == [("a", 0), ("a", 0)]
    assert list(world.destination.stored) == ["f"]


def test_an_object_whose_reading_breaks_off_is_opened_again(world: ReplayWorld) -> None:
    """The entry where it broke off stays, and the next one is sent."""

    class BreaksOnce(MemoryStore):
        def _chunks(self, data: bytes) -> Iterator[bytes]:
            yield data[: len(call_of("e1")) + 1]
            if len(self.reads) == 1:
                raise SourceUnavailable("S3 answers SlowDown")
            yield data[len(call_of("e1")) + 1 :]

    world.store = BreaksOnce()
    lines = [call_of("e1"), call_of("e2"), call_of("e3")]
    entries = entries_of(world.store.put("a", *lines), lines, [1, 2, 3])
    world.keep("a", *entries)
    assert world.replay().left == {"still pending: S3 answers SlowDown": 1}
    assert list(world.destination.stored) == ["e1", "e3"]
    assert world.entries() == {"a": entries[1:2]}


def test_an_object_that_is_deleted_between_two_requests_is_missing(world: ReplayWorld) -> None:
    """It was seen to be uncompressed, and is gone when its line is read."""

    class VanishingStore(MemoryStore):
        def open(self, source: CaptureObject, start: int, left_secs: TimeLeft) -> OpenObject | Reason | Superseded:
            opened = super().open(source, start, left_secs)
            self.objects.clear()
            return opened

    world.store = VanishingStore()
    lines = [call_of("e1"), call_of("e2")]
    (entry,) = entries_of(world.store.put("a", *lines), lines, [2])
    world.keep("a", entry)
    assert world.replay().left == {f"{NOT_KEPT} is missing (object_gone)": 1}
    assert world.store.reads == [("a", 0), ("a", entry.offset)]


@pytest.mark.parametrize(
    ("line", "offset", "compress"), [(2, 0, True), (2, 5, True), (9, 999_999, True), (2, 0, False), (9, 999_999, False)]
)
def test_an_entry_whose_offset_has_no_such_line_stays(
    world: ReplayWorld,
    line: int,
    offset: int,
    compress: bool,  # noqa: FBT001 - a case
) -> None:
    """No other line is sent in its place."""
    source = world.store.put("a", call_of("e"), call_of("f"), compress=compress)
    world.keep("a", line_entry(None, source=source, line=line, offset=offset))
    assert world.replay().left == {f"{NOT_KEPT} has no line at that offset": 1}
    assert world.destination.batches == []


def test_an_offset_within_a_line_sends_no_row(world: ReplayWorld) -> None:
    """An uncompressed object is read from there, and the rest of the line is no capture."""
    source = world.store.put("a", call_of("e"), call_of("f"))
    world.keep("a", line_entry(None, source=source, line=2, offset=5))
    assert world.replay().left == {"rejected again: line_not_json": 1}
    assert world.destination.batches == []
