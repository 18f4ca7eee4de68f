"""Both sides of a call read together: how many inferences it holds, and whether each side is read as rows or as one."""

from collections.abc import Collection
from enum import Enum
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.values import is_number
from capture_forwarder.payloads.advice import advice, schema_advice
from capture_forwarder.payloads.elements_kind import Elements, Kind, is_list, kind_of, lists_of
from capture_forwarder.payloads.not_data import without
from capture_forwarder.payloads.placement import ordered_key
from capture_forwarder.payloads.shape import Says, Shape
from capture_forwarder.payloads.tables import Table


class Way(Enum):
    """How one side is read: each element is a row, or the whole payload is one row."""

    ROWS = "rows"
    ONE = "one"


class Decision(Struct, frozen=True):
    """The number of inferences in a call, and how each side is read."""

    count: int
    request: Way
    answer: Way


ONE_CALL = Decision(1, Way.ONE, Way.ONE)
_TWO = 2


def decide(request: Shape, answer: Shape, widths: Collection[int]) -> Decision | Reason:
    """Return how the two sides of a call are read, or why they do not fit.

    `widths` are the numbers of ordered values that one row of the answer may have; empty without a schema.
    """
    if request.has_rows:
        return _rows_asked(request, answer, widths)
    if request.says is Says.OPEN:
        return _open_asked(request, answer)
    return _call_asked(request, answer)


def _rows_asked(request: Shape, answer: Shape, widths: Collection[int]) -> Decision | Reason:
    count = request.count
    if answer.has_rows:
        return _rows(count) if count and count == answer.count else mismatch(request, answer)
    if answer.says is Says.OPEN:
        if count == 1:
            return Decision(1, Way.ROWS, Way.ONE)
        return _rows(count) if _may_be_cut(answer, count, widths) else mismatch(request, answer)
    if count > 1 and answer.is_ragged and column_of(answer, count):
        return _rows(count)
    if count == 1:
        return Decision(1, Way.ROWS, Way.ONE) if not answer.never_one else mismatch(request, answer)
    is_never_one = request.never_one or answer.never_one or answer.is_arrays
    return mismatch(request, answer) if is_never_one else ONE_CALL


def _may_be_cut(answer: Shape, count: int, widths: Collection[int]) -> bool:
    """Tell whether open values are the values of `count` rows.

    XGBoost's container answers several CSV rows with one comma-joined line, for backwards compatibility:
    https://github.com/aws/sagemaker-xgboost-container
    """
    if answer.table is None or not count:
        return False
    width, rest = divmod(answer.count, count)
    columns = answer.table.columns.values()
    if rest or (width != 1 and (width not in widths or len(columns) > 1)):
        return False
    return not answer.is_bare or all(map(_is_uniform, columns))


def _is_uniform(values: Elements) -> bool:
    """Tell whether values are all numbers or all texts; cells of CSV are numbers by their text."""
    kind = kind_of(values, is_answer=True)
    if kind is Kind.TEXTS:
        return len({is_number(value) for value in values if isinstance(value, str) and value.strip()}) <= 1
    return kind is Kind.NUMBERS


def _open_asked(request: Shape, answer: Shape) -> Decision | Reason:
    if answer.has_rows:
        if answer.count == 1:
            return Decision(1, Way.ONE, Way.ROWS)
        return _rows(answer.count) if answer.count == request.count else mismatch(request, answer)
    if answer.says is Says.OPEN and request.is_alone and request.count == answer.count >= _TWO:
        return ambiguous(request, answer, "values of one row, or one value a row")
    return ONE_CALL if not answer.never_one else mismatch(request, answer)


def _call_asked(request: Shape, answer: Shape) -> Decision | Reason:
    if answer.count >= _TWO and answer.has_rows and request.is_ragged and column_of(request, answer.count):
        return Reason(
            RejectionCode.UNKNOWN_LAYOUT,
            f"lists of the request differ in length, and one is as long as the answer's {answer.count} rows; "
            'input_rows names the list of rows, and input_layout = "whole" says that it is one row',
        )
    if answer.says is Says.FIXED:
        if answer.count == 1:
            return Decision(1, Way.ONE, Way.ROWS)
        folds = answer.count and answer.has_lines and not answer.never_one
        return ONE_CALL if folds and not request.never_one else mismatch(request, answer)
    if request.never_one or answer.never_one:
        return mismatch(request, answer)
    if answer.says is Says.ROWS and answer.count == 1 and _is_batch_of_one(request, answer):
        return Decision(1, Way.ONE, Way.ROWS)
    return ONE_CALL


def _is_batch_of_one(request: Shape, answer: Shape) -> bool:
    """Tell whether an answer of one row is named as the rows of several: the request has lines, or it is a matrix."""
    if request.is_batch or answer.is_frame:
        return True
    key = ordered_key(answer.document)
    elements = answer.document[key] if key and isinstance(answer.document, dict) else answer.document
    return is_list(elements) and len(elements) == 1 and is_list(elements[0])


def _rows(count: int) -> Decision:
    return Decision(count, Way.ROWS, Way.ROWS)


def column_of(shape: Shape, count: int) -> Elements | None:
    """Return a list of a payload with lists of different lengths that has `count` elements."""
    neighbours = cast("Table", shape.table).neighbours
    return next((one for one in lists_of(neighbours).values() if len(one) == count), None)


def ragged_table(shape: Shape, count: int) -> Table:
    """Return the table of `count` rows of a payload with lists of different lengths."""
    table = cast("Table", shape.table)
    columns = {key: one for key, one in lists_of(table.neighbours).items() if len(one) == count}
    neighbours, _ = without(table.neighbours, columns)
    return Table(count, columns, neighbours, left_out=table.left_out)


def mismatch(request: Shape, answer: Shape) -> Reason:
    """Return the rejection of sides that do not fit: how many rows each says, and why."""
    why = "; ".join(
        [said(request, answer), *advice(request, answer, is_ambiguous=False), *schema_advice(request, answer)]
    )
    return Reason(RejectionCode.ROW_COUNT_MISMATCH, why)


def ambiguous(request: Shape, answer: Shape, why: str) -> Reason:
    """Return the rejection of sides that can be read in two ways."""
    why = "; ".join([f"{said(request, answer)}: {why}", *advice(request, answer, is_ambiguous=True)])
    return Reason(RejectionCode.AMBIGUOUS_ROWS, why)


def said(request: Shape, answer: Shape) -> str:
    """Return the counts of both sides, as a sentence."""
    return f"the request says {_count(request)}, the answer says {_count(answer)}"


def _count(shape: Shape) -> str:
    if shape.says is Says.CALL:
        return f"one call ({shape.subject})"
    noun = "value" if shape.says is Says.OPEN else "row"
    return f"{shape.count} {noun}{'' if shape.count == 1 else 's'} ({shape.subject})"
