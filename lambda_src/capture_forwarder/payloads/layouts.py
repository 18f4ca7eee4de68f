"""The ways in which JSON documents lay out rows: for each a rule that recognises it and a decoder.

Sources: Arthur's two layouts (https://docs.arthur.ai/docs/sagemaker-data-capture), SageMaker's common data formats
(https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html), TensorFlow Serving, MLflow, KServe, and records
of real endpoints. A decoder raises `ValueError` with a sentence when a document of its layout is malformed.
"""

from itertools import chain
from math import prod
from typing import TypeGuard, cast

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.rows import Row

_ORDERED_KEYS = ("features", "probabilities")
_OUTER_KEYS = (
    "instances",
    "predictions",
    "projections",
    "scores",
    "dataframe_records",
    "inputs",
    "outputs",
)
_TENSOR_KEYS = {"name", "shape", "datatype", "data"}
# A few bytes can claim a row of any length; a payload of real sparse rows stays far below this many values.
_MAX_DENSE_VALUES = 2_000_000
# NumPy's own limit: the product of a hundred thousand sizes would take minutes.
_MAX_DIMENSIONS = 64

Scalar = str | int | float | bool | None


def _is_scalar(value: JsonValue) -> TypeGuard[Scalar]:
    return not isinstance(value, list | dict)


def _is_flat(value: JsonValue) -> TypeGuard[list[Scalar]]:
    return isinstance(value, list) and all(map(_is_scalar, value))


def _outer_key(document: JsonValue) -> str | None:
    if not isinstance(document, dict):
        return None
    for key in _OUTER_KEYS:
        if key in document and isinstance(document[key], list):
            return key
    return None


def _ordered_key(document: JsonValue) -> str | None:
    if not isinstance(document, dict) or len(document) != 1:
        return None
    return next((key for key in _ORDERED_KEYS if isinstance(document.get(key), list)), None)


def is_dataframe_split(document: JsonValue) -> bool:
    """MLflow: `{"dataframe_split": {"columns": [...], "data": [[...], ...]}}`."""
    return isinstance(document, dict) and isinstance(document.get("dataframe_split"), dict)


def dataframe_split(document: JsonValue) -> list[Row]:
    """Every entry of `data` is one row, named by `columns`."""
    if not is_dataframe_split(document):
        raise ValueError("dataframe_split holds no object")
    frame = cast("dict[str, dict[str, JsonValue]]", document)["dataframe_split"]
    columns, data = frame.get("columns"), frame.get("data")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise ValueError("dataframe_split.columns is not a list of names")
    if len(set(cast("list[str]", columns))) != len(columns):
        raise ValueError("dataframe_split.columns names a column twice")
    if not isinstance(data, list) or not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise ValueError("dataframe_split.data is not a list of rows as long as dataframe_split.columns")
    return [dict(zip(cast("list[str]", columns), cast("list[JsonValue]", row), strict=True)) for row in data]


def is_kserve(document: JsonValue) -> bool:
    """Open Inference Protocol v2: `{"inputs": [{"name", "shape", "datatype", "data"}, ...]}`."""
    key = _outer_key(document)
    return key in ("inputs", "outputs") and all(
        isinstance(tensor, dict) and tensor.keys() >= _TENSOR_KEYS
        for tensor in cast("dict[str, list[JsonValue]]", document)[key]
    )


def kserve(document: JsonValue) -> list[Row]:
    """The first dimension of every tensor counts rows; what is wider than one value a row stays a list."""
    if not is_kserve(document):
        raise ValueError("neither inputs nor outputs holds a list of tensors")
    tensors = cast("dict[str, list[dict[str, JsonValue]]]", document)[cast("str", _outer_key(document))]
    columns = {str(tensor["name"]): _tensor_rows(tensor) for tensor in tensors}
    if len(columns) != len(tensors) or len({len(values) for values in columns.values()}) != 1:
        raise ValueError("the tensors share a name or differ in the number of rows")
    return _transposed(columns)


def _tensor_rows(tensor: dict[str, JsonValue]) -> list[JsonValue]:
    shape, data = tensor["shape"], tensor["data"]
    if not isinstance(shape, list) or not shape or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("a tensor's shape is not a list of whole numbers")
    if len(shape) > _MAX_DIMENSIONS:
        raise ValueError(f"a tensor of more than {_MAX_DIMENSIONS} dimensions")
    while isinstance(data, list) and data and all(isinstance(part, list) for part in data):
        data = list(chain.from_iterable(cast("list[list[JsonValue]]", data)))
    sizes = cast("list[int]", shape)
    if not isinstance(data, list) or len(data) != prod(sizes):
        raise ValueError("a tensor's data does not have as many values as its shape says")
    width = prod(sizes[1:])
    return (
        data if width == 1 else [data[start : start + width] for start in range(0, len(data), width)] if width else []
    )


