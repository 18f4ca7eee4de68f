"""Decoders of calls of one skeleton, learned from examples.

They read every layout of JSON that has no decoder of its own: columns, frames, tensors, nested documents, values beside
rows. The plain path defines where values go. A decoder only puts other values into the same places.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureRecord, Line
from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.route import DecodingOptions, RowForm
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.compiled_calls import CallDecoder, compile_reading, paired
from capture_forwarder.kinds.captures.examples import Example
from capture_forwarder.kinds.captures.few_rows import FewRows, with_few_rows
from capture_forwarder.kinds.captures.growing_calls import GrowingExample
from capture_forwarder.kinds.captures.learned_sides import sides_of
from capture_forwarder.kinds.captures.noticing import LeftOut
from capture_forwarder.kinds.captures.places import find_places
from capture_forwarder.kinds.captures.plain import Decoded, Outcome, PlainPath
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.payloads.compiled_types import REFUSED
from capture_forwarder.payloads.skeleton import key_of

# Encoding and content type of the request, and of the response.
Declaration = tuple[str, str | None, str, str | None]

_ENOUGH = 2
_MAX_CHARS = 64_000
# Callers choose names and lengths: limits keep hostile ones from filling the memory, and from taking the time.
_MAX_SEEN = 256
_MAX_CALLS, _MAX_TRIES = 64, 8
_MAX_DECLARATIONS, _MAX_ROUTES = 64, 1024
# A leaf takes up to 650 bytes: 6 MB for a route, and 33 MB for all routes.
_MAX_LEAVES_OF_ROUTE, _MAX_LEAVES = 10_000, 50_000
# How many calls are looked at until one is learned. A call that cannot be learned counts for many.
_PATIENCE, _COST_OF_FAILURE = 256, 16
# The place of an example does not matter.
_LINE = Line(1, 0, 0, b"")


class LearnedCall(Struct, frozen=True):
    """A decoder of calls of one skeleton, and how the plain path read them."""

    decoder: CallDecoder
    reading: Reading


class LearnedCalls:
    """The decoders of calls that are declared alike, the last used one first."""

    def __init__(self) -> None:
        self._calls: list[LearnedCall] = []
        # Most calls with as many commas on both sides have one skeleton.
        self._by_commas: dict[tuple[int, int], LearnedCall] = {}

    def add(self, call: LearnedCall) -> None:
        """Add a decoder; the one that was not used for longest is removed for it."""
        self._calls[_MAX_CALLS - 1 :] = []
        self._calls.insert(0, call)

    def find(
        self, request: str, response: str, readings: Collection[Reading], refused: CallDecoder
    ) -> tuple[Sequence[Any], CallDecoder] | None:
        """Return the rows of a call with one of these readings, and its decoder; `None` if no decoder fits.

        The decoder that has `refused` the call is not tried again.
        """
        commas = (request.count(","), response.count(","))
        known = self._by_commas.get(commas)
        for call in self._calls[:_MAX_TRIES] if known is None else (known, *self._calls[:_MAX_TRIES]):
            if call.decoder is refused or call.reading not in readings:
                continue
            try:
                rows = call.decoder.decode(request, response)
            except REFUSED:
                continue
            if known is not call:
                self._remember(commas, call)
            return rows, call.decoder
        return None

    def _remember(self, commas: tuple[int, int], call: LearnedCall) -> None:
        if len(self._by_commas) >= _MAX_SEEN:
            self._by_commas.clear()
        self._by_commas[commas] = call
        self._calls.remove(call)
        self._calls.insert(0, call)


class RouteCalls:
    """What is learned of the calls of one route. It is kept for the next run, because learning takes milliseconds."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema | None) -> None:
        self.left_out = LeftOut()
        self._plain = PlainPath(options, schema)
        self._schema = schema
        self._cells = CellOptions(options.csv_space, options.empty_text)
        self._apart = options.form is RowForm.APART
        self._calls: dict[Declaration, LearnedCalls] = {}
        self._seen: Counter[tuple[Declaration, int, bool]] = Counter()
        self.leaf_count, self._patience = 0, _PATIENCE

    def of(self, declaration: Declaration) -> LearnedCalls:
        """Return the decoders of calls that are declared like this."""
        if declaration not in self._calls and len(self._calls) >= _MAX_DECLARATIONS:
            self._calls.clear()
        return self._calls.setdefault(declaration, LearnedCalls())

    def see(self, declaration: Declaration, decoded: Decoded) -> None:
        """Learn the skeleton of a call that the plain path read, if one with this skeleton came before."""
        if self._patience <= 0:
            return
        self._patience -= 1
        with suppress(*REFUSED):
            few = None if self._has_decoder(decoded) else with_few_rows(decoded, self._read)
            if few and self._learn(declaration, Example(few.decoded, self._read), few):
                return
        if _size(decoded.record) <= _MAX_CHARS:
            with suppress(*REFUSED):
                self._learn(declaration, Example(decoded, self._read), None)

    def _has_decoder(self, decoded: Decoded) -> bool:
        """Tell whether calls with this reading have a decoder that is not learned."""
        return compile_reading(decoded.reading, self._schema, self._cells, apart=self._apart) is not None

    def _learn(self, declaration: Declaration, example: Example, few: FewRows | None) -> bool:
        """Learn an example, if one like it came before; tell whether it waits for another, or was learned."""
        times = self._times(declaration, example, few)
        if times == _ENOUGH and self.leaf_count + len(example.leaves) <= _MAX_LEAVES_OF_ROUTE:
            self._patience -= _COST_OF_FAILURE
            call = self._growing(example, few) if few else self._learned(example)
            self.of(declaration).add(call)
            self.leaf_count += len(example.leaves)
            self._patience = _PATIENCE
        return times <= _ENOUGH

    def _times(self, declaration: Declaration, example: Example, few: FewRows | None) -> int:
        """Return how many examples with this skeleton came."""
        if len(self._seen) >= _MAX_SEEN:
            self._seen.clear()
        documents = [part.document if part else None for part in (example.request, example.response)]
        key = (declaration, key_of(documents), few is not None)
        self._seen[key] += 1
        return self._seen[key]

    def _read(self, record: CaptureRecord) -> Outcome:
        return self._plain.read(record, _LINE)

    def _learned(self, example: Example) -> LearnedCall:
        """Return the decoder of calls like an example. Raises `ValueError` if their values decide how they are read."""
        places = find_places(example)
        request, response = sides_of(example, places, self._schema)
        request_decoder = request.decoder(places, self._cells, is_answer=False)
        response_decoder = response.decoder(places, self._cells, is_answer=True)
        decoder = paired(request_decoder, response_decoder, apart=self._apart)
        return LearnedCall(self._counting(decoder, example.base.left_out, 0), example.base.reading)

    def _growing(self, example: Example, few: FewRows) -> LearnedCall:
        """Return the decoder of calls like an example with any number of rows. Raises `ValueError` as `_learned`."""
        found = GrowingExample(few, example, self._read, self._schema, self._cells, apart=self._apart).learned()
        return LearnedCall(self._counting(found.decoder, found.left_out, found.left_out_of_row), few.decoded.reading)

    def _counting(self, decoder: CallDecoder, left_out: int, left_out_of_row: int) -> CallDecoder:
        """Return a decoder that counts the values of each call, and of each row, that are not data."""

        def decode(request: str, response: str) -> Sequence[Any]:
            rows = decoder.decode(request, response)
            self.left_out.count += left_out + left_out_of_row * len(rows)
            return rows

        def decode_each(requests: Sequence[str], responses: Sequence[str]) -> list[Any]:
            rows = decoder.decode_each(requests, responses)
            self.left_out.count += left_out * len(rows)
            return rows

        return CallDecoder(decode, decode_each) if left_out or left_out_of_row else decoder


class LearnedRoutes:
    """What is learned of the calls of all routes of this process."""

    def __init__(self) -> None:
        self._routes: dict[tuple[DecodingOptions, ModelSchema | None], RouteCalls] = {}

    def of(self, options: DecodingOptions, schema: ModelSchema | None) -> RouteCalls:
        """Return what is learned of the calls of a route; all is forgotten when it takes too much memory."""
        if sum(route.leaf_count for route in self._routes.values()) > _MAX_LEAVES or len(self._routes) >= _MAX_ROUTES:
            self.clear()
        key = (options, schema)
        if key not in self._routes:
            self._routes[key] = RouteCalls(options, schema)
        return self._routes[key]

    def clear(self) -> None:
        """Forget all routes, and the patterns of their skeletons, which `re` keeps."""
        self._routes.clear()
        re.purge()


LEARNED = LearnedRoutes()


def _size(record: CaptureRecord) -> int:
    return sum(len(payload.data) for payload in (record.input, record.output) if payload)
