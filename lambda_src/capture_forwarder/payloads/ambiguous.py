"""Calls that can be read in two ways although one reading would fit: they are rejected."""

from collections.abc import Iterator, Sequence
from typing import cast

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.deciding import Decision, Way, ambiguous, said
from capture_forwarder.payloads.elements_kind import Document, Kind, is_list, kind_of
from capture_forwarder.payloads.shape import Says, Shape
from capture_forwarder.payloads.shapes import json_shape
from capture_forwarder.payloads.tables import Table
from capture_forwarder.payloads.whole import Row

# Lists under these keys are settings of the call.
_SETTINGS = frozenset({"parameters", "params", "options", "configuration"})
_TWO = 2
_OTHER_ORDER = "the script must keep the order of the request's rows"


def why_ambiguous(request: Shape, answer: Shape, decision: Decision) -> Reason | None:
    """Return the rejection of a call for which another reading is as plausible, or `None`."""
    if decision.count == 1 and decision.request is Way.ONE and decision.answer is Way.ONE:
        if _are_values_and_rows(request, answer):
            return ambiguous(request, answer, "values of one row, or one value a row")
        return why_deeper(request, answer)
    if decision.count < _TWO or decision.request is not Way.ROWS or request.table is None:
        return None
    has_others = bool(request.table.neighbours)
    if has_others and request.says is Says.ROWS and _are_bare_values(answer):
        return ambiguous(request, answer, "rows with a value of the whole call, or one record")
    if request.says is Says.OPEN and not request.is_alone and answer.says is Says.ROWS:
        return ambiguous(request, answer, "values of one row, or one value a row")
    return None


def _are_bare_values(answer: Shape) -> bool:
    """Tell whether an answer is a bare list, or a line, of plain values."""
    if not answer.is_bare or not is_list(answer.document):
        return False
    return answer.says is Says.OPEN or kind_of(answer.document, is_answer=True) is Kind.TEXTS


def _are_values_and_rows(request: Shape, answer: Shape) -> bool:
    """Tell whether a bare list of numbers is answered by a bare list of as many lists or objects."""
    if not (request.is_bare and request.says is Says.CALL and answer.is_bare and answer.says is Says.ROWS):
        return False
    is_text = is_list(answer.document) and kind_of(answer.document, is_answer=True) is Kind.TEXTS
    return not is_text and is_list(request.document) and len(request.document) == answer.count >= _TWO


def why_deeper(request: Shape, answer: Shape) -> Reason | None:
    """Return the rejection of a table deeper inside one payload, where the other has as many rows or values."""
    for one, other, side in ((request, answer, "input"), (answer, request, "output")):
        if one.is_closed or one.has_rows or one.layout is Layout.WHOLE or not isinstance(one.document, dict):
            continue
        for path, inner in _inner(one.document, ""):
            if table := _table_with_as_many(inner, other, is_answer=one is answer):
                place = f"{path}{_only_key(table)}".rstrip(".")[:64]
                return Reason(
                    RejectionCode.AMBIGUOUS_ROWS,
                    f"{said(request, answer)}: a table lies deeper inside one payload; {side}_rows = {place!a} says "
                    f'that it holds the rows, {side}_layout = "whole" that the payload is one row',
                )
    return None


def _table_with_as_many(inner: Document, other: Shape, *, is_answer: bool) -> Table | None:
    """Return the rows of an object inside a payload, if there are as many, two or more, as the other says."""
    found = json_shape(inner, is_answer=is_answer)
    if isinstance(found, Reason) or not found.has_rows or found.count < _TWO:
        return None
    if other.says is Says.CALL:
        is_as_many = other.is_bare and is_list(other.document) and len(other.document) == found.count
    else:
        is_as_many = other.count == found.count
    return found.table if is_as_many else None


def _only_key(table: Table) -> str:
    return next(iter(table.columns)) if len(table.columns) == 1 else ""


def _inner(document: Document, path: str) -> Iterator[tuple[str, Document]]:
    """Yield the objects inside an object with their paths, settings aside."""
    for key, value in document.items():
        if isinstance(value, dict) and key not in _SETTINGS:
            yield f"{path}{key}.", value
            yield from _inner(value, f"{path}{key}.")


def why_other_order(request: Sequence[Row], answer: Sequence[Row]) -> Reason | None:
    """Return the rejection of rows that may have another order on the other side, or `None`."""
    first_asked, first = request[0], answer[0]
    if not isinstance(first, dict):
        return None
    if "index" in first and _is_permuted(_values(answer, "index")):
        return _order("the answer's index is not 0, 1, 2, ...")
    if isinstance(first_asked, dict):
        for name in first_asked.keys() & first.keys():
            if _have_other_order(_values(request, name), _values(answer, name)):
                return _order(f"{name[:64]!a} has the same values on both sides, in another order")
    return None


def _order(why: str) -> Reason:
    return Reason(RejectionCode.AMBIGUOUS_ROWS, f"{why}; {_OTHER_ORDER}")


def _values(rows: Sequence[Row], name: str) -> list[JsonValue]:
    return [row.get(name) if isinstance(row, dict) else None for row in rows]


def _is_permuted(values: list[JsonValue]) -> bool:
    return all(type(value) is int for value in values) and values != list(range(len(values)))


def _have_other_order(asked: list[JsonValue], answered: list[JsonValue]) -> bool:
    if asked == answered or any(isinstance(value, dict) or is_list(value) for value in (*asked, *answered)):
        return False
    different = set(cast("list[str]", asked))
    return len(different) == len(asked) == len(answered) and different == set(cast("list[str]", answered))
