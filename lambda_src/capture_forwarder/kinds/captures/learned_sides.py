"""The decoder of one side of a call that was learned from an example."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.schema import ModelSchema, Side
from capture_forwarder.kinds.captures.examples import Example, Part
from capture_forwarder.kinds.captures.places import Places
from capture_forwarder.payloads.compiled import base64_decoder, compile_payload
from capture_forwarder.payloads.compiled_types import INT64, TYPES, Names, PayloadDecoder, Rows
from capture_forwarder.payloads.error_bodies import ERROR_NAMES, TRACEBACK
from capture_forwarder.payloads.placement import PayloadReading
from capture_forwarder.payloads.skeleton import Leaf, skeleton_decoder

# Values under these names decide how a document is read. A decoder accepts only those of its example.
_DECIDING_NAMES = ERROR_NAMES | {"schema"}
_INT64 = range(-(2**63), 2**63)


class LearnedSide(Struct, frozen=True):
    """One side of an example: its document, its reading, the names of a row, and the leaves of each row's values."""

    part: Part | None
    reading: PayloadReading | None
    names: Names
    rows: list[Sequence[int]]
    side: Side | None

    @property
    def has_texts(self) -> bool:
        """Whether one of the values of the document is a text."""
        return self.part is not None and any(isinstance(leaf.value, str) for leaf in self.part.leaves)

    def decoder(self, places: Places, cells: CellOptions, *, is_answer: bool) -> PayloadDecoder:
        """Return the decoder of this side. Raises `ValueError` if there is none."""
        if self.part is None:
            known = compile_payload(self.reading, self.side, cells, is_answer=is_answer) if self.reading else None
            if known is None:
                raise ValueError("another format, which has no decoder")
            return known
        self.check()
        start, leaves = self.part.start, self.part.leaves
        fields = [[leaves[place - start].field for place in row] for row in self.rows]
        decoder = skeleton_decoder(self.part.document, iter(self.types(self.part, places)), fields, self.names)
        return self.finished(decoder, is_answer=is_answer)

    def check(self) -> None:
        """Raise `ValueError` if no decoder can make the values of this side."""
        if not self.names or (self.side and self.side.structures):
            raise ValueError("no values, or values that are lists")

    def finished(self, decoder: PayloadDecoder, *, is_answer: bool) -> PayloadDecoder:
        """Return a decoder of the document as one of the payload."""
        if is_answer and self.has_texts:
            decoder = _without_tracebacks(decoder)
        return base64_decoder(decoder) if self.part and self.part.base64 else decoder

    def types(self, part: Part, places: Places) -> list[Any]:
        """Return the types of the values of the document."""
        types = [type_of(leaf, is_free=part.start + place in places.free) for place, leaf in enumerate(part.leaves)]
        for row in self.rows if self.side else ():
            for name, place in zip(self.names, row, strict=True):
                if place in places.free and self.side:
                    types[place - part.start] = TYPES.get(self.side.by_name[name].value_type, str)
        return types


def sides_of(example: Example, places: Places, schema: ModelSchema | None) -> tuple[LearnedSide, LearnedSide]:
    """Return both sides of an example. Raises `ValueError` if its values decide how the rows are read."""
    reading, (asked, answered) = example.base.reading, example.base.names
    if example.base.count > 1 and "index" in answered:
        raise ValueError("an index, which the plain path compares with the order of the rows")
    width = len(asked) + len(answered)
    rows = [places.sources[start : start + width] for start in range(0, len(places.sources), width)]
    asked_rows, answered_rows = [row[: len(asked)] for row in rows], [row[len(asked) :] for row in rows]
    inputs, outputs = (schema.inputs, schema.outputs) if schema else (None, None)
    request = LearnedSide(example.request, reading.request, asked, asked_rows, inputs)
    response = LearnedSide(example.response, reading.response, answered, answered_rows, outputs)
    if reading.is_cut and response.has_texts:
        raise ValueError("texts that are cut into rows")
    return request, response


def type_of(leaf: Leaf, *, is_free: bool) -> Any:
    """Return the type of a value: any of its kind if it is free, else only itself. Raises `ValueError`."""
    value = leaf.value
    if value is None:
        return None
    if isinstance(value, str | int) and (not is_free or not _DECIDING_NAMES.isdisjoint(leaf.names)):
        if isinstance(value, int) and value not in _INT64:
            raise ValueError("a number of more than 64 bits that decides how a call is read")
        return Literal[value]
    if not is_free:
        raise ValueError("a number that decides how a call is read")
    if isinstance(value, str | bool):
        return type(value)
    return INT64 | float


def _without_tracebacks(decoder: PayloadDecoder) -> PayloadDecoder:
    def check(text: str) -> None:
        if TRACEBACK in text:
            raise ValueError("a text that may be an error")

    def read(text: str) -> Rows:
        check(text)
        return decoder.read(text)

    def read_each(texts: Sequence[str]) -> Rows:
        check("".join(texts))
        return decoder.read_each(texts)

    return PayloadDecoder(read, read_each)
