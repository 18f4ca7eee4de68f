"""Decoders of calls, compiled from how earlier calls were read and from the model's schema."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, cast

from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.kinds.captures.compiled_rows import RowMaker, RowMakers
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.payloads.compiled import compile_cut, compile_payload
from capture_forwarder.payloads.compiled_types import ODD_NAMES, REFUSED, PayloadDecoder, Values
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.placement import PayloadReading, Placement, RowForm

# Returns rows as values of both sides by name. Raises one of `REFUSED` for calls with another reading.
CallDecoder = Callable[[str, str], Sequence[Any]]
# Finds the rows of a call with one of these readings, and its decoder, which is not the last one.
FindLearned = Callable[[str, str, Collection[Reading], CallDecoder], tuple[Sequence[Any], CallDecoder] | None]
_MAX_READINGS = 8
_AS_SENT = CellOptions()
# Decoders are made once a process, not once a run; this is enough for the schemas of a few hundred models.
_MAX_DECODERS = 1024


@lru_cache(_MAX_DECODERS)
def compile_reading(
    reading: Reading, schema: ModelSchema | None, cells: CellOptions, *, apart: bool = False
) -> CallDecoder | None:
    """Return a decoder of calls that are read like `reading`, which have both sides, or `None`.

    Only the plain path reads calls without a decoder. Without a schema the decoder learns names and types from the
    rows that come. `cells` says how text of CSV is read. Its rows are flat, or with `apart` those of `Sides`.
    """
    request, response = cast("PayloadReading", reading.request), cast("PayloadReading", reading.response)
    if _may_say_rows(request.placement) or (schema and _may_be_error(response, schema.outputs)):
        return None
    decode_request = compile_payload(request, schema.inputs if schema else None, cells, is_answer=False)
    outputs = schema.outputs if schema else None
    if reading.is_cut:
        decode_response = compile_cut(response, outputs)
    else:
        decode_response = compile_payload(response, outputs, cells, is_answer=True)
    if decode_request is None or decode_response is None:
        return None
    return paired(decode_request, decode_response, apart=apart)


def paired(decode_request: PayloadDecoder, decode_response: PayloadDecoder, *, apart: bool) -> CallDecoder:
    """Return the decoder of calls whose sides are decoded by these."""
    makers = RowMakers(apart=apart)

    def decode(request: str, response: str) -> Sequence[Any]:
        asked, inputs = decode_request(request)
        answered, found = decode_response(response)
        count = len(inputs)
        if count != len(found) or not count:
            raise ValueError("no rows, or another number of rows on either side")
        known_asked, known_answered, row = makers.last
        if asked is not known_asked or answered is not known_answered:
            row = makers.maker(asked, answered, count)
        if count == 1:
            return [row(*inputs[0], *found[0])]
        if type(inputs) is Lazy or type(found) is Lazy:
            return _lazy_rows(row, inputs, found)
        return [row(*given, *values) for given, values in zip(inputs, found, strict=True)]

    return decode


def _lazy_rows(row: RowMaker, inputs: Sequence[Values], outputs: Sequence[Values]) -> Lazy[Any]:
    def made(given: Values, answered: Values) -> Any:
        return row(*given, *answered)

    return Lazy(len(inputs), lambda at: made(inputs[at], outputs[at]), lambda: map(made, inputs, outputs))


def _may_say_rows(placement: Placement) -> bool:
    """Tell whether a request that is read as one row could be as many rows as the answer has values."""
    return placement.single and placement.values_key is not None and placement.values_key != "features"


def _may_be_error(reading: PayloadReading, side: Side) -> bool:
    """Tell whether a row of these attributes may be an error document, a Series, or rows in another order."""
    return reading.placement.form is RowForm.OBJECT and any(one.name in ODD_NAMES for one in side.expected)


class CallDecoders:
    """The decoders of calls that are declared alike; `decode` is the one that was used last.

    `learned` finds decoders of calls of known skeletons. `used_unlearned` is a reading that was expected, not learned,
    once a call was decoded by it.
    """

    def __init__(
        self,
        schema: ModelSchema | None = None,
        cells: CellOptions = _AS_SENT,
        *,
        apart: bool = False,
        learned: FindLearned | None = None,
    ) -> None:
        self._find_learned = learned
        self._schema = schema
        self._cells = cells
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
        # A reading must be that of a call of this run, so that the plain path notices changes in every run.
        found = self._find_learned and self._find_learned(request, response, self._readings, self.decode)
        if not found:
            return None
        rows, self.decode = found
        return rows

    def expect(self, reading: Reading) -> None:
        """Compile a `reading` that was not learned from a call."""
        self._readings.add(reading)
        if decoder := compile_reading(reading, self._schema, self._cells, apart=self._apart):

            def first(request: str, response: str) -> Sequence[Any]:
                rows = decoder(request, response)
                self.used_unlearned = reading
                self._decoders = [decoder if one is first else one for one in self._decoders]
                self.decode = decoder
                return rows

            self._decoders.append(first)
            self.decode = first

    def learn(self, reading: Reading) -> None:
        """Compile `reading`, if it is new."""
        if reading in self._readings:
            return
        if len(self._readings) >= _MAX_READINGS:
            self._readings.clear()
            self._decoders.clear()
        self._readings.add(reading)
        if decoder := compile_reading(reading, self._schema, self._cells, apart=self._apart):
            self._decoders.append(decoder)
            self.decode = decoder


def _refuse(request: str, response: str) -> Sequence[Any]:
    raise ValueError(f"no decoder is known for {len(request)} and {len(response)} characters")
