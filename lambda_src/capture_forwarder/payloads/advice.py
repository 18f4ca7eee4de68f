"""The options of a route that would decide about a call which is rejected."""

from capture_forwarder.domain.route import Layout
from capture_forwarder.payloads.elements_kind import holds_list, is_list
from capture_forwarder.payloads.shapes import Says, Shape

# The layouts that make rows of open values.
_LAYOUTS_OF_ROWS = {Layout.VECTOR: "list", Layout.COLUMNS: "columns", Layout.KSERVE: "kserve"}


def advice(request: Shape, answer: Shape) -> str:
    """Return the options that decide, for each side; the layout of CSV is always known."""
    options = [*_options(request, "input"), *_options(answer, "output")]
    if answer.says is Says.OPEN and request.has_rows and request.count and answer.count % request.count == 0:
        options.append("a schema says how many values a row of the answer has")
    return "; ".join(options)


def _options(shape: Shape, side: str) -> list[str]:
    if shape.layout is Layout.WHOLE:
        return []
    if shape.says is Says.CALL:
        return _options_of_call(shape, side)
    layout = _LAYOUTS_OF_ROWS.get(shape.layout) if shape.says is Says.OPEN and not shape.has_lines else None
    readings = [("whole", "one row")]
    if layout:
        readings.insert(0, (layout, "rows"))
    if shape.has_rows and _may_be_arrays(shape):
        readings.append(("arrays", "columns"))
    (first, what), *others = readings
    rest = "".join(f', "{name}" that they are {kind}' for name, kind in others)
    return [f'{side}_layout = "{first}" says that they are {what}{rest}']


def _options_of_call(shape: Shape, side: str) -> list[str]:
    if shape.is_arrays:
        return [f'{side}_layout = "arrays" says that the lists are columns']
    if is_list(shape.document):
        return [] if shape.has_lines else [f'{side}_layout = "list" says that the elements are rows']
    return [f"{side}_rows names the list of rows"] if holds_list(shape.document) else []


def _may_be_arrays(shape: Shape) -> bool:
    """Tell whether the rows are a list or lines, of lists of one length."""
    if shape.table is None or len(shape.table.columns) != 1:
        return False
    elements = next(iter(shape.table.columns.values()))
    first = elements[0] if elements else None
    lengths = {len(one) if is_list(one) else -1 for one in elements[:2]}
    return is_list(first) and len(lengths) == 1 and _is_read_as_arrays(shape)


def _is_read_as_arrays(shape: Shape) -> bool:
    return shape.has_lines or shape.layout is Layout.LIST or shape.layout is Layout.INSTANCES
