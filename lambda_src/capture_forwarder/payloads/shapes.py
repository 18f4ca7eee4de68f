"""What each payload says about its rows, before both sides are read together (`docs/formats.md`)."""

from enum import StrEnum
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads import frames
from capture_forwarder.payloads.closed_bodies import is_closed, is_stream
from capture_forwarder.payloads.elements_kind import (
    NESTED,
    Document,
    Elements,
    Kind,
    are_side_by_side,
    common_kind,
    is_list,
    kind_of,
    lists_of,
)
from capture_forwarder.payloads.not_data import without, without_not_data, without_schema
from capture_forwarder.payloads.placement import ORDERED_KEYS
from capture_forwarder.payloads.tables import NAMELESS, Table
from capture_forwarder.payloads.tensors import BinaryTensor, place_tensors, tensors_in

_OUTER_KEYS = ("instances", "predictions", "inputs", "outputs", "dataframe_records")
_OUTER_KEYS_OF_OBJECTS = ("scores", "projections")
_KEYS_OF_COLUMNS = ("inputs", "outputs", "instances", "predictions")
# One of these alone, with numbers, is the request of one row: SparkML, TorchServe.
_KEYS_OF_ONE_ROW = ("features", "data")


class Says(StrEnum):
    """What a payload says: `count` rows, for certain or not; one call; or that the other side decides."""

    FIXED = "fixed rows"
    ROWS = "rows"
    CALL = "one call"
    OPEN = "open"


class Shape(Struct, frozen=True, gc=False):
    """What one payload says: `count` rows (or values, if it is open), where they lie, and the document read as one row.

    `subject` names the place of the rows for sentences. `is_bare`: values without a name. `is_alone`: nothing lies
    beside the open values. `is_ragged`: lists of different lengths. `has_lines`: the text has lines. `never_one`:
    the payload is never one row.
    """

    says: Says
    count: int
    subject: str
    layout: Layout
    document: JsonValue
    table: Table | None = None
    is_bare: bool = False
    is_alone: bool = False
    is_ragged: bool = False
    is_closed: bool = False
    is_frame: bool = False
    is_arrays: bool = False
    has_lines: bool = False
    never_one: bool = False
    left_out: int = 0

    @property
    def has_rows(self) -> bool:
        """Whether the payload says rows, for certain or not."""
        return self.says is Says.FIXED or self.says is Says.ROWS

    @property
    def is_batch(self) -> bool:
        """Whether the payload has lines or rows, so that lists of one on the other side are batches of one."""
        return self.has_lines or self.has_rows


def json_shape(document: JsonValue, *, is_answer: bool, call_keys: tuple[str, ...] = ()) -> Shape | Reason:
    """Return what a JSON document says."""
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


def call_shape(document: JsonValue, subject: str, layout: Layout = Layout.OBJECT, **flags: Any) -> Shape:
    """Return the shape of a payload that is one call."""
    return Shape(Says.CALL, 1, subject, layout, document, **flags)


def list_shape(elements: Elements, *, is_answer: bool) -> Shape:
    """Return what a bare list says."""
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
    """Return what JSON Lines say: a line is a row, one line included."""
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
    if not isinstance(documents, list) or not any(isinstance(one, dict) and "schema" in one for one in documents):
        return documents, 0
    found = [without_schema(one) if isinstance(one, dict) else (one, 0) for one in documents]
    return [line for line, _ in found], sum(count for _, count in found)


def _object_shape(document: Document, is_answer: bool, call_keys: tuple[str, ...]) -> Shape:  # noqa: FBT001 - passed on
    if NESTED.isdisjoint(map(type, document.values())) and not (is_answer and "0" in document):
        return call_shape(document, "an object without a list of rows")
    if is_closed(document, is_answer=is_answer):
        return call_shape(document, "a body that is one call", is_closed=True)
    document, left_out = without_schema(document)
    for find in (_split, _tensors, _outer, _outer_columns, _frame):
        if shape := find(document, is_answer):
            return shape
    if is_answer and (table := frames.place_series(document)):
        values = cast("JsonValue", table.columns[NAMELESS])
        return Shape(Says.OPEN, table.count, "a Series", Layout.VECTOR, values, table, is_alone=True)
    shape = _shape_of_lists(document, is_answer, call_keys)
    return shape if not left_out else _with_left_out(shape, left_out)