def is_columns(document: JsonValue) -> bool:
    """`{"longitude": [...], "latitude": [...]}`: lists of scalars, all of one length; a lone outer key is no column."""
    lone = isinstance(document, dict) and len(document) == 1 and (_outer_key(document) or _ordered_key(document))
    return not lone and _are_columns(document)


def _are_columns(document: JsonValue) -> bool:
    return (
        isinstance(document, dict)
        and all(map(_is_flat, document.values()))
        and len({len(cast("list[JsonValue]", values)) for values in document.values()}) == 1
    )


def columns(document: JsonValue) -> list[Row]:
    """The i-th values of all columns are row i."""
    if not _are_columns(document):
        raise ValueError("not an object of lists of scalars, all of one length")
    return _transposed(cast("dict[str, list[JsonValue]]", document))


def _transposed(columns_by_name: dict[str, list[JsonValue]]) -> list[Row]:
    return [dict(zip(columns_by_name, values, strict=True)) for values in zip(*columns_by_name.values(), strict=True)]


def is_vector(document: JsonValue) -> bool:
    """A bare list of scalars, `{"features": [...]}` or `{"probabilities": [...]}`; text alone is a list of rows."""
    key = _ordered_key(document)
    values = cast("dict[str, JsonValue]", document)[key] if key else document
    return _is_flat(values) and not (key is None and values and all(isinstance(value, str) for value in values))


def vector(document: JsonValue) -> list[Row]:
    """One row of ordered values."""
    key = _ordered_key(document)
    values = cast("dict[str, JsonValue]", document)[key] if key else document
    if not isinstance(values, list):
        raise ValueError("not a list of values")  # noqa: TRY004 - one exception type says "malformed"
    return [values]


def is_instances(document: JsonValue) -> bool:
    """An outer key (`instances`, `predictions`, ...) that holds a list; its neighbours belong to the whole call."""
    return _outer_key(document) is not None or _ordered_key(document) is not None


def instances(document: JsonValue) -> list[Row]:
    """Every element under the outer key is one row."""
    key = _outer_key(document) or _ordered_key(document)
    if key is None:
        raise ValueError(f"none of the outer keys {', '.join(_OUTER_KEYS)} holds a list")
    return listed(cast("dict[str, JsonValue]", document)[key])


def is_listed(document: JsonValue) -> bool:
    """A bare list of lists, of objects or of texts."""
    return isinstance(document, list)


def listed(document: JsonValue) -> list[Row]:
    """Every element is one row."""
    if not isinstance(document, list):
        raise ValueError("not a list of rows")  # noqa: TRY004 - one exception type says "malformed"
    budget = _MAX_DENSE_VALUES - sum(_sparse_width(element) for element in document)
    if budget < 0:
        raise ValueError(f"sparse rows of more than {_MAX_DENSE_VALUES} values in one payload")
    return [_element(element) for element in document]


def is_object(document: JsonValue) -> bool:
    """Any other object: one row of named values, bodies of language models included."""
    return isinstance(document, dict)


def single_object(document: JsonValue) -> list[Row]:
    """One row of named values."""
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one exception type says "malformed"
    return [document]


def _element(element: JsonValue) -> Row:
    if isinstance(element, list):
        return element
    if not isinstance(element, dict):
        return [element]
    if key := _ordered_key(element):
        return cast("list[JsonValue]", element[key])
    verbose = _verbose(element)
    return element if verbose is None else _dense(verbose)


def _verbose(element: JsonValue) -> dict[str, JsonValue] | None:
    """`{"data": {"features": {"values": [...]}}}`, sparse with `keys` and `shape` beside `values`."""
    for key in ("data", "features"):
        element = element.get(key) if isinstance(element, dict) and len(element) == 1 else None
    return element if isinstance(element, dict) and isinstance(element.get("values"), list) else None


def _sparse_width(element: JsonValue) -> int:
    verbose = _verbose(element)
    shape = verbose.get("shape") if verbose else None
    return shape[-1] if isinstance(shape, list) and shape and type(shape[-1]) is int else 0


def _dense(verbose: dict[str, JsonValue]) -> list[JsonValue]:
    values = cast("list[JsonValue]", verbose["values"])
    if "keys" not in verbose:
        return values
    keys, shape = verbose["keys"], verbose.get("shape")
    if not isinstance(shape, list) or len(shape) != 1 or type(shape[0]) is not int or shape[0] < 0:
        raise ValueError("a sparse row's shape is not one whole number")
    row: list[JsonValue] = [0] * shape[0]
    if not isinstance(keys, list) or len(keys) != len(values):
        raise ValueError("a sparse row's keys and values differ in number")
    for key, value in zip(keys, values, strict=True):
        if type(key) is not int or not 0 <= key < len(row):
            raise ValueError("a sparse row's key lies outside its shape")
        row[key] = value
    return row
