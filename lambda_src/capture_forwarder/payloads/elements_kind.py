"""The kind that the elements of a JSON list have in common."""

from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeGuard

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.error_bodies import is_error_body
from capture_forwarder.payloads.lazy import Lazy

# The elements of a list. Those of a large list are made when they are read: it is a `Lazy`, which acts like a list.
Elements = list[JsonValue]
Document = dict[str, JsonValue]


class Kind(Enum):
    """The kind of all elements of a list."""

    NUMBERS = "numbers"
    TEXTS = "texts"
    LISTS = "lists"
    OBJECTS = "objects"
    MIXED = "values of several kinds"


_KINDS = {bool: Kind.NUMBERS, int: Kind.NUMBERS, float: Kind.NUMBERS, str: Kind.TEXTS, list: Kind.LISTS}
_KINDS |= {Lazy: Kind.LISTS, dict: Kind.OBJECTS}
_NULL = type(None)
# The types of values that hold values.
NESTED = frozenset({list, dict, Lazy})


def is_list(value: Any) -> TypeGuard[Elements]:
    """Tell whether `value` is a list of a document, held as objects or made when it is read."""
    kind = type(value)
    return kind is list or kind is Lazy


def lists_of(document: Document) -> dict[str, Elements]:
    """Return the lists directly under the keys of an object; an empty list is a null value."""
    return {key: value for key, value in document.items() if is_list(value) and value}


def holds_list(value: JsonValue) -> bool:
    """Tell whether a list that is not empty lies anywhere inside `value`."""
    if isinstance(value, dict):
        return any(map(holds_list, value.values()))
    return is_list(value) and len(value) > 0


def kind_of(elements: Elements, *, is_answer: bool) -> Kind:
    """Return the kind of a list's elements; null and, in answers, error bodies fit every kind.

    In an answer, arrays side by side are of several kinds: lists of labels beside lists of probabilities are columns.
    """
    kind = common_kind(elements)
    if not is_answer:
        return kind
    if kind is Kind.MIXED:
        kind = common_kind(element for element in elements if not is_error_body(element))
    return Kind.MIXED if are_side_by_side(elements, kind) else kind


def are_side_by_side(elements: Elements, kind: Kind) -> bool:
    """Tell whether an answer's lists, or objects, of `kind` are arrays side by side: each is a column, and no row."""
    return (kind is Kind.LISTS and _are_arrays(elements)) or (kind is Kind.OBJECTS and _share_no_name(elements))


def common_kind(elements: Iterable[JsonValue]) -> Kind:
    """Return the kind of a list's elements by their types alone; null fits every kind."""
    kinds = {_KINDS[found] for found in set(map(type, elements)) if found is not _NULL}
    if len(kinds) > 1:
        return Kind.MIXED
    return kinds.pop() if kinds else Kind.NUMBERS


def _are_arrays(elements: Elements) -> bool:
    """Tell whether lists are columns: each of one kind, but not of the same, with two or more values in each.

    Each step reads the elements again, because those of a large list are made when they are read.
    """
    if not _begin_differently(filter(is_list, elements)):
        return False
    found = {common_kind(part) for part in elements if is_list(part)}
    if Kind.MIXED in found or found & {Kind.LISTS, Kind.NUMBERS, Kind.TEXTS} != found:
        return False
    if Kind.LISTS in found:
        return len(found) > 1
    return found == {Kind.NUMBERS, Kind.TEXTS} and all(map(_are_texts_or_shares, elements))


def _begin_differently(lists: Iterable[Elements]) -> bool:
    """Tell whether lists of two or more values begin with values of several types, or null: most have one type."""
    types = set()
    for part in lists:
        if len(part) < 2:  # noqa: PLR2004 - a pair
            return False
        types.add(type(part[0]))
    return len(types) > 1 or _NULL in types


def _are_texts_or_shares(part: JsonValue) -> bool:
    """Tell whether a list holds texts, or numbers from 0 to 1; null fits both, and is no list."""
    if not is_list(part) or common_kind(part) is Kind.TEXTS:
        return True
    return all(isinstance(number, int | float) and 0 <= number <= 1 for number in part if number is not None)


def _share_no_name(elements: Elements) -> bool:
    """Tell whether two or more objects with lists have no name in common: each is a column of its own."""
    names, count = set[str](), 0
    for element in elements:
        if isinstance(element, dict) and not is_error_body(element):
            if not (lists_of(element) and names.isdisjoint(element)):
                return False
            names.update(element)
            count += 1
    return count > 1
