"""One direction of the calls of a route: payloads made into values, by what was learned of those before."""

from collections.abc import Callable

import msgspec

from capture_forwarder.domain.capture import Encoding
from capture_forwarder.domain.media import Media
from capture_forwarder.domain.route import PayloadOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.payloads.compiled.shapes import Key, Shape, Values, csv_shape, json_key, json_shape
from capture_forwarder.payloads.compiled.values import has_fast_types
from capture_forwarder.payloads.documents import parse_json
from capture_forwarder.payloads.media import declared_media

REFUSED = (msgspec.DecodeError, ValueError, RecursionError)
# Names that could make a prediction look like an error document.
_ERROR_NAMES = frozenset({"error", "code", "ErrorCode"})


class SideShapes:
    """The shapes that rows of one side may have, each made when it is first met."""

    def __init__(self, side: Side, options: PayloadOptions, *, answers: bool) -> None:
        self._content_type = options.content_type
        self._ordered = side.visible if has_fast_types(side.visible) else ()
        by_name = not (answers and any(attribute.name in _ERROR_NAMES for attribute in side.expected))
        self._named = side.expected if by_name and has_fast_types(side.expected) else ()
        self._csv = csv_shape(self._ordered)
        self._json: dict[Key, Shape | None] = {}

    def reader(self, encoding: str, content_type: str | None) -> "PayloadReader":
        """Return what reads payloads that are so declared."""
        media = declared_media(encoding, content_type, self._content_type)
        learn = self.json if media is Media.JSON else None
        return PayloadReader(self._csv if media is Media.CSV else None, learn, encoded=encoding == Encoding.BASE64)

    def json(self, text: str) -> Shape | None:
        """Return the shape of a document, or `None` if it is for the plain path. Raises `ValueError` if it is none."""
        key = json_key(parse_json(text))
        if key is None:
            return None
        if key not in self._json:
            self._json[key] = json_shape(key, self._ordered, self._named)
        return self._json[key]


class PayloadReader:
    """Reads payloads of the shape that the last one had.

    `read` gives the values of every row, in the order of the attributes of `shape`, or raises one of `REFUSED`; then
    `learn` may find that the payload has another shape.
    """

    def __init__(self, shape: Shape | None, find: Callable[[str], Shape | None] | None, *, encoded: bool) -> None:
        self._find = find
        self._encoded = encoded
        self._take(shape)

    def learn(self, data: str) -> list[Values] | None:
        """Return the values of a payload that has another shape, or `None` if it is for the plain path."""
        if self._find is None:
            return None
        before = self.shape
        try:
            self._take(self._find(_decoded(data) if self._encoded else data))
            return None if self.shape is before else self.read(data)
        except REFUSED:
            return None

    def _take(self, shape: Shape | None) -> None:
        self.shape = shape
        read = shape.read if shape else _read_nothing
        self.read: Callable[[str], list[Values]] = _encoded(read) if self._encoded else read


def _read_nothing(text: str) -> list[Values]:
    raise ValueError(f"no shape is known for {len(text)} characters")


def _encoded(read: Callable[[str], list[Values]]) -> Callable[[str], list[Values]]:
    return lambda data: read(_decoded(data))


def _decoded(data: str) -> str:
    """Return the text of base64, by a decoder that takes a third of the time of Python's, and is as strict.

    A NUL, which makes it binary, is no character of JSON text.
    """
    text = msgspec.convert(data, bytes).decode()
    if text.startswith("\ufeff"):
        raise ValueError("text with a mark")
    return text
