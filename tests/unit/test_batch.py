"""Batches: in order, within limits, nothing dropped."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.batch import Batch, Batcher, BatchLimits, Parcel, Results
from capture_forwarder.domain.delivery import ACCEPTED, DUPLICATE, RETRYABLE, RowResult, RowStatus
from tests.fakes import Nobody

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def row(_id: str, _time: datetime, data: object) -> object:
    """Return what is encoded in as many bytes as `data` says."""
    return "x" * (data - 2) if isinstance(data, int) else data


def written(size: int) -> bytes:
    """Return how a row of `size` bytes stands in a request."""
    return b'"' + b"x" * (size - 2) + b'"'


def batches(calls: list[list[int]], limits: BatchLimits, *, typed: bool) -> list[Batch]:
    """Return the batches that calls with rows of these sizes make."""
    made: list[Batch] = []
    batcher = Batcher("model", limits, row, made.append)
    number = 0
    for sizes in calls:
        ids = [str(number + index) for index in range(len(sizes))]
        number += len(sizes)
        if typed:
            batcher.add_typed(Nobody(), Nobody(), ids, NOW, list(sizes))
        else:
            for index, size in enumerate(sizes):
                batcher.add(Nobody(), Nobody(), ids[index], index, NOW, size)
    batcher.flush()
    return made


@pytest.mark.parametrize("typed", [True, False])
@given(
    calls=st.lists(st.lists(st.integers(2, 60), min_size=1, max_size=9), max_size=9),
    limits=st.builds(BatchLimits, max_inferences=st.integers(1, 7), max_bytes=st.integers(10, 100)),
)
def test_batching_is_a_partition_that_keeps_order_and_limits(
    calls: list[list[int]],
    limits: BatchLimits,
    typed: bool,  # noqa: FBT001 - a parametrised case
) -> None:
    """Every parcel is in exactly one batch, in order; only a parcel that is too large alone makes a batch too large."""
    made, sizes = batches(calls, limits, typed=typed), [size for sizes in calls for size in sizes]
    ids = [parcel.partner_inference_id for batch in made for parcel in batch.parcels]
    assert ids == [str(number) for number in range(len(sizes))]
    for batch in made:
        assert 1 <= len(batch.parcels) <= limits.max_inferences
        assert len(batch.body) <= limits.max_bytes or len(batch.parcels) == 1
        assert batch.rows() == [written(sizes[int(one.partner_inference_id)]) for one in batch.parcels]
        assert batch.body == b"[" + b",".join(batch.rows()) + b"]"


@pytest.mark.parametrize("typed", [True, False])
@given(calls=st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=20), min_size=1, max_size=9))
def test_no_batch_is_smaller_than_it_must_be(calls: list[list[int]], typed: bool) -> None:  # noqa: FBT001 - as above
    """The first parcel of a batch would not have fitted into the one before."""
    limits = BatchLimits(5, 64)
    made = batches(calls, limits, typed=typed)
    for before, after in pairwise(made):
        grown = len(before.body) + 1 + len(after.rows()[0])
        assert len(before.parcels) == limits.max_inferences or grown > limits.max_bytes


@pytest.mark.parametrize("typed", [True, False])
def test_limits_are_used_to_the_last_byte(typed: bool) -> None:  # noqa: FBT001 - as above
    """Ten bytes of brackets, comma and two rows fit into ten."""
    assert [len(batch.parcels) for batch in batches([[3, 4]], BatchLimits(9, 10), typed=typed)] == [2]
    assert [len(batch.parcels) for batch in batches([[3, 4]], BatchLimits(9, 9), typed=typed)] == [1, 1]


def test_more_rows_than_are_encoded_at_once_are_one_request() -> None:
    """Where the blocks meet nothing is lost, and nothing stands twice."""
    (batch,) = batches([[5] * 700, [6] * 299], BatchLimits(1000), typed=True)
    assert batch.rows() == [written(5)] * 700 + [written(6)] * 299


def test_a_full_batch_is_posted_at_once() -> None:
    """Nobody waits for a row that comes after it."""
    made: list[Batch] = []
    batcher = Batcher("model", BatchLimits(2), row, made.append)
    batcher.add_typed(Nobody(), Nobody(), ["0", "1", "2"], NOW, [5, 5, 5])
    assert [len(batch.parcels) for batch in made] == [2]


def test_what_was_taken_one_by_one_and_together_keeps_its_order() -> None:
    """Plain and typed inferences share requests."""
    made: list[Batch] = []
    batcher = Batcher("model", BatchLimits(), row, made.append)
    batcher.add_typed(Nobody(), Nobody(), ["0", "1"], NOW, [3, 4])
    batcher.add(Nobody(), Nobody(), "2", 0, NOW, 5)
    batcher.add_typed(Nobody(), Nobody(), ["3"], NOW, [6])
    batcher.flush()
    assert [one.partner_inference_id for one in made[0].parcels] == ["0", "1", "2", "3"]
    assert made[0].rows() == [written(size) for size in (3, 4, 5, 6)]


def test_a_row_that_cannot_be_encoded_leaves_nothing_behind() -> None:
    """Its neighbours' request is as if nobody had tried."""
    made: list[Batch] = []
    batcher = Batcher("model", BatchLimits(), row, made.append)
    batcher.add(Nobody(), Nobody(), "0", 0, NOW, 4)
    with pytest.raises(TypeError):
        batcher.add(Nobody(), Nobody(), "1", 0, NOW, object())
    batcher.add(Nobody(), Nobody(), "2", 0, NOW, 3)
    batcher.flush()
    assert [batch.body for batch in made] == [b'["xx","x"]']


def test_every_owner_is_told_of_its_own_parcels() -> None:
    """Wherever they stand: beside each other, between those of others, or in parts."""
    owners = [Nobody() for _ in range(4)]
    order = [0, 0, 1, 2, 2, 2, 0, 3]
    parcels = [Parcel(owners[one], owners[one], str(place), 0) for place, one in enumerate(order)]
    told = RowResult(RowStatus.REJECTED), ACCEPTED, DUPLICATE, RETRYABLE
    results = Results(parcels, [told[place % 4] for place in range(len(order))])
    found = [(owner, parcel, result) for owner, own in results.by_owner() for parcel, result in own]
    assert found == [(owners[one], parcels[place], told[place % 4]) for place, one in enumerate(order)]


def test_a_part_of_a_batch_is_put_together_of_its_rows() -> None:
    """What is sent again is what was encoded, under the same ids."""
    (batch,) = batches([[3, 4, 5]], BatchLimits(), typed=True)
    part = batch.of([0, 2])
    assert part.body == b'["x","xxx"]'
    assert [one.partner_inference_id for one in part.parcels] == ["0", "2"]
