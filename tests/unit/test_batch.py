"""Batches: in order, within limits, nothing dropped."""

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.batch import Batch, Batcher, BatchLimits, Parcel
from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.inference import Inference


class Nobody:
    """A claim that nobody has."""

    def settle(self, inference: Inference, result: RowResult) -> None:
        """Forget it."""


def parcel(number: int, size: int) -> Parcel:
    """Return a parcel whose JSON has `size` bytes."""
    inference = Inference(str(number), datetime.now(UTC), {}, {}, 1, 0)
    return Parcel(inference, b'"' + b"x" * (size - 2) + b'"', Nobody())


def batches(sizes: list[int], limits: BatchLimits) -> list[Batch]:
    """Return the batches that parcels of `sizes` make."""
    batcher = Batcher("model", limits)
    made = [batcher.add(parcel(number, size)) for number, size in enumerate(sizes)]
    return [batch for batch in [*made, batcher.flush()] if batch]


@given(
    sizes=st.lists(st.integers(2, 60), max_size=40),
    limits=st.builds(BatchLimits, max_inferences=st.integers(1, 7), max_bytes=st.integers(10, 100)),
)
def test_batching_is_a_partition_that_keeps_order_and_limits(sizes: list[int], limits: BatchLimits) -> None:
    """Every parcel is in exactly one batch, in order; only a parcel that is too large alone makes a batch too large."""
    made = batches(sizes, limits)
    ids = [parcel.inference.partner_inference_id for batch in made for parcel in batch.parcels]
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
