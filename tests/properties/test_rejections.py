"""Rejections: each comes back exactly once from quarantine files, whatever is rejected when, and wherever files end."""

from array import array
from io import BytesIO
from itertools import accumulate
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject, Line
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.progress import LineRejection, LineSpan, QuarantineEntry
from capture_forwarder.forward.rejections import RejectedRow, Rejections
from capture_forwarder.kinds.quarantine.entries import encode_entries
from tests.support.memory_world import ROUTE
from tests.support.quarantine import decode_entries, one_by_one

SOURCE = CaptureObject("captures", "churn/ü\n", "v", "e")
REASONS = st.builds(Reason, st.sampled_from(RejectionCode), st.text(max_size=3))
ROW_COUNTS = st.integers(1, 5)


class Refused(Struct, frozen=True):
    """The refusal of one row (`index`) of a line, or of the whole line (`None`)."""

    line: int
    index: int | None
    reason: Reason


class World(Struct, frozen=True):
    """The lines of an object with the numbers of their rows, what is refused in which order, and where files end."""

    lines: list[bytes]
    counts: list[int]
    refused: list[Refused]
    ends: list[int]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw an object; a line is refused whole, or some of its rows are."""
    lines = draw(st.lists(st.binary(max_size=6), min_size=1, max_size=6))
    counts = [draw(ROW_COUNTS) for _ in lines]
    refused: list[Refused] = []
    for number, count in enumerate(counts, start=1):
        if draw(st.booleans()):
            refused.append(Refused(number, None, draw(REASONS)))
        else:
            chosen = draw(st.sets(st.integers(0, count - 1)))
            refused += [Refused(number, index, draw(REASONS)) for index in chosen]
    ends = sorted(draw(st.lists(st.integers(0, 50), max_size=3)))
    return World(lines, counts, draw(st.permutations(refused)), ends)


def as_span(world: World) -> LineSpan:
    """Return the lines as one span; the last one has no line end."""
    return LineSpan(1, 0, sum(len(line) + 1 for line in world.lines), world.lines, world.counts, None, 0)


def refuse(world: World) -> Rejections:
    """Return the rejections, added one by one in their order."""
    rejections, span = Rejections(SOURCE, ROUTE), as_span(world)
    for one in world.refused:
        if one.index is None:
            rejections.add_line(span.line(one.line), one.reason)
        else:
            place = sum(world.counts[: one.line - 1]) + one.index
            row_id = PartnerInferenceId.for_row(f"e{one.line}", one.index, world.counts[one.line - 1])
            rejections.add_rows(span, [RejectedRow(place, row_id, one.reason)])
    return rejections


def expected(world: World, numbers: set[int]) -> list[tuple[Any, ...]]:
    """Return the rejections of the lines with these numbers, in order."""
    offsets = [0, *accumulate(len(line) + 1 for line in world.lines)]
    return sorted(
        (
            one.line,
            -1 if one.index is None else one.index,
            offsets[one.line - 1],
            None
            if one.index is None
            else PartnerInferenceId.for_row(f"e{one.line}", one.index, world.counts[one.line - 1]),
            one.reason.code,
            one.reason.why,
            world.lines[one.line - 1] or None,
        )
        for one in world.refused
        if one.line in numbers
    )


def from_file(entries: list[QuarantineEntry]) -> list[tuple[Any, ...]]:
    """Write `entries` to a file, read it, and return its rejections in order."""
    file = BytesIO()
    encode_entries(entries, file)
    file.seek(0)
    read = list(decode_entries(file))
    assert read == entries
    return [
        (
            one.line,
            -1 if one.index is None else one.index,
            one.offset,
            one.partner_inference_id,
            one.code,
            one.why,
            one.data,
        )
        for one in one_by_one(read)
    ]


@given(worlds())
def test_every_rejection_is_in_exactly_one_file(world: World) -> None:
    """Files end at any offsets, and rejections come in any order. Nothing is held after the last file."""
    rejections = refuse(world)
    assert len(rejections) == len(world.refused)
    files = []
    for end in [*world.ends, None]:
        files += from_file(list(rejections.before(end)))
        rejections.drop_before(end)
        assert list(rejections.before(end)) == []
    assert files == expected(world, set(range(1, len(world.lines) + 1)))
    assert (len(rejections), rejections.held_bytes) == (0, 0)


@given(worlds(), st.integers(0, 50))
def test_an_offset_divides_rejections_by_their_lines(world: World, end: int) -> None:
    """Those before it are given, those that begin at it or later are kept, with their bytes."""
    rejections, later = refuse(world), Rejections(SOURCE, ROUTE)
    offsets = [0, *accumulate(len(line) + 1 for line in world.lines)]
    before = {number for number in range(1, len(world.lines) + 1) if offsets[number - 1] < end}
    assert from_file(list(rejections.before(end))) == expected(world, before)
    rejections.drop_before(end)
    after = set(range(1, len(world.lines) + 1)) - before
    assert from_file(list(rejections.before(None))) == expected(world, after)
    later = refuse(World(world.lines, world.counts, [one for one in world.refused if one.line in after], []))
    assert (len(rejections), rejections.held_bytes) == (len(later), later.held_bytes)


ENTRIES = st.builds(
    QuarantineEntry,
    source=st.builds(CaptureObject, st.text(), st.text(), st.none() | st.text(), st.none() | st.text()),
    route=st.text(),
    line=st.integers(0, 2**60),
    offset=st.integers(0, 2**60),
    inference_id=st.none() | st.text(),
    row_count=st.just(100),
    rejections=st.one_of(
        st.tuples(st.builds(LineRejection, REASONS)),
        st.lists(
            st.builds(
                LineRejection,
                REASONS,
                st.sets(st.integers(0, 99), min_size=1).map(lambda rows: array("I", sorted(rows))),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
    data=st.none() | st.binary(),
)


@given(st.lists(ENTRIES, max_size=4))
def test_any_entries_are_read_as_they_were_written(entries: list[QuarantineEntry]) -> None:
    """A key, a sentence or a captured line may hold any character; equal entries give equal bytes."""
    files = [BytesIO(), BytesIO()]
    for file in files:
        encode_entries(entries, file)
        file.seek(0)
    assert list(decode_entries(files[0])) == entries
    assert files[0].getvalue() == files[1].getvalue()


@given(st.lists(st.tuples(st.integers(0, 999), REASONS), unique_by=lambda one: one[0], max_size=300), st.integers(1, 4))
def test_no_row_is_lost_when_there_are_too_many_reasons(rows: list[tuple[int, Reason]], prefixes: int) -> None:
    """Each row is in one group, under its own code; there are at most a hundred groups and one more for each code."""
    rejections = Rejections(SOURCE, ROUTE)
    line = Line(1, 0, 2, b"x")
    for index, reason in rows:
        own = Reason(reason.code, f"{reason.why} {index % (prefixes * 60)}")
        rejections.add_row(line, index, own, f"e_{index}", 1000)
    found = [one for entry in rejections.before(None) for one in entry.rejections]
    codes = {index: reason.code for index, reason in rows}
    assert sorted(index for one in found for index in one.rows or ()) == sorted(codes)
    assert all(codes[index] is one.reason.code for one in found for index in one.rows or ())
    assert len(found) <= 100 + len(set(codes.values()))
