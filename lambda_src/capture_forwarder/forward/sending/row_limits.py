"""Limits of a destination for single rows: a row beyond them is rejected before it is sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import fields

from capture_forwarder.domain.batch import BatchLimits, RowBuilder
from capture_forwarder.domain.delivery import Reason, RejectionCode, RowResult, RowStatus
from capture_forwarder.domain.inference import Sides

_ID_REFUSED = RowResult(
    RowStatus.REJECTED,
    Reason(
        RejectionCode.PARTNER_ID_REFUSED,
        'the destination takes no control characters in a partner inference id; id_source = "event-id" avoids them',
    ),
)


def limited(build_row: RowBuilder, limits: BatchLimits) -> RowBuilder:
    """Return a builder that gives the rejection of a row, in place of the row, if its names or values break `limits`.

    Without limits of names and values it is `build_row` itself, so that a row costs nothing more.
    """
    if limits.value_types is None and limits.name_chars is None:
        return build_row
    allowed = re.compile(f"(?:{limits.name_chars})*") if limits.name_chars is not None else None

    def build(partner_inference_id: str, inference_timestamp: datetime, data: object) -> object:
        refusal = _refusal(data, limits, allowed)
        return build_row(partner_inference_id, inference_timestamp, data) if refusal is None else refusal

    return build


def refused_rows(ids: Sequence[str], rows: Sequence[object], limits: BatchLimits) -> dict[int, RowResult]:
    """Return the rejections among `rows`, by place."""
    refused: dict[int, RowResult] = {}
    if limits.value_types is not None or limits.name_chars is not None:
        refused |= {place: row for place, row in enumerate(rows) if isinstance(row, RowResult)}
    if limits.printable_ids and not "".join(ids).isprintable():
        refused |= {place: _ID_REFUSED for place, one in enumerate(ids) if not one.isprintable()}
    return refused


def _refusal(data: object, limits: BatchLimits, allowed: re.Pattern[str] | None) -> RowResult | None:
    for place, (name, value) in enumerate(_values(data)):
        if allowed and not allowed.fullmatch(name):
            why = f"the destination takes names of the characters {limits.name_chars}; value {place} has another name"
            return RowResult(RowStatus.REJECTED, Reason(RejectionCode.NAME_REFUSED, why))
        if value is not None and limits.value_types is not None and type(value) not in limits.value_types:
            known = ", ".join(sorted(one.__name__ for one in limits.value_types))
            why = f"the destination takes values of the types {known}; value {place} has another type"
            return RowResult(RowStatus.REJECTED, Reason(RejectionCode.VALUE_TYPE_MISMATCH, why))
    return None


def _values(data: object) -> Iterable[tuple[str, Any]]:
    if isinstance(data, Sides):
        return (*_values(data.inputs), *_values(data.outputs))
    if isinstance(data, Struct):
        return [(field.encode_name, getattr(data, field.name)) for field in fields(data)]
    return cast("Mapping[str, Any]", data).items()
