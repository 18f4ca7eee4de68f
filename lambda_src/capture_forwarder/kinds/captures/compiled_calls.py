"""Decoders of calls, compiled from how earlier calls were read and from the model's schema."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import starmap
from operator import add
from typing import Any, cast

from msgspec import Struct

from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.kinds.captures.compiled_rows import RowMaker, RowMakers
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.payloads.compiled import compile_cut, compile_payload
from capture_forwarder.payloads.compiled_types import ODD_NAMES, REFUSED, PayloadDecoder, Values
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.placement import PayloadReading, Placement, RowForm


class CallDecoder(Struct, frozen=True):
    """Makes rows of requests and responses: values of both sides by name.

    Functions raise one of `REFUSED` for calls with another reading. `decode` returns all rows of a call, `decode_each`
    the only row of each of several calls.
    """

    decode: Callable[[str, str], Sequence[Any]]
    decode_each: Callable[[Sequence[str], Sequence[str]], list[Any]]


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
    request_decoder = compile_payload(request, schema.inputs if schema else None, cells, is_answer=False)
    outputs = schema.outputs if schema else None
    if reading.is_cut:
        response_decoder = compile_cut(response, outputs)
    else:
        response_decoder = compile_payload(response, outputs, cells, is_answer=True)
    if request_decoder is None or response_decoder is None:
        return None
    return paired(request_decoder, response_decoder, apart=apart)


def paired(request_decoder: PayloadDecoder, response_decoder: PayloadDecoder, *, apart: bool) -> CallDecoder:
    """Return the decoder of calls whose sides are decoded by these."""
    makers = RowMakers(apart=apart)
    read_request, read_response = request_decoder.read, response_decoder.read

    def decode(request: str, response: str) -> Sequence[Any]:
        asked, inputs = read_request(request)
        answered, found = read_response(response)
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
        return list(starmap(row, _together(inputs, found)))

    def decode_each(requests: Sequence[str], responses: Sequence[str]) -> list[Any]:
        asked, inputs = request_decoder.read_each(requests)
        answered, found = response_decoder.read_each(responses)
        if not len(requests) == len(inputs) == len(found):
            raise ValueError("another number of rows than of calls")
        known_asked, known_answered, row = makers.last
        if asked is not known_asked or answered is not known_answered:
            row = makers.maker(asked, answered, 1)
        return list(starmap(row, _together(inputs, found)))

    return CallDecoder(decode, decode_each)


def _together(inputs: Iterable[Values], outputs: Iterable[Values]) -> Iterator[Values]:
    """Yield the values of both sides of each row. This takes less than half the time of unpacking them."""
    return map(add, map(tuple, inputs), map(tuple, outputs))


def _lazy_rows(row: RowMaker, inputs: Sequence[Values], outputs: Sequence[Values]) -> Lazy[Any]:
    return Lazy(
        len(inputs), lambda at: row(*inputs[at], *outputs[at]), lambda: starmap(row, _together(inputs, outputs))
    )


def _may_say_rows(placement: Placement) -> bool:
    """Tell whether a request that is read as one row could be as many rows as the answer has values."""
    return placement.single and placement.values_key is not None and placement.values_key != "features"


def _may_be_error(reading: PayloadReading, side: Side) -> bool:
    """Tell whether a row of these attributes may be an error document, a Series, or rows in another order."""
    return reading.placement.form is RowForm.OBJECT and any(one.name in ODD_NAMES for one in side.expected)


class CallDecoders:
    """The decoders of calls that are declared alike; `last` is the one that was used last.

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
        self.last = _NONE
        self._decoders: list[CallDecoder] = []
        self._readings: set[Reading] = set()

    def decode_by_others(self, request: str, response: str) -> Sequence[Any] | None:
        """Return the rows of a call that `last` refused, or `None` if every decoder refuses it."""
        for decoder in self._decoders:
            if decoder is not self.last:
                try:
                    rows = decoder.decode(request, response)
                except REFUSED:
                    continue
                self.last = decoder
                return rows
        # A reading must be that of a call of this run, so that the plain path notices changes in every run.
        found = self._find_learned and self._find_learned(request, response, self._readings, self.last)
        if not found:
            return None
        rows, self.last = found
        return rows

    def expect(self, reading: Reading) -> None:
        """Compile a `reading` that was not learned from a call."""
        self._readings.add(reading)
        if decoder := compile_reading(reading, self._schema, self._cells, apart=self._apart):

            def decode_first(request: str, response: str) -> Sequence[Any]:
                rows = decoder.decode(request, response)
                self.used_unlearned = reading
                self._decoders = [decoder if one is first else one for one in self._decoders]
                self.last = decoder
                return rows

            first = CallDecoder(decode_first, decoder.decode_each)
            self._decoders.append(first)
            self.last = first

    def learn(self, reading: Reading) -> bool:
        """Compile `reading`, if it is new; tell whether it is."""
        if reading in self._readings:
            return False
        if len(self._readings) >= _MAX_READINGS:
            self._readings.clear()
            self._decoders.clear()
        self._readings.add(reading)
        if decoder := compile_reading(reading, self._schema, self._cells, apart=self._apart):
            self._decoders.append(decoder)
            self.last = decoder
        return True


def _refuse(request: str, response: str) -> Sequence[Any]:
    raise ValueError(f"no decoder is known for {len(request)} and {len(response)} characters")


def _refuse_all(requests: Sequence[str], _: Sequence[str]) -> list[Any]:
    raise ValueError(f"no decoder is known for {len(requests)} calls")


_NONE = CallDecoder(_refuse, _refuse_all)
