"""The shapes of payloads: their statements about rows, before both sides are read together (`docs/formats.md`)."""

from typing import cast

from msgspec.structs import replace

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads import frames
from capture_forwarder.payloads.closed_bodies import is_closed
from capture_forwarder.payloads.elements_kind import (
    NESTED,
    Document,
    Elements,
    Kind,
    is_list,
    kind_of,
    lists_of,
)
from capture_forwarder.payloads.not_data import without, without_not_data, without_schema
from capture_forwarder.payloads.outer_keys import outer_columns_shape, outer_shape
from capture_forwarder.payloads.placement import ORDERED_KEYS
from capture_forwarder.payloads.shape import Says, Shape, call_shape, fixed, subject_of
from capture_forwarder.payloads.shapes_of_lists import list_shape
from capture_forwarder.payloads.tables import NAMELESS, Table
from capture_forwarder.payloads.tensors import BinaryTensor, place_tensors, tensors_in

# One of these alone, with numbers, is the request of one row: SparkML, TorchServe.
_KEYS_OF_ONE_ROW = ("features", "data")


def json_shape(document: JsonValue, *, is_answer: bool, call_keys: tuple[str, ...] = ()) -> Shape | Reason:
    """Return the shape of a JSON document."""
    if is_list(document):
        return list_shape(document, is_answer=is_answer)
    if not isinstance(document, dict):
        return call_shape(document, "one value")
    try:
        return _object_shape(document, is_answer, call_keys)
    except BinaryTensor as error:
        return Reason(RejectionCode.BINARY_PAYLOAD, str(error))
    except ValueError as error:
        code = RejectionCode.AMBIGUOUS_ROWS if "order" in str(error) else RejectionCode.UNKNOWN_LAYOUT
        return Reason(code, str(error))


def _object_shape(document: Document, is_answer: bool, call_keys: tuple[str, ...]) -> Shape:  # noqa: FBT001 - passed on
    if NESTED.isdisjoint(map(type, document.values())) and not (is_answer and "0" in document):
        return call_shape(document, "an object without a list of rows")
    if is_closed(document, is_answer=is_answer):
        return call_shape(document, "a body that is one call", is_closed=True)
    table, left_out = without_schema(document)
    shape = _open_shape(table, is_answer, call_keys)
    return _with_left_out(shape, document, left_out) if left_out else shape


def _open_shape(document: Document, is_answer: bool, call_keys: tuple[str, ...]) -> Shape:  # noqa: FBT001 - passed on
    for find in (_split, _tensors, outer_shape, outer_columns_shape, _frame):
        if shape := find(document, is_answer):
            return shape
    if is_answer and (table := frames.place_series(document)):
        values = cast("JsonValue", table.columns[NAMELESS])
        return Shape(Says.OPEN, table.count, "a Series", Layout.VECTOR, values, table, is_alone=True)
    return _shape_of_lists(document, is_answer, call_keys)


def _with_left_out(shape: Shape, document: Document, left_out: int) -> Shape:
    """Return the shape of a document whose schema is left out beside rows, and kept if the document is one call."""
    table = shape.table and replace(shape.table, left_out=shape.table.left_out + left_out)
    return replace(shape, document=document, table=table, is_frame=shape.says is Says.ROWS)


def _split(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - one of several that are called alike
    if found := frames.split_frame(document):
        rest, left_out = without_not_data(document)
        beside = {key: value for key, value in found[1].items() if key in rest or key not in document}
        table = frames.place_split(found[0], beside)
        return fixed(table, "the data frame", Layout.DATAFRAME_SPLIT, document, left_out)
    if table_of_series := frames.place_split_series(document):
        return fixed(table_of_series, "the Series", Layout.DATAFRAME_SPLIT, document)
    return None


def _tensors(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - as above
    tensors = tensors_in(document)
    if tensors is None:
        return None
    found = place_tensors(document, tensors)
    if found.is_fixed:
        return fixed(found.table, "tensors", Layout.KSERVE, found.whole)
    left_out = found.table.left_out
    if found.is_ragged:
        return Shape(Says.CALL, 1, "tensors of different lengths", Layout.KSERVE, found.whole, left_out=left_out)
    subject, table = "tensors of one dimension", found.table
    return Shape(Says.OPEN, table.count, subject, Layout.KSERVE, found.whole, table, is_alone=True, left_out=left_out)


def _frame(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - as above
    table = frames.place_frame(document)
    if table is None:
        return None
    return Shape(Says.ROWS, table.count, "a data frame", Layout.COLUMNS, document, table, is_frame=True)


def _shape_of_lists(document: Document, is_answer: bool, call_keys: tuple[str, ...]) -> Shape:  # noqa: FBT001 - as above
    """Return the shape of an object by the lists directly under its keys."""
    beside, left_out = without_not_data(document)
    lists = {key: elements for key, elements in lists_of(beside).items() if key not in call_keys}
    if not lists:
        return call_shape(document, "an object without a list of rows")
    if len(lists) > 1:
        return _shape_of_columns(document, beside, lists, left_out)
    key, elements = next(iter(lists.items()))
    kind = kind_of(elements, is_answer=is_answer)
    is_alone = len(beside) == 1
    if kind is Kind.MIXED or (not is_answer and kind is Kind.NUMBERS and is_alone and key in _KEYS_OF_ONE_ROW):
        return call_shape(document, f"{subject_of(key)} holds {kind.value}")
    neighbours, _ = without(beside, {key})
    is_outer = is_alone and key in ORDERED_KEYS
    table = Table(len(elements), {key: elements}, neighbours, is_outer=is_outer, left_out=left_out)
    says = Says.OPEN if kind is Kind.NUMBERS else Says.ROWS
    return Shape(says, len(elements), subject_of(key), Layout.COLUMNS, document, table, is_alone=is_alone)


def _shape_of_columns(document: Document, beside: Document, lists: dict[str, Elements], left_out: int) -> Shape:
    lengths = set(map(len, lists.values()))
    count = lengths.pop()
    if lengths:
        table = Table(0, {}, beside, left_out=left_out)
        return Shape(Says.CALL, 1, "lists of different lengths", Layout.OBJECT, document, table, is_ragged=True)
    neighbours, _ = without(beside, lists)
    table = Table(count, lists, neighbours, left_out=left_out)
    return Shape(Says.ROWS, count, "columns", Layout.COLUMNS, document, table)
