"""Calls of many rows, whose rows are made when they are read: they are never held together."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import repeat

import msgspec
from msgspec import Raw

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.lazy import Lazy

# Rows of longer lines are encoded one by one, because encoding many together would hold them all as objects.
_MAX_ROW_BYTES = 1024


def large_call(
    call_id: str,
    time: datetime,
    values: Sequence[object],
    build_row: RowBuilder,
    *,
    count: int,
    line_bytes: int,
    indices: Sequence[int] | None = None,
) -> EncodedRows:
    """Return the rows of a call of `count` rows: all of them, or those with `indices`.

    `values` are those of these rows, in their order.
    """
    sent: Sequence[int] = range(count) if indices is None else indices
    are_long = line_bytes > _MAX_ROW_BYTES * count

    def made(some_ids: Iterable[str], some_values: Iterable[object]) -> Iterator[object]:
        rows = map(build_row, some_ids, repeat(time), some_values)
        return map(_encoded, rows) if are_long else rows

    ids = Lazy(
        len(sent),
        lambda place: PartnerInferenceId.for_row(call_id, sent[place], count),
        lambda: PartnerInferenceId.for_rows(call_id, sent, count),
    )
    rows = Lazy(len(sent), lambda place: next(made([ids[place]], [values[place]])), lambda: made(ids, values))
    return EncodedRows(ids, rows, time if sent else None)


def _encoded(row: object) -> object:
    """Return an encoded row. A row that breaks a limit of its destination is a result, and not sent."""
    return row if isinstance(row, RowResult) else Raw(msgspec.json.encode(row))
