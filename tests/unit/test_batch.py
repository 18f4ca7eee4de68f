"""Batches: rows in order, within the limits of one request, and without losing a row."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.batch import Batch, BatchLimits, BatchSlice
from capture_forwarder.domain.progress import LineSpan
from capture_forwarder.forward.sending.batching import Batcher
from tests.support.fakes import DiscardResults


def encoded(size: int) -> bytes:
    """Return a row of `size` bytes as it is in a request."""
    return b'"' + b"x" * (size - 2) + b'"'


class RecordedBatches:
    """A batcher and the batches that it sent."""

    def __init__(self, limits: BatchLimits) -> None:
        self.batches: list[Batch] = []
        self.slices: list[list[BatchSlice]] = []
        self.batcher = Batcher("model", limits, self._send)
        self.recorder = DiscardResults()
        self._rows = 0

    def add(self, *sizes: int, span: LineSpan | None = None) -> None:
        """Add one span with rows of these sizes; ids count up through all spans."""
        ids = [str(self._rows + index) for index in range(len(sizes))]
        self._rows += len(sizes)
        self.batcher.add(self.recorder, span or LineSpan(1, 0), ids, ["x" * (size - 2) for size in sizes])

    def _send(self, batch: Batch, slices: list[BatchSlice]) -> None:
        self.batches.append(batch)
        self.slices.append(slices)


def batches_of(spans: list[list[int]], limits: BatchLimits) -> list[Batch]:
    """Return the batches of spans with rows of these sizes."""
    recorded = RecordedBatches(limits)
    for sizes in spans:
        recorded.add(*sizes)
    recorded.batcher.flush()
    return recorded.batches


SPANS = st.lists(st.lists(st.integers(2, 60), min_size=1, max_size=9), max_size=9)
LIMITS = st.builds(BatchLimits, max_inferences=st.integers(1, 7), max_bytes=st.integers(10, 100))


@given(spans=SPANS, limits=LIMITS)
def test_every_row_is_in_one_batch_in_order_and_within_the_limits(spans: list[list[int]], limits: BatchLimits) -> None:
    """Only a row that alone is too large makes a batch that is too large."""
    batches, sizes = batches_of(spans, limits), [size for sizes in spans for size in sizes]
    assert [one for batch in batches for one in batch.ids] == [str(number) for number in range(len(sizes))]
    for batch in batches:
        assert 1 <= len(batch.ids) <= limits.max_inferences
        assert len(batch.body) <= limits.max_bytes or len(batch.ids) == 1
        assert batch.rows() == [encoded(sizes[int(one)]) for one in batch.ids]
        assert batch.body == b"[" + b",".join(batch.rows()) + b"]"
        assert batch.model_id == "model"


@given(spans=SPANS, limits=LIMITS)
def test_slices_give_the_span_and_the_place_of_every_row(spans: list[list[int]], limits: BatchLimits) -> None:
    """This holds wherever batches are cut."""
    recorded, line_spans = RecordedBatches(limits), [LineSpan(number, 0) for number in range(len(spans))]
    for span, sizes in zip(line_spans, spans, strict=True):
        recorded.add(*sizes, span=span)
    recorded.batcher.flush()
    rows = [
        [(piece.span.number, piece.start + more) for piece in slices for more in range(piece.count)]
        for slices in recorded.slices
    ]
    assert [len(one) for one in rows] == [len(batch.ids) for batch in recorded.batches]
    expected = [(number, place) for number, sizes in enumerate(spans) for place in range(len(sizes))]
    assert [row for one in rows for row in one] == expected
    assert all(piece.recorder is recorded.recorder for slices in recorded.slices for piece in slices)


@given(spans=st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=20), min_size=1, max_size=9))
def test_batches_are_as_full_as_possible(spans: list[list[int]]) -> None:
    """The first row of a batch did not fit into the batch before."""
    limits = BatchLimits(5, 64)
    for before, after in pairwise(batches_of(spans, limits)):
        grown = len(before.body) + 1 + len(after.rows()[0])
        assert len(before.ids) == limits.max_inferences or grown > limits.max_bytes


def test_the_limit_of_bytes_counts_brackets_and_commas() -> None:
    """Two rows of 3 and 4 bytes fit into 10 bytes."""
    assert [len(batch.ids) for batch in batches_of([[3, 4]], BatchLimits(9, 10))] == [2]
    assert [len(batch.ids) for batch in batches_of([[3, 4]], BatchLimits(9, 9))] == [1, 1]


def test_more_rows_than_are_encoded_at_once_are_one_request() -> None:
    """Rows are encoded in blocks; no row is lost or repeated where two blocks meet."""
    (batch,) = batches_of([[5] * 700, [6] * 299], BatchLimits(1000))
    assert batch.rows() == [encoded(5)] * 700 + [encoded(6)] * 299


def test_a_full_batch_is_sent_at_once() -> None:
    """It does not wait for the next row."""
    recorded = RecordedBatches(BatchLimits(2))
    recorded.add(5, 5, 5)
    assert [batch.ids for batch in recorded.batches] == [["0", "1"]]


def test_flushing_without_rows_sends_no_batch() -> None:
    """A batch has at least one row."""
    recorded = RecordedBatches(BatchLimits(2))
    recorded.batcher.flush()
    recorded.add(5, 5)
    recorded.batcher.flush()
    assert [batch.ids for batch in recorded.batches] == [["0", "1"]]


def test_a_row_that_cannot_be_encoded_is_not_in_the_request() -> None:
    """The rows before and behind it are sent as if it had not been added."""
    recorded = RecordedBatches(BatchLimits())
    recorded.add(4)
    with pytest.raises(TypeError):
        recorded.batcher.add(DiscardResults(), LineSpan(1, 0), ["bad"], [object()])
    recorded.add(3)
    recorded.batcher.flush()
    assert [batch.body for batch in recorded.batches] == [b'["xx","x"]']


def test_a_part_of_a_batch_has_the_same_rows_and_ids() -> None:
    """Rows that are sent again are not encoded again."""
    (batch,) = batches_of([[3, 4, 5]], BatchLimits())
    assert batch.of([0, 2]) == batch.of([0, 2], batch.rows()) == Batch("model", ["0", "2"], b'["x","xxx"]')
    assert batch.of([]) == Batch("model", [], b"[]")


def lazy(sent: RecordedBatches, count: int, made: list[int]) -> Iterator[str]:
    """Yield rows, and note how many batches were sent when each was made."""
    for _ in range(count):
        made.append(len(sent.batches))
        yield "xxx"


def test_rows_of_a_huge_call_are_made_while_earlier_ones_are_sent() -> None:
    """Rows and ids may be iterators; never more than one batch and one block of them are held."""
    recorded, made, span = RecordedBatches(BatchLimits(300)), list[int](), LineSpan(1, 0)
    recorded.batcher.add(recorded.recorder, span, map(str, range(1000)), lazy(recorded, 1000, made))
    recorded.batcher.flush()
    assert [one for batch in recorded.batches for one in batch.ids] == [str(number) for number in range(1000)]
    assert [len(batch.ids) for batch in recorded.batches] == [300, 300, 300, 100]
    assert all(number - 300 * sent < 300 + 128 for number, sent in enumerate(made))
    pieces = [(piece.start, piece.count) for slices in recorded.slices for piece in slices]
    assert [start for start, _ in pieces] == [sum(count for _, count in pieces[:n]) for n in range(len(pieces))]


@given(spans=SPANS, limits=LIMITS)
def test_iterators_give_the_same_batches_as_lists(spans: list[list[int]], limits: BatchLimits) -> None:
    """The rows of a span are below the size of a block here."""
    recorded, number = RecordedBatches(limits), 0
    for sizes in spans:
        ids = [str(number + index) for index in range(len(sizes))]
        number += len(sizes)
        recorded.batcher.add(recorded.recorder, LineSpan(1, 0), iter(ids), ("x" * (size - 2) for size in sizes))
    recorded.batcher.flush()
    assert recorded.batches == batches_of(spans, limits)


def test_a_batch_may_have_fewer_rows_from_now_on() -> None:
    """The batch that was begun is sent, if it has as many already."""
    recorded = RecordedBatches(BatchLimits(10))
    recorded.add(5, 5, 5, 5)
    recorded.batcher.max_rows = 3
    recorded.add(5)
    recorded.add(5, 5)
    assert [len(batch.ids) for batch in recorded.batches] == [4, 3]


def test_no_row_is_made_after_a_stop() -> None:
    """The sender has an error, so the rest of a huge call is not made; no more rows are sent."""
    recorded, made = RecordedBatches(BatchLimits(200)), list[int]()

    def send_one_batch(batch: Batch, _: object) -> None:
        recorded.batches.append(batch)
        batcher.stop()

    batcher = Batcher("model", BatchLimits(200), send_one_batch)
    batcher.add(recorded.recorder, LineSpan(1, 0), map(str, range(1000)), lazy(recorded, 1000, made))
    assert len(made) == 256
    batcher.add(recorded.recorder, LineSpan(1, 0), ["more"], ["row"])
    batcher.flush()
    assert [len(batch.ids) for batch in recorded.batches] == [200]
