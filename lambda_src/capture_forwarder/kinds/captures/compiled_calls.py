"""Decoders of calls, compiled from how earlier calls were read and from the model's schema."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from capture_forwarder.domain.inference import Sides
from capture_forwarder.domain.schema import Attribute, ModelSchema, Side
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.payloads.compiled import compile_payload
from capture_forwarder.payloads.compiled_types import REFUSED, Values, row_struct
from capture_forwarder.payloads.error_bodies import ERROR_NAMES
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.placement import PayloadReading, Placement, RowForm

# Returns rows as structs of the values of both sides by name. Raises one of `REFUSED` for calls with another reading.
CallDecoder = Callable[[str, str], Sequence[Any]]
# Names in an answer of which only the plain path knows what they mean: errors, the order of rows, a pandas Series.
_ODD_NAMES = ERROR_NAMES | {"index", "0"}
_MAX_READINGS = 8
# Decoders are made once a process, not once a run; this is enough for the schemas of a few hundred models.
_MAX_DECODERS = 1024


@lru_cache(_MAX_DECODERS)
def compile_reading(reading: Reading, schema: ModelSchema, *, apart: bool = False) -> CallDecoder | None:
    """Return a decoder of calls that are read like `reading`, or `None` if only the plain path can read them.

    Its rows are flat structs, or with `apart` those of `Sides`.
    """
    if reading.request is None or reading.response is None or reading.is_cut:
        return None
    if _may_say_rows(reading.request.placement):
        return None
    request_attributes = _attributes(reading.request, schema.inputs)
    response_attributes = _attributes(reading.response, schema.outputs)
    decode_request = compile_payload(reading.request, request_attributes)
    decode_response = compile_payload(reading.response, response_attributes)
    if decode_request is None or decode_response is None or _may_be_error(reading.response, response_attributes):
        return None
    names = [attribute.name for attribute in request_attributes + response_attributes]
    if len(set(names)) < len(names):  # the plain path compares the values of a name that both sides have
        return None
    row: Callable[..., Struct] = row_struct(request_attributes + response_attributes, ordered=False)
    if apart:
        row = _sides_of(request_attributes, response_attributes)

    def decode(request: str, response: str) -> Sequence[Any]:
        inputs, outputs = decode_request(request), decode_response(response)
        if len(inputs) == 1 == len(outputs):
            return [row(*inputs[0], *outputs[0])]
        if len(inputs) != len(outputs) or not inputs:
            raise ValueError("no rows, or another number of rows on either side")
        if type(inputs) is Lazy or type(outputs) is Lazy:
            return _lazy_rows(row, inputs, outputs)
        return [row(*given, *answered) for given, answered in zip(inputs, outputs, strict=True)]

    return decode


def _sides_of(asked: tuple[Attribute, ...], answered: tuple[Attribute, ...]) -> Callable[..., Struct]:
    inputs, outputs, width = row_struct(asked, ordered=False), row_struct(answered, ordered=False), len(asked)

    def sides(*values: Any) -> Struct:
        return Sides(inputs(*values[:width]), outputs(*values[width:]))

    return sides


def _lazy_rows(row: Callable[..., Struct], inputs: Sequence[Values], outputs: Sequence[Values]) -> Lazy[Struct]:
    def made(given: Values, answered: Values) -> Struct:
        return row(*given, *answered)

    return Lazy(len(inputs), lambda at: made(inputs[at], outputs[at]), lambda: map(made, inputs, outputs))


def _may_say_rows(placement: Placement) -> bool:
    """Tell whether a request that is read as one row could be as many rows as the answer has values."""
    return placement.single and placement.values_key is not None and placement.values_key != "features"


def _attributes(reading: PayloadReading, side: Side) -> tuple[Attribute, ...]:
    """Return the attributes of a row: those that a caller must name, or those that ordered values belong to."""
    return side.expected if reading.placement.form is RowForm.OBJECT else side.visible


def _may_be_error(reading: PayloadReading, attributes: tuple[Attribute, ...]) -> bool:
    """Tell whether a row of these attributes may be an error document, a Series, or rows in another order."""
    return reading.placement.form is RowForm.OBJECT and any(one.name in _ODD_NAMES for one in attributes)


class CallDecoders:
    """The decoders of calls that are declared alike; `decode` is the one that was used last.

    `used_unlearned` is a reading that was expected, not learned, once a call was decoded by it.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._apart = apart
        self.used_unlearned: Reading | None = None
        self.decode: CallDecoder = _refuse
        self._decoders: list[CallDecoder] = []
        self._readings: set[Reading] = set()

    def decode_by_others(self, request: str, response: str) -> Sequence[Any] | None:
        """Return the rows of a call that `decode` refused, or `None` if every decoder refuses it."""
        for decode in self._decoders:
            if decode is not self.decode:
                try:
                    rows = decode(request, response)
                except REFUSED:
                    continue
                self.decode = decode
                return rows
        return None

    def expect(self, reading: Reading, schema: ModelSchema) -> None:
        """Compile `reading`, which was not learned from a call."""
        self._readings.add(reading)
        if decoder := compile_reading(reading, schema, apart=self._apart):

            def first(request: str, response: str) -> Sequence[Any]:
                rows = decoder(request, response)
                self.used_unlearned = reading
                self._decoders = [decoder if one is first else one for one in self._decoders]
                self.decode = decoder
                return rows

            self._decoders.append(first)
            self.decode = first

    def learn(self, reading: Reading, schema: ModelSchema) -> None:
        """Compile `reading`, if it is new."""
        if reading in self._readings:
            return
        if len(self._readings) >= _MAX_READINGS:
            self._readings.clear()
            self._decoders.clear()
        self._readings.add(reading)
        if decoder := compile_reading(reading, schema, apart=self._apart):
            self._decoders.append(decoder)
            self.decode = decoder


def _refuse(request: str, response: str) -> Sequence[Any]:
    raise ValueError(f"no decoder is known for {len(request)} and {len(response)} characters")