def _with_left_out(shape: Shape, left_out: int) -> Shape:
    table = shape.table and replace(shape.table, left_out=shape.table.left_out + left_out)
    return replace(shape, table=table, left_out=left_out)


def _split(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - one of several that are called alike
    if found := frames.split_frame(document):
        rest, left_out = without_not_data(document)
        beside = {key: value for key, value in found[1].items() if key in rest or key not in document}
        table = frames.place_split(found[0], beside)
        return fixed(table, "the data frame", Layout.DATAFRAME_SPLIT, document, left_out)
    if table_of_series := frames.place_split_series(document):
        return fixed(table_of_series, "the Series", Layout.DATAFRAME_SPLIT, document)
    return None


def fixed(table: Table, subject: str, layout: Layout, document: JsonValue, left_out: int = 0) -> Shape:
    """Return the shape of a payload with rows for certain."""
    left_out += table.left_out
    return Shape(Says.FIXED, table.count, subject, layout, document, table, never_one=True, left_out=left_out)


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


def outer_key(document: Document) -> str | None:
    """Return the outer key of an object: one that holds the list of rows."""
    for key in _OUTER_KEYS:
        if is_list(document.get(key)):
            return key
    for key in _OUTER_KEYS_OF_OBJECTS:
        elements = document.get(key)
        if is_list(elements) and elements and all(isinstance(element, dict) for element in elements):
            return key
    return None


def _outer(document: Document, is_answer: bool) -> Shape | None:  # noqa: FBT001 - as above
    key = outer_key(document)
    if key is None:
        return None
    elements = cast("Elements", document[key])
    if kind_of(elements, is_answer=is_answer) is Kind.MIXED:
        return call_shape(
            document, f"the list under {key!a} holds values of several kinds", Layout.INSTANCES, is_arrays=True
        )
    return fixed(outer_table(document, key), subject_of(key), Layout.INSTANCES, document)


def outer_table(document: Document, key: str) -> Table:
    """Return the table of the list under an outer key."""
    elements = cast("Elements", document[key])
    beside, left_out = without_not_data(document) if len(document) > 1 else (document, 0)
    neighbours = {name: value for name, value in beside.items() if name != key}
    return Table(len(elements), {key: elements}, neighbours, is_outer=True, left_out=left_out)


def subject_of(key: str) -> str:
    """Return the words for the list under a key."""
    return f"the list under {key[:64]!a}"


def _outer_columns(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - as above
    """TensorFlow's columns, or a frame, under an outer key."""
    for key in _KEYS_OF_COLUMNS:
        inner = document.get(key)
        if not isinstance(inner, dict) or not inner:
            continue
        table = frames.place_frame(inner) or _columns_of(inner)
        if table:
            beside, left_out = without_not_data(document)
            neighbours = {name: value for name, value in beside.items() if name != key}
            table = Table(table.count, table.columns, neighbours, unwraps=True, left_out=left_out)
            return fixed(table, f"columns under {key!a}", Layout.COLUMNS, document)
    return None


def _columns_of(document: Document) -> Table | None:
    columns = lists_of(document)
    if len(columns) < len(document) or len(set(map(len, columns.values()))) != 1:
        return None
    return Table(len(next(iter(columns.values()))), columns, unwraps=True)


def _frame(document: Document, _: bool) -> Shape | None:  # noqa: FBT001 - as above
    table = frames.place_frame(document)
    if table is None:
        return None
    return Shape(Says.ROWS, table.count, "a data frame", Layout.COLUMNS, document, table, is_frame=True)


def _shape_of_lists(document: Document, is_answer: bool, call_keys: tuple[str, ...]) -> Shape:  # noqa: FBT001 - as above
    """Return what an object says by the lists directly under its keys."""
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
