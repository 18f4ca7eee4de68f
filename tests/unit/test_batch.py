"""Batches: in order, within limits, nothing dropped."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.batch import Batch, BatchLimits, BatchSlice
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.sending import Batcher
from tests.support.fakes import UnreadResults


def written(size: int) -> bytes:
    """Return how a row of `size` bytes stands in a request."""
    return b'"' + b"x" * (size - 2) + b'"'


class Posted:
    """Batches as they are posted."""

    def __init__(self, limits: BatchLimits) -> None:
        self.batches: list[Batch] = []
        self.slices: list[list[BatchSlice]] = []
        self.batcher = Batcher("model", limits, self._post)
        self._number = 0

    def add(self, *sizes: int, span: LineSpan | None = None) -> None:
        """Add one span with rows of these sizes; ids count up through all spans."""
        ids = [str(self._number + index) for index in range(len(sizes))]
        self._number += len(sizes)
        self.batcher.add(UnreadResults(), span or LineSpan(1, 0), ids, ["x" * (size - 2) for size in sizes])

    def _post(self, batch: Batch, slices: list[BatchSlice]) -> None:
        self.batches.append(batch)
        self.slices.append(slices)


def posted(spans: list[list[int]], limits: BatchLimits) -> Posted:
    """Return what spans with rows of these sizes make."""
    found = Posted(limits)
    for sizes in spans:
        found.add(*sizes)
    found.batcher.flush()
    return found


STRETCHES = st.lists(st.lists(st.integers(2, 60), min_size=1, max_size=9), max_size=9)
LIMITS = st.builds(BatchLimits, max_inferences=st.integers(1, 7), max_bytes=st.integers(10, 100))


@given(spans=STRETCHES, limits=LIMITS)
def test_batching_is_a_partition_that_keeps_order_and_limits(spans: list[list[int]], limits: BatchLimits) -> None:
    """Every row is in exactly one batch, in order; only a row that is too large alone makes a batch too large."""
    made, sizes = posted(spans, limits).batches, [size for sizes in spans for size in sizes]
    assert [one for batch in made for one in batch.ids] == [str(number) for number in range(len(sizes))]
    for batch in made:
        assert 1 <= len(batch.ids) <= limits.max_inferences
        assert len(batch.body) <= limits.max_bytes or len(batch.ids) == 1
        assert batch.rows() == [written(sizes[int(one)]) for one in batch.ids]
        assert batch.body == b"[" + b",".join(batch.rows()) + b"]"


@given(spans=STRETCHES, limits=LIMITS)
def test_slices_give_the_span_and_the_place_of_every_row(spans: list[list[int]], limits: BatchLimits) -> None:
    """Each row of a batch stands for one place of one span, wherever batches are cut."""
    found, line_spans = Posted(limits), [LineSpan(number, 0) for number in range(len(spans))]
    for span, sizes in zip(line_spans, spans, strict=True):
        found.add(*sizes, span=span)
    found.batcher.flush()
    sliced = [
        [(piece.span.number, piece.start + more) for piece in slices for more in range(piece.count)]
        for slices in found.slices
    ]
    assert [len(rows) for rows in sliced] == [len(batch.ids) for batch in found.batches]
    expected = [(number, place) for number, sizes in enumerate(spans) for place in range(len(sizes))]
    assert [row for rows in sliced for row in rows] == expected


@given(spans=st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=20), min_size=1, max_size=9))
def test_no_batch_is_smaller_than_it_must_be(spans: list[list[int]]) -> None:
    """The first row of a batch would not have fitted into the one before."""
    limits = BatchLimits(5, 64)
    for before, after in pairwise(posted(spans, limits).batches):
        grown = len(before.body) + 1 + len(after.rows()[0])
        assert len(before.ids) == limits.max_inferences or grown > limits.max_bytes


def test_limits_are_used_to_the_last_byte() -> None:
    """Ten bytes of brackets, comma and two rows fit into ten."""
    assert [len(batch.ids) for batch in posted([[3, 4]], BatchLimits(9, 10)).batches] == [2]
    assert [len(batch.ids) for batch in posted([[3, 4]], BatchLimits(9, 9)).batches] == [1, 1]


def test_more_rows_than_are_encoded_at_once_are_one_request() -> None:
    """Where the blocks meet nothing is lost, and nothing stands twice."""
    (batch,) = posted([[5] * 700, [6] * 299], BatchLimits(1000)).batches
    assert batch.rows() == [written(5)] * 700 + [written(6)] * 299


def test_a_full_batch_is_posted_at_once() -> None:
    """Nobody waits for a row that comes after it."""
    found = Posted(BatchLimits(2))
    found.add(5, 5, 5)
    assert [batch.ids for batch in found.batches] == [["0", "1"]]


def test_a_row_that_cannot_be_encoded_leaves_nothing_behind() -> None:
    """Its neighbours' request is as if nobody had tried."""
    found = Posted(BatchLimits())
    found.add(4)
    with pytest.raises(TypeError):
        found.batcher.add(UnreadResults(), LineSpan(1, 0), ["bad"], [object()])
    found.add(3)
    found.batcher.flush()
    assert [batch.body for batch in found.batches] == [b'["xx","x"]']


def test_a_part_of_a_batch_is_put_together_of_its_rows() -> None:
    """What is sent again is what was encoded, under the same ids."""
    (batch,) = posted([[3, 4, 5]], BatchLimits()).batches
    part = batch.of([0, 2])
    assert part == Batch("model", ["0", "2"], b'["x","xxx"]')
