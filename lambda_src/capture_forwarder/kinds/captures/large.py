"""Calls of many rows, whose rows are made when they are read: they are never held together."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import Raw

from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.lazy import Lazy

# Rows of longer lines are encoded one by one, because encoding many together would hold them all as objects.
_MAX_ROW_BYTES = 1024

# Returns the row with this index in its call, as an element of a request, from its id.
MakeRow = Callable[[int, str], object]


def large_call(
    call_id: str, time: datetime, make: MakeRow, *, count: int, line_bytes: int, indices: Sequence[int] | None = None
) -> EncodedRows:
    """Return the rows of a call of `count` rows, or those with `indices` only."""
    sent: Sequence[int] = range(count) if indices is None else indices
    are_long = line_bytes > _MAX_ROW_BYTES * count

    def row_id(place: int) -> str:
        return PartnerInferenceId.for_row(call_id, sent[place], count)

    def row(place: int) -> object:
        made = make(sent[place], row_id(place))
        return Raw(msgspec.json.encode(made)) if are_long else made

    return EncodedRows(Lazy(len(sent), row_id), Lazy(len(sent), row), time if sent else None)
