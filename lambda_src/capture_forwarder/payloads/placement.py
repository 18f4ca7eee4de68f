"""How the rows of a payload lie and how their values are named: the plain path makes it, the compiled path reads it."""

from enum import StrEnum

from msgspec import Struct

from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import NESTED, Elements, is_list
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.tensors import verbose_row

ORDERED_KEYS = ("features", "probabilities")


class RowForm(StrEnum):
    """The form of one row in its document."""

    VALUES = "values"  # a list of ordered values, or a line of CSV
    VALUE = "value"  # one plain value
    OBJECT = "object"  # values by name
    TABLE = "table"  # values that lie apart: columns, tensors, a header, values of the whole call
    VERBOSE = "verbose"  # SageMaker's verbose format, dense or sparse


class Placement(Struct, frozen=True):
    """How rows lie in a document, and how their values are named.

    `single` means that the whole document is one row; else the rows are a list, under `rows_key` if that is set.
    `values_key` is the key inside a row that holds its ordered values.
    """

    layout: Layout
    form: RowForm
    single: bool = False
    rows_key: str | None = None
    values_key: str | None = None


class PayloadReading(Struct, frozen=True):
    """How a payload was read: the form of its body, and the placement of its rows."""

    body: BodyForm
    placement: Placement


def csv_reading(form: BodyForm, *, header: bool) -> PayloadReading:
    """Return how CSV is read: unlike JSON documents, it has one layout."""
    return PayloadReading(form, Placement(Layout.ROWS, RowForm.TABLE if header else RowForm.VALUES))


def ordered_key(value: JsonValue) -> str | None:
    """Return the only key of an object if its value is a list of ordered values."""
    if isinstance(value, dict) and len(value) == 1:
        for key in ORDERED_KEYS:
            if key in value and is_list(value[key]) and value[key]:
                return key
    return None


def placement_of_rows(layout: Layout, key: str | None, elements: Elements) -> Placement:
    """Return the placement of a list whose elements lie like the first."""
    first, values_key = elements[0] if elements else None, None
    if is_list(first):
        form = RowForm.VALUES
    elif not isinstance(first, dict):
        form = RowForm.VALUE
    elif values_key := ordered_key(first):
        form = RowForm.VALUES
    else:
        form = RowForm.OBJECT if verbose_row(first) is None else RowForm.VERBOSE
    return Placement(layout, form, rows_key=key, values_key=values_key)


def placement_of_whole(layout: Layout, document: JsonValue) -> Placement:
    """Return the placement of a document that is one row."""
    key = ordered_key(document)
    values = document[key] if key and isinstance(document, dict) else document
    if is_list(values) and NESTED.isdisjoint(map(type, values)):
        return Placement(Layout.VECTOR, RowForm.VALUES, single=True, values_key=key)
    if isinstance(document, dict) and NESTED.isdisjoint(map(type, document.values())):
        return Placement(Layout.OBJECT, RowForm.OBJECT, single=True)
    return Placement(layout, RowForm.TABLE, single=True)
