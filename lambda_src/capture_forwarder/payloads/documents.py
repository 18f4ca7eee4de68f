"""Text of payloads made into documents: JSON, JSON Lines, and the cells of CSV."""

import csv
import io
import re

import msgspec

from capture_forwarder.domain.values import JsonValue

# XGBoost's selectable inference writes bare NaN, as Python's json module does; strict decoders refuse it. A string
# without a closing quote is taken to the end of the text, so that hostile text is not tried again at every quote.
_STRING_OR_BARE = re.compile(r'"(?:[^"\\]|\\.)*+"?|-?\b(?:NaN|Infinity)\b', re.DOTALL)
_decode = msgspec.json.Decoder().decode


def parse_json(text: str) -> JsonValue:
    """Return the document in `text`; bare NaN and Infinity are null. Raises `ValueError` if it is not one document."""
    try:
        return _decode(text)  # type: ignore[no-any-return]  # an untyped decoder gives JSON values
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        if "NaN" not in text and "Infinity" not in text:
            raise ValueError from error
    try:
        return _decode(_STRING_OR_BARE.sub(_null_if_bare, text))  # type: ignore[no-any-return]  # as above
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError from error


def parse_json_lines(text: str) -> list[JsonValue]:
    """Return the document of every line that is not blank. Raises `ValueError` if a line is not one document."""
    return [parse_json(line) for line in text.split("\n") if line.strip()]


def parse_documents(text: str) -> list[JsonValue]:
    """Return the one document in `text`, or else one document a line. Raises `ValueError` if it is neither."""
    try:
        return [parse_json(text)]
    except ValueError:
        return parse_json_lines(text)


def _null_if_bare(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else "null"


def parse_csv(text: str) -> list[list[str]]:
    r"""Return the cells of every row that is not blank. Raises `ValueError` if a quoted cell is malformed.

    Lines end in `\n`, `\r\n` or `\r`; quotes are as in RFC 4180.
    """
    if '"' in text:
        rows = _parse_quoted_csv(text)
    else:
        rows = [line.split(",") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]


def _parse_quoted_csv(text: str) -> list[list[str]]:
    # The module's limit of 128 KiB a cell is below the length of a prompt, and it is a setting of the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError("a quoted cell is malformed") from error
