"""The shape of one payload, with the options that a route sets for its side."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, cast

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.domain.values import JsonValue, is_number, parse_csv_cell
from capture_forwarder.payloads.bodies import Body
from capture_forwarder.payloads.clarify import clarify_shape
from capture_forwarder.payloads.elements_kind import Document, Elements, Kind, are_side_by_side, is_list
from capture_forwarder.payloads.headers import are_names, are_texts
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.pinned import pinned_shape, shape_of_path, whole_shape
from capture_forwarder.payloads.shape import Says, Shape, call_shape
from capture_forwarder.payloads.shapes import json_shape
from capture_forwarder.payloads.shapes_of_lists import lines_shape
from capture_forwarder.payloads.tables import NAMELESS, Table, named_rows


def shape_of(body: Body, options: PayloadOptions, side: Side | None, *, is_answer: bool) -> Shape | Reason:
    """Return the shape of a payload, or why it cannot be read; `side` is its side of the schema, if there is one."""
    content, media = cast("JsonValue", body.content), body.form.media
    if media is Media.CSV:
        return csv_shape(body, options, side, is_answer=is_answer)
    if options.layout is Layout.WHOLE or body.is_one_call or media is Media.TEXT:
        return whole_shape(content, has_lines=media is Media.JSON_LINES)
    if media is Media.JSON_LINES:
        return _shape_of_lines(cast("Elements", content), options, is_answer=is_answer)
    return _shape_of_json(content, options, is_answer=is_answer)


def _shape_of_json(content: JsonValue, options: PayloadOptions, *, is_answer: bool) -> Shape | Reason:
    if options.rows:
        return shape_of_path(content, options.rows)
    if options.layout:
        return pinned_shape(content, options.layout, is_answer=is_answer, call_keys=options.call_keys)
    if is_answer and isinstance(content, dict) and "explanations" in content and (found := clarify_shape(content)):
        return found
    return json_shape(content, is_answer=is_answer, call_keys=options.call_keys)


def _shape_of_lines(documents: Elements, options: PayloadOptions, *, is_answer: bool) -> Shape | Reason:
    if options.layout is Layout.ARRAYS:
        return pinned_shape(cast("JsonValue", documents), Layout.ARRAYS, is_answer=is_answer)
    if len(documents) == 1 and (options.rows or options.layout):
        return _shape_of_json(documents[0], options, is_answer=is_answer)
    if options.rows or options.layout not in {None, Layout.ROWS, Layout.OBJECT, Layout.VECTOR}:
        return Reason(
            RejectionCode.UNKNOWN_LAYOUT,
            "the payload is JSON Lines, whose lines are the rows; unset the route's layout and rows",
        )
    return lines_shape(documents, is_answer=is_answer)


def csv_lines(body: Body, options: PayloadOptions, side: Side | None) -> Sequence[list[str]] | None:
    """Return the lines of a payload whose first line may be names without saying so; else `None`."""
    is_known = options.csv_header is not None or body.header is not None
    if body.form.media is not Media.CSV or is_known or options.layout in {Layout.ARRAYS, Layout.WHOLE}:
        return None
    lines = cast("Sequence[list[str]]", body.content)
    return lines if are_texts(side) and not (lines and are_names(lines[0], side)) else None


def has_header(body: Body, options: PayloadOptions, side: Side | None) -> bool:
    """Tell whether CSV begins with names: the option says so, else the declared type, else the names of the schema."""
    if options.csv_header is not None or body.header is not None:
        return bool(body.header if options.csv_header is None else options.csv_header)
    lines = cast("Sequence[list[str]]", body.content)
    return len(lines) > 1 and are_texts(side) and are_names(lines[0], side)


def csv_shape(body: Body, options: PayloadOptions, side: Side | None, *, is_answer: bool) -> Shape | Reason:
    """Return the shape of CSV."""
    lines = cast("Sequence[list[str]]", body.content)
    if has_header(body, options, side):
        rows = _with_names(lines)
        if isinstance(rows, Reason):
            return rows
    else:
        rows = cast("Elements", lines)
    if options.layout is Layout.WHOLE:
        return call_shape(rows[0] if len(rows) == 1 else cast("JsonValue", rows), "CSV", Layout.WHOLE, has_lines=True)
    if options.layout is Layout.ARRAYS:
        return pinned_shape(cast("JsonValue", rows), Layout.ARRAYS, is_answer=is_answer)
    if len(rows) == 1:
        return _one_line(rows[0], is_answer=is_answer)
    document, table = rows, Table(len(rows), {NAMELESS: rows})
    if is_answer and rows and _are_arrays(rows):
        return call_shape(
            document, "arrays side by side in CSV", Layout.ROWS, has_lines=True, never_one=True, is_arrays=True
        )
    return Shape(Says.FIXED, len(rows), "CSV lines", Layout.ROWS, document, table, has_lines=True, never_one=True)


def _one_line(row: JsonValue, *, is_answer: bool) -> Shape:
    if not is_answer:
        return call_shape(row, "one CSV line", Layout.ROWS, has_lines=True)
    if not is_list(row):
        return Shape(Says.OPEN, len(cast("Document", row)), "one CSV line", Layout.ROWS, row, has_lines=True)
    table = Table(len(row), {NAMELESS: row})
    return Shape(
        Says.OPEN, len(row), "one CSV line", Layout.ROWS, row, table, is_bare=True, is_alone=True, has_lines=True
    )


def _are_arrays(rows: Elements) -> bool:
    """Tell whether an answer's lines are columns; most begin with cells of one kind, and then they are not."""
    lines = cast("Sequence[list[Any]]", rows)
    if not isinstance(lines[0], list) or not _begin_differently(lines):
        return False
    cells = [[_shown(cell) for cell in line] for line in lines]
    return are_side_by_side(cast("Elements", cells), Kind.LISTS)


def _shown(cell: Any) -> JsonValue:
    """Return the number that a cell shows, leading zeros included; null if it is empty; else its text or its list."""
    value = parse_csv_cell(cell) if isinstance(cell, str) else cell
    return float(value) if isinstance(value, str) and is_number(value) else value


def _begin_differently(lines: Sequence[list[Any]]) -> bool:
    """Tell whether first cells are of several kinds, or some are empty: an empty cell fits any kind."""
    kinds = {
        line[0].strip() != "" and is_number(line[0]) if isinstance(line[0], str) else None for line in lines if line
    }
    return len(kinds) > 1 or any(isinstance(line[0], str) and not line[0].strip() for line in lines if line)


def _without_first(lines: Sequence[list[str]]) -> Sequence[list[str]]:
    return Lazy(len(lines) - 1, lambda place: lines[place + 1], lambda: islice(lines, 1, None))


def _with_names(lines: Sequence[list[str]]) -> Elements | Reason:
    """Return the lines below the first, named by it."""
    if not lines:
        return []
    names = lines[0]
    rows = lines[1:] if isinstance(lines, list) else _without_first(lines)
    if any(map(is_list, names)):
        return Reason(RejectionCode.BAD_CSV, "the header holds a list of numbers, which is no name")
    if len(set(names)) != len(names) or any(len(row) != len(names) for row in rows):
        return Reason(RejectionCode.BAD_CSV, "the header names a column twice, or a row is not as long as it")
    return named_rows(names, rows)
