"""Calls of many rows, whose rows are made when they are read: they are never held together."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Raw

from capture_forwarder.domain.delivery import RowResult
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.lazy import Lazy

Values = TypeVar("Values")

# Rows of longer lines are encoded one by one, because encoding many together would hold them all as objects.
_MAX_ROW_BYTES = 1024


def large_call(
    call_id: str,
    time: datetime,
    values: Sequence[Values],
    build: Callable[[str, Values], object],
    *,
    count: int,
    line_bytes: int,
    indices: Sequence[int] | None = None,
) -> EncodedRows:
    """Return the rows of a call of `count` rows: all of them, or those with `indices`.

    `build` returns an element of a request from an id and from one of `values`. These are in the order of the rows.
    """
    sent: Sequence[int] = range(count) if indices is None else indices
    are_long = line_bytes > _MAX_ROW_BYTES * count

    def row_id(index: int) -> str:
        return PartnerInferenceId.for_row(call_id, index, count)

    def row(one_id: str, one: Values) -> object:
        built = build(one_id, one)
        # A row that breaks a limit of its destination is a result, and not sent.
        return Raw(msgspec.json.encode(built)) if are_long and not isinstance(built, RowResult) else built

    ids = Lazy(len(sent), lambda place: row_id(sent[place]), lambda: map(row_id, sent))
    rows = Lazy(len(sent), lambda place: row(ids[place], values[place]), lambda: map(row, ids, values))
    return EncodedRows(ids, rows, time if sent else None)
