"""Text of payloads made into documents: JSON, JSON Lines, and the cells of CSV."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.lazy import LARGE_CHARS, PIECE_CHARS, Piece, rows_of_pieces

# XGBoost's selectable inference writes bare NaN, as Python's json module does; strict decoders refuse it. A string
# without a closing quote is taken to the end of the text, so that hostile text is not tried again at every quote.
_STRING_OR_BARE = re.compile(r'"(?:[^"\\]|\\.)*+"?|-?\b(?:NaN|Infinity)\b', re.DOTALL)
_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
_NEWLINE = re.compile(r"\n")
_LINE_END = re.compile(r"\r\n?|\n")
_MALFORMED = "a quoted cell is malformed"
# A decoder raises one of these for a text that it cannot read.
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
_decode = msgspec.json.Decoder().decode


def parse_json(text: str) -> JsonValue:
    """Return the document in `text`; bare NaN and Infinity are null. Raises `ValueError` if it is not one document."""
    try:
        return _decode(text)  # type: ignore[no-any-return]  # an untyped decoder gives JSON values
    except UNREADABLE as error:
        if "NaN" not in text and "Infinity" not in text:
            raise ValueError from error
    try:
        return _decode(_STRING_OR_BARE.sub(_null_if_bare, text))  # type: ignore[no-any-return]  # as above
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError from error


def parse_json_lines(text: str) -> list[JsonValue]:
    """Return the document of every line that is not blank. Raises `ValueError` if a line is not one document."""
    return [parse_json(line) for line in text.split("\n") if line.strip()]


def cut_lines(text: str, line_end: re.Pattern[str] = _NEWLINE) -> Iterator[tuple[int, int]]:
    """Yield start and end of pieces of whole lines."""
    start = 0
    while start < len(text):
        found = line_end.search(text, start + PIECE_CHARS)
        end = found.end() if found else len(text)
        yield start, end
        start = end


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
    return _parse_quoted_csv(text) if '"' in text else _parse_plain_csv(text)


def read_csv(text: str) -> Sequence[list[str]]:
    """Return the same as `parse_csv`; the rows of a large text are parsed when they are read."""
    if len(text) <= LARGE_CHARS:
        return parse_csv(text)
    if '"' in text:
        return rows_of_pieces(text, _quoted_pieces(text), _parse_quoted_csv)
    return rows_of_pieces(text, _plain_pieces(text), _parse_plain_csv)


def _parse_plain_csv(text: str) -> list[list[str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _without_blank([line.split(",") for line in lines])


def _plain_pieces(text: str) -> Iterator[Piece]:
    for start, end in cut_lines(text, _LINE_END):
        yield start, end, len(_parse_plain_csv(text[start:end]))


def _parse_quoted_csv(text: str) -> list[list[str]]:
    _allow_cells_of(len(text))
    try:
        return _without_blank(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(_MALFORMED) from error


def _quoted_pieces(text: str) -> Iterator[Piece]:
    """Yield pieces that end where a row ends; a quoted cell may hold line ends. Raises `ValueError`."""
    _allow_cells_of(len(text))
    start = end = 0
    rows: list[list[str]] = []

    def lines() -> Iterator[str]:
        nonlocal end
        for line in _LINE.finditer(text):
            end = line.end()
            yield line[0]

    try:
        for row in csv.reader(lines(), strict=True):
            rows.append(row)
            if end - start > PIECE_CHARS:
                yield start, end, len(_without_blank(rows))
                start, rows = end, []
    except csv.Error as error:
        raise ValueError(_MALFORMED) from error
    yield start, end, len(_without_blank(rows))


def _without_blank(rows: Iterable[list[str]]) -> list[list[str]]:
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]


def _allow_cells_of(size: int) -> None:
    """Raise the csv module's limit, which holds for the process: 128 KiB a cell is below the length of a prompt."""
    csv.field_size_limit(max(csv.field_size_limit(), size))
