"""Metadata of a call as inputs: headers that the caller sent, such as the model of a multi-model endpoint.

SageMaker writes a header as text, or as a list of texts. Any other value is left out, so that metadata never reject a
call that can be read.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import replace

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.converters import CONVERTERS
from capture_forwarder.domain.delivery import Reason, Rejection, RejectionCode
from capture_forwarder.domain.inference import Inference, Value
from capture_forwarder.domain.route import METADATA_PREFIX
from capture_forwarder.domain.schema import ModelSchema, Stage
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.naming import Named, all_typed

Rows = Sequence[Inference | Rejection]

_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
_NAMED_TWICE = Reason(RejectionCode.AMBIGUOUS_NAME, "the request and the metadata give one name different values")


class _Envelope(Struct, rename="camel"):
    event_metadata: dict[str, Raw] = field(default_factory=dict)


_decode = msgspec.json.Decoder(_Envelope).decode


class MetadataInputs:
    """Adds metadata to the inputs of calls: all under `keys`, with a schema only those that have an attribute."""

    def __init__(self, keys: Sequence[str], schema: ModelSchema | None) -> None:
        self._keys = keys
        stage = Stage.NON_INPUT_DATA
        self._attributes = {one.name: one for one in schema.attributes if one.stage is stage} if schema else None

    def add(self, line: Line, rows: Rows) -> Rows | Reason:
        """Return `rows` of `line` with the metadata, or why no row can have them."""
        values = self._values(line.data)
        if isinstance(values, Reason):
            return values
        if not values:
            return rows

        def added(row: Inference | Rejection) -> Inference | Rejection:
            return row if isinstance(row, Rejection) else _with(row, values, line)

        if type(rows) is Lazy:
            return Lazy(len(rows), lambda place: added(rows[place]), lambda: map(added, rows))
        return list(map(added, rows))

    def _values(self, data: bytes) -> Named:
        try:
            found = _decode(data).event_metadata
        except _UNREADABLE:
            return {}
        values: dict[str, Value] = {}
        for key in self._keys:
            if key in found:
                values |= self._named(f"{METADATA_PREFIX}{key}", found[key])
        known = self._attributes
        if known is None:
            return values
        return all_typed(((known[name], value) for name, value in values.items() if name in known), CONVERTERS)

    def _named(self, name: str, raw: Raw) -> dict[str, Value]:
        """Return the texts by name: those of a list have their index, unless an attribute takes the whole list."""
        try:
            value: Any = msgspec.json.decode(raw)
        except _UNREADABLE:
            return {}
        if not isinstance(value, list):
            return {name: value} if isinstance(value, str) else {}
        texts = {index: text for index, text in enumerate(value) if isinstance(text, str)}
        if self._attributes and name in self._attributes:
            return {name: list(texts.values())}
        return {f"{name}_{index}": text for index, text in texts.items()}


def _with(row: Inference, values: dict[str, Value], line: Line) -> Inference | Rejection:
    if any(row.inputs.get(name, value) != value for name, value in values.items()):
        return Rejection(_NAMED_TWICE, line.number, line.offset, row.index, row.partner_inference_id)
    return replace(row, inputs=row.inputs | values)
