"""JSON text as it is found in payloads: one document, pretty-printed or not, or one a line."""

import re

import msgspec

from capture_forwarder.domain.values import JsonValue

# XGBoost's selectable inference writes bare NaN (Python's json module does); strict decoders refuse it. A string that
# nobody closes is taken to the end of the text, not tried again at every quote within it.
_STRING_OR_BARE = re.compile(r'"(?:[^"\\]|\\.)*+"?|-?\b(?:NaN|Infinity)\b', re.DOTALL)
_decode = msgspec.json.Decoder().decode


def parse_json(text: str) -> JsonValue:
    """Return the one document that `text` is; bare NaN and Infinity are null. Raises `ValueError` if it is none."""
    try:
        return _decode(text)  # type: ignore[no-any-return]  # an untyped decoder gives JSON values
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        if "NaN" not in text and "Infinity" not in text:
            raise ValueError("not one JSON document") from error
    try:
        return _decode(_STRING_OR_BARE.sub(_null_if_bare, text))  # type: ignore[no-any-return]  # as above
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("not one JSON document") from error


def parse_json_lines(text: str) -> list[JsonValue]:
    """Return the document of every line that is not blank. Raises `ValueError` if a line is none."""
    return [parse_json(line) for line in text.split("\n") if line.strip()]


def parse_documents(text: str) -> list[JsonValue]:
    """Return the one document that `text` is, or else that of every line. Raises `ValueError` if it is neither."""
    try:
        return [parse_json(text)]
    except ValueError:
        return parse_json_lines(text)


def _null_if_bare(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else "null"
