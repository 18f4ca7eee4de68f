"""One direction of the calls of a route: payloads made into values, by what was learned of those before."""

import binascii

import msgspec

from capture_forwarder.domain.capture import Encoding
from capture_forwarder.domain.route import PayloadOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.formats.documents import parse_json
from capture_forwarder.formats.fast.shapes import Key, Shape, Values, csv_shape, json_key, json_shape
from capture_forwarder.formats.fast.values import has_fast_types
from capture_forwarder.formats.media import Media, declared_media

# Names that could make a prediction look like an error document.
_ERROR_NAMES = frozenset({"error", "code", "ErrorCode"})
# Content types are captured data: hostile ones must not fill the memory.
_MOST_WAYS = 64

_REFUSED = (msgspec.DecodeError, ValueError, RecursionError)

Found = tuple[Shape, list[Values]]


class SideReader:
    """Reads payloads of the shape that the last one had; a look at one that does not fit may teach it another."""

    def __init__(self, side: Side, options: PayloadOptions, *, answers: bool) -> None:
        self._content_type = options.content_type
        self._ordered = side.visible if has_fast_types(side.visible) else ()
        by_name = not (answers and any(attribute.name in _ERROR_NAMES for attribute in side.expected))
        self._named = side.expected if by_name and has_fast_types(side.expected) else ()
        self._csv = csv_shape(self._ordered)
        self._json: Shape | None = None
        self._shapes: dict[Key, Shape | None] = {}
        self._ways: dict[tuple[str, str | None], tuple[Media | None, bool]] = {}

    def read(self, data: str, encoding: str, content_type: str | None) -> Found | None:
        """Return the values of every row and the shape that names them, or `None` if it is for the plain path."""
        media, encoded = self._ways.get((encoding, content_type)) or self._way(encoding, content_type)
        if media is not Media.CSV and media is not Media.JSON:
            return None
        shape = self._csv if media is Media.CSV else self._json
        try:
            text = _text(data) if encoded else data
            if shape:
                return shape, shape.read(text)
        except _REFUSED:
            pass  # another shape may fit; else the plain path says what is the matter, if anything is
        return self._learn(data, encoded=encoded) if media is Media.JSON else None

    def _learn(self, data: str, *, encoded: bool) -> Found | None:
        """Look at a document that does not fit; read it by the shape that it teaches, if that is another."""
        before = self._json
        try:
            text = _text(data) if encoded else data
            self._json = self._learned(text)
            return (self._json, self._json.read(text)) if self._json and self._json is not before else None
        except _REFUSED:
            return None

    def _learned(self, text: str) -> Shape | None:
        key = json_key(parse_json(text))
        if key is None:
            return None
        if key not in self._shapes:
            self._shapes[key] = json_shape(key, self._ordered, self._named)
        return self._shapes[key]

    def _way(self, encoding: str, content_type: str | None) -> tuple[Media | None, bool]:
        media = declared_media(encoding, content_type, self._content_type)
        way = (media, encoding == Encoding.BASE64)
        if len(self._ways) < _MOST_WAYS:
            self._ways[encoding, content_type] = way
        return way


def _text(data: str) -> str:
    text = binascii.a2b_base64(data, strict_mode=True).decode()
    if "\0" in text or text.startswith("\ufeff"):
        raise ValueError("no text, or text with a mark")
    return text
