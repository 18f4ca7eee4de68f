"""Batches: in order, within limits, nothing dropped."""

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.batch import Batch, Batcher, BatchLimits, Parcel
from capture_forwarder.domain.delivery import RowResult

NOW = datetime(2026, 1, 15, tzinfo=UTC)


class Nobody:
    """A claim that nobody has."""

    def settle(self, parcel: Parcel, result: RowResult) -> None:
        """Forget it."""


def write(written: bytearray, _id: str, _time: datetime, data: object) -> None:
    """Write text of as many bytes as `data` says, and leave half of it behind where that is no number."""
    written += b'"'
    assert isinstance(data, int)
    written += b"x" * (data - 2) + b'"'


def batches(sizes: list[int], limits: BatchLimits) -> list[Batch]:
    """Return the batches that parcels of `sizes` make."""
    batcher = Batcher("model", limits, write)
    made = [batcher.add(Nobody(), str(number), 0, NOW, size) for number, size in enumerate(sizes)]
    return [batch for batch in [*made, batcher.flush()] if batch]


@given(
    sizes=st.lists(st.integers(2, 60), max_size=40),
    limits=st.builds(BatchLimits, max_inferences=st.integers(1, 7), max_bytes=st.integers(10, 100)),
)
def test_batching_is_a_partition_that_keeps_order_and_limits(sizes: list[int], limits: BatchLimits) -> None:
    """Every parcel is in exactly one batch, in order; only a parcel that is too large alone makes a batch too large."""
    made = batches(sizes, limits)
    ids = [parcel.partner_inference_id for batch in made for parcel in batch.parcels]
    assert ids == [str(number) for number in range(len(sizes))]
    for batch in made:
        assert 1 <= len(batch.parcels) <= limits.max_inferences
        assert len(batch.body) <= limits.max_bytes or len(batch.parcels) == 1
        assert msgspec.json.decode(batch.body) == [msgspec.json.decode(one.body) for one in batch.parcels]


@given(sizes=st.lists(st.integers(2, 30), min_size=1, max_size=40))
def test_no_batch_is_smaller_than_it_must_be(sizes: list[int]) -> None:
    """The first parcel of a batch would not have fitted into the one before."""
    limits = BatchLimits(5, 64)
    made = batches(sizes, limits)
    for before, after in pairwise(made):
        grown = len(before.body) + 1 + len(after.parcels[0].body)
        assert len(before.parcels) == limits.max_inferences or grown > limits.max_bytes


def test_limits_are_used_to_the_last_byte() -> None:
    """Ten bytes of brackets, comma and two rows fit into ten."""
    assert [len(batch.parcels) for batch in batches([3, 4], BatchLimits(9, 10))] == [2]
    assert [len(batch.parcels) for batch in batches([3, 4], BatchLimits(9, 9))] == [1, 1]


def test_a_row_that_cannot_be_written_leaves_nothing_behind() -> None:
    """Its neighbours' request is as if nobody had tried."""
    batcher = Batcher("model", BatchLimits(), write)
    batcher.add(Nobody(), "0", 0, NOW, 4)
    with pytest.raises(AssertionError):
        batcher.add(Nobody(), "1", 0, NOW, "no number")
    batcher.add(Nobody(), "2", 0, NOW, 3)
    batch = batcher.flush()
    assert batch is not None
    assert batch.body == b'["xx","x"]'


def test_a_part_of_a_batch_is_put_together_of_its_rows() -> None:
    """What is sent again is what was written."""
    (batch,) = batches([3, 4, 5], BatchLimits())
    assert batch.of(batch.parcels[1:]).body == b'["xx","xxx"]'
