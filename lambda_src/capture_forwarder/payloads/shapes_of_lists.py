"""The shapes of a bare list and of JSON Lines."""

from typing import cast

from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.closed_bodies import is_stream
from capture_forwarder.payloads.elements_kind import (
    Elements,
    Kind,
    are_side_by_side,
    common_kind,
    kind_of,
)
from capture_forwarder.payloads.lazy import Lazy
from capture_forwarder.payloads.not_data import without_schema
from capture_forwarder.payloads.shape import Says, Shape, call_shape
from capture_forwarder.payloads.tables import NAMELESS, Table


def list_shape(elements: Elements, *, is_answer: bool) -> Shape:
    """Return the shape of a bare list."""
    kind = kind_of(elements, is_answer=is_answer)
    table = Table(len(elements), {NAMELESS: elements})
    document = cast("JsonValue", elements)
    if kind is Kind.MIXED:
        is_arrays = is_answer and are_side_by_side(elements, common_kind(elements))
        return call_shape(document, f"a list of {kind.value}", Layout.LIST, is_arrays=is_arrays)
    if kind is not Kind.NUMBERS or not elements:
        return Shape(Says.ROWS, len(elements), f"a list of {kind.value}", Layout.LIST, document, table, is_bare=True)
    says = Says.OPEN if is_answer else Says.CALL
    count = len(elements) if is_answer else 1
    return Shape(says, count, "a list of numbers", Layout.VECTOR, document, table, is_bare=True, is_alone=True)


def lines_shape(documents: Elements, *, is_answer: bool) -> Shape:
    """Return the shape of JSON Lines: a line is a row, one line included."""
    document = cast("JsonValue", documents)
    rows, left_out = _lines_without_schema(documents)
    if is_answer and is_stream(documents):
        return call_shape(document, "a stream of tokens", Layout.ROWS, is_closed=True, has_lines=True)
    if is_answer and are_side_by_side(documents, common_kind(documents)):
        return call_shape(document, "arrays side by side in lines", Layout.ROWS, has_lines=True, is_arrays=True)
    table = Table(len(rows), {NAMELESS: rows}, left_out=left_out)
    return Shape(
        Says.FIXED, len(rows), "JSON Lines", Layout.ROWS, document, table, has_lines=True, never_one=not is_answer
    )


def _lines_without_schema(documents: Elements) -> tuple[Elements, int]:
    if not any(isinstance(one, dict) and "schema" in one for one in documents):
        return documents, 0

    def line(document: JsonValue) -> JsonValue:
        return without_schema(document)[0] if isinstance(document, dict) else document

    left_out = sum(without_schema(one)[1] for one in documents if isinstance(one, dict))
    if isinstance(documents, list):
        return list(map(line, documents)), left_out
    return Lazy(len(documents), lambda place: line(documents[place]), lambda: map(line, documents)), left_out
