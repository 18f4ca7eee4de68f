"""The options of a route that would decide about a rejected call."""

from capture_forwarder.domain.route import Layout
from capture_forwarder.payloads.elements_kind import holds_list, is_list
from capture_forwarder.payloads.shape import Says, Shape

# The layouts that make rows of values, by how the values lie: cells of a line, a list, a list under a key, tensors.
_AS_ROWS = {
    Layout.ROWS: Layout.ARRAYS,
    Layout.VECTOR: Layout.LIST,
    Layout.LIST: Layout.LIST,
    Layout.COLUMNS: Layout.COLUMNS,
    Layout.KSERVE: Layout.KSERVE,
}
_MAY_BE_ARRAYS = frozenset({Layout.ROWS, Layout.LIST, Layout.INSTANCES})


def schema_advice(request: Shape, answer: Shape) -> list[str]:
    """Return how many values of an answer belong to one row, if a schema decides that."""
    is_multiple = request.has_rows and answer.says is Says.OPEN and request.count and not answer.count % request.count
    return ["a schema says how many values a row of the answer has"] if is_multiple else []


def advice(request: Shape, answer: Shape, *, is_ambiguous: bool) -> list[str]:
    """Return the options that decide, for each side."""
    options = [_option(one, side, is_ambiguous) for one, side in ((request, "input"), (answer, "output"))]
    return [option for option in options if option]


def _option(shape: Shape, side: str, is_ambiguous: bool) -> str:  # noqa: FBT001 - passed on
    if shape.layout is Layout.WHOLE:  # the route has decided
        return ""
    if ways := _ways(shape, is_ambiguous):
        return f"{side}_layout = {', '.join(ways)}"
    is_call = shape.says is Says.CALL and shape.layout is Layout.OBJECT
    return f"{side}_rows names the list of rows" if is_call and holds_list(shape.document) else ""


def _ways(shape: Shape, is_ambiguous: bool) -> list[str]:  # noqa: FBT001 - as above
    """Return the layouts that decide how one side is read, each with its effect."""
    is_series = shape.layout is Layout.VECTOR and not shape.is_bare
    as_rows = None if is_series or shape.is_closed else _AS_ROWS.get(shape.layout)
    whole = '"whole" says that they are one row'
    if not shape.count:
        return []
    if shape.has_rows and is_ambiguous:
        return [f'"{as_rows}" says that they are rows', whole] if as_rows and shape.says is Says.ROWS else [whole]
    if shape.has_rows:
        return [whole, '"arrays" says that they are columns'] if _may_be_arrays(shape) else [whole]
    if shape.is_arrays:
        return ['"arrays" says that the lists are columns']
    if as_rows is None or not (shape.says is Says.OPEN or is_list(shape.document)):
        return []
    values = f'"{as_rows}" says that each value is a row'
    return [values, whole] if is_ambiguous or shape.says is Says.OPEN else [values]


def _may_be_arrays(shape: Shape) -> bool:
    """Tell whether rows are a list, or lines, of lists of one length."""
    if shape.layout not in _MAY_BE_ARRAYS or shape.table is None or len(shape.table.columns) != 1:
        return False
    elements = next(iter(shape.table.columns.values()))
    return is_list(elements[0]) and len({len(one) if is_list(one) else -1 for one in elements[:2]}) == 1
