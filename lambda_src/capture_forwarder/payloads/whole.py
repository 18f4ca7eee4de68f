"""A payload that is one row: its values by name or in order."""

from typing import cast

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.schema import Side
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import NESTED, Document, Elements, Kind, common_kind, is_list
from capture_forwarder.payloads.placement import ordered_key
from capture_forwarder.payloads.structured import is_structure
from capture_forwarder.payloads.tensors import MAX_SPARSE_VALUES, verbose_row, verbose_values

Row = list[JsonValue] | Document


class Whole(Struct, frozen=True, gc=False):
    """The values of a payload that is one row. `is_column`: they come from a single list with a name."""

    row: Row
    is_column: bool = False


def whole_row(
    document: JsonValue, stem: str, *, is_closed: bool, is_batch: bool, side: Side | None = None
) -> Whole | Reason:
    """Return a document as one row.

    Lists of one plain value are that value; with `is_batch` (the other side has lines or rows) so are
    all lists of one, unless the list is a structure of `side`. A closed body keeps every index.
    """
    if is_list(document):
        return _whole_list(document, stem)
    if not isinstance(document, dict):
        return Whole([document])
    if is_closed or NESTED.isdisjoint(map(type, document.values())):
        return Whole(document)
    if verbose := verbose_row(document):
        return Whole(verbose_values(verbose, MAX_SPARSE_VALUES))
    if key := ordered_key(document):
        return _whole_list(cast("Elements", document[key]), stem)
    is_single = len(document) == 1 and is_list(next(iter(document.values())))
    row = {
        key: value if is_structure(side, key, value) else _unwrapped(value, is_batch=is_batch)
        for key, value in document.items()
    }
    return Whole(row, is_column=is_single)


def _unwrapped(value: JsonValue, *, is_batch: bool) -> JsonValue:
    if is_list(value) and len(value) == 1 and (is_batch or not (isinstance(value[0], dict) or is_list(value[0]))):
        return value[0]
    return value


def _whole_list(elements: Elements, stem: str) -> Whole | Reason:
    """Return a list as one row: of objects the first keeps its names, the others are `prediction_1.name`."""
    if not elements or not isinstance(elements[0], dict) or common_kind(elements) is not Kind.OBJECTS:
        return Whole(elements if isinstance(elements, list) else list(elements))
    first = elements[0]
    others: Document = {f"{stem}_{index}": element for index, element in enumerate(elements) if index}
    if not first.keys().isdisjoint(others):
        return Reason(RejectionCode.AMBIGUOUS_NAME, "two nested values come to the same name")
    return Whole(first | others)
