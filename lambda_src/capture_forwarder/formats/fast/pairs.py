"""Both sides of calls that are declared alike, read into rows of what stands in a request."""

from typing import Any

from msgspec import Struct

from capture_forwarder.formats.fast.shapes import Shape, Values
from capture_forwarder.formats.fast.sides import REFUSED, PayloadReader
from capture_forwarder.formats.fast.values import row_struct

# Encoding and content type of the request, and of the answer.
Declared = tuple[str, str | None, str, str | None]


class Pair:
    """Reads both sides of a call; a row is a struct of the values of both, by name."""

    def __init__(self, declared: Declared, inputs: PayloadReader, outputs: PayloadReader) -> None:
        self.declared = declared
        self._inputs = inputs
        self._outputs = outputs
        self._shapes: tuple[Shape | None, Shape | None] | None = None
        self._row: type[Struct] = Struct

    def read(self, asked: str, answered: str) -> list[Any] | None:
        """Return the rows of a call, or `None` if they are for the plain path to tell."""
        try:
            given, got = self._inputs.read(asked), self._outputs.read(answered)
        except REFUSED:
            return self._learn(asked, answered)
        return self._joined(given, got) if self._shapes else self._learn(asked, answered)

    def _learn(self, asked: str, answered: str) -> list[Any] | None:
        """Read a call whose sides have other shapes than the last."""
        given, got = self._inputs.read_any(asked), self._outputs.read_any(answered)
        shapes = self._inputs.shape, self._outputs.shape
        if shapes != self._shapes:
            attributes = tuple(attribute for shape in shapes if shape for attribute in shape.attributes)
            self._shapes, self._row = shapes, row_struct(attributes, ordered=False)
        return None if given is None or got is None else self._joined(given, got)

    def _joined(self, given: list[Values], got: list[Values]) -> list[Any] | None:
        if len(given) == len(got) == 1:
            return [self._row(*given[0], *got[0])]
        if len(given) != len(got):
            return None
        row = self._row
        return [row(*asked, *answered) for asked, answered in zip(given, got, strict=True)]
