"""Calls that can be read in two ways although one reading would fit: they are rejected."""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.deciding import Decision, Way, ambiguous
from capture_forwarder.payloads.elements_kind import Document, Kind, is_list, kind_of
from capture_forwarder.payloads.shapes import Says, Shape
from capture_forwarder.payloads.whole import Row

# Lists under these keys are settings of the call.
_SETTINGS = frozenset({"parameters", "params", "options", "configuration"})
_TWO = 2
_OTHER_ORDER = "the script keeps the order of the request's rows"


def why_ambiguous(request: Shape, answer: Shape, decision: Decision) -> Reason | None:
    """Return the rejection of a call for which another reading is as plausible, or `None`."""
    if decision.count == 1 and decision.request is Way.ONE and decision.answer is Way.ONE:
        if _are_values_and_rows(request, answer):
            return ambiguous(request, answer, "values of one row, or one value a row")
        return _deeper_table(request, answer)
    if decision.count < _TWO or decision.request is not Way.ROWS or request.table is None:
        return None
    has_others = bool(request.table.neighbours)
    if has_others and request.says is Says.ROWS and answer.says is Says.OPEN and answer.is_bare:
        return ambiguous(request, answer, "rows with a value of the whole call, or one record")
    if request.says is Says.OPEN and not request.is_alone and answer.says is Says.ROWS:
        return ambiguous(request, answer, "values of one row, or one value a row")
    return None


def _are_values_and_rows(request: Shape, answer: Shape) -> bool:
    """Tell whether a bare list of numbers is answered by a bare list of as many lists or objects."""
    if not (request.is_bare and request.says is Says.CALL and answer.is_bare and answer.says is Says.ROWS):
        return False
    return is_list(request.document) and len(request.document) == answer.count >= _TWO


def _deeper_table(request: Shape, answer: Shape) -> Reason | None:
    """Return the rejection of a table deeper inside one payload, where the other has as many rows or values."""
    for one, other, option in ((request, answer, "input_rows"), (answer, request, "output_rows")):
        if one.is_closed or not isinstance(one.document, dict):
            continue
        sizes = set(_sizes(_inner(one.document), tables_only=True))
        if sizes and not sizes.isdisjoint(_counts(other)):
            why = f"a table lies deeper inside one payload; {option} names it"
            return ambiguous(request, answer, why)
    return None


def _counts(shape: Shape) -> Iterable[int]:
    if shape.says in {Says.OPEN, Says.ROWS}:
        return (shape.count,)
    if is_list(shape.document):
        return (len(shape.document),) if shape.is_bare else ()
    return _sizes(_inner(shape.document), tables_only=False) if isinstance(shape.document, dict) else ()


def _inner(document: Document) -> Iterator[Document]:
    """Yield the objects inside an object, settings aside."""
    for key, value in document.items():
        if isinstance(value, dict) and key not in _SETTINGS:
            yield value
            yield from _inner(value)


def _sizes(documents: Iterable[Document], *, tables_only: bool) -> Iterator[int]:
    """Yield the lengths, from two on, of lists directly under the keys of `documents`."""
    for document in documents:
        lists = [value for value in document.values() if is_list(value) and len(value) >= _TWO]
        for one in lists:
            is_table = kind_of(one, is_answer=False) in {Kind.TEXTS, Kind.LISTS, Kind.OBJECTS}
            if is_table or not tables_only or sum(len(other) == len(one) for other in lists) > 1:
                yield len(one)


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
