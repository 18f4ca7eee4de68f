"""Both sides of calls that are declared alike, read into rows of what stands in a request."""

from typing import Any

from msgspec import Struct

from capture_forwarder.payloads.compiled.shapes import Shape, Values
from capture_forwarder.payloads.compiled.sides import REFUSED, PayloadReader
from capture_forwarder.payloads.compiled.values import row_struct

# Encoding and content type of the request, and of the answer.
Declared = tuple[str, str | None, str, str | None]


class Pair:
    """Reads both sides of a call; a row is a struct of the values of both, by name."""

    def __init__(self, declared: Declared, inputs: PayloadReader, outputs: PayloadReader) -> None:
        self.declared = declared
        self._inputs = inputs
        self._outputs = outputs
        self._rows: dict[tuple[Shape | None, Shape | None], type[Struct]] = {}
        self._row: type[Struct] | None = None

    def read(self, asked: str, answered: str) -> list[Any] | None:
        """Return the rows of a call, or `None` if they are for the plain path to tell."""
        given: list[Values] | None
        got: list[Values] | None
        try:
            given = self._inputs.read(asked)
        except REFUSED:
            given, self._row = self._inputs.learn(asked), None
        try:
            got = self._outputs.read(answered)
        except REFUSED:
            got, self._row = self._outputs.learn(answered), None
        if given is None or got is None or len(given) != len(got):
            return None
        row = self._row or self._joined()
        if len(given) == 1:
            return [row(*given[0], *got[0])]
        return [row(*asked_row, *answered_row) for asked_row, answered_row in zip(given, got, strict=True)]

    def _joined(self) -> type[Struct]:
        """Return a struct of what stands in `inference_data`: the values of both sides, by name."""
        shapes = self._inputs.shape, self._outputs.shape
        if shapes not in self._rows:
            attributes = tuple(attribute for shape in shapes if shape for attribute in shape.attributes)
            self._rows[shapes] = row_struct(attributes, ordered=False)
        self._row = self._rows[shapes]
        return self._row
