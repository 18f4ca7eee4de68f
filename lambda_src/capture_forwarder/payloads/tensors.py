"""Arrays that a payload writes down with their shape: KServe's tensors, and rows of SageMaker's verbose format.

Functions raise `ValueError` with a sentence when an array is malformed.
"""

from itertools import chain
from math import prod
from typing import cast

from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.not_data import count_scalars, without
from capture_forwarder.payloads.tables import Table

HEADER_KEYS = frozenset({"name", "shape", "datatype"})
TENSOR_KEYS = HEADER_KEYS | {"data"}
_KEPT = frozenset({"name", "data"})
_NOT_DATA = ("id", "model_name", "model_version", "parameters", "outputs")
# A few bytes can claim a row of any length. Real sparse rows stay far below this many values in one payload.
MAX_SPARSE_VALUES = 2_000_000
# NumPy's own limit. The product of a hundred thousand sizes would take minutes.
_MAX_DIMENSIONS = 64


class BinaryTensor(ValueError):
    """The values of a tensor are not in the document."""


def tensor_rows(tensor: dict[str, JsonValue]) -> list[JsonValue]:
    """Return the values of every row: the first dimension counts rows; more than one value a row is a list."""
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
    if width == 1:
        return data
    return [data[start : start + width] for start in range(0, len(data), width)] if width else []


def tensors_in(document: dict[str, JsonValue]) -> list[dict[str, JsonValue]] | None:
    """Return the tensors of the Open Inference Protocol v2 under `inputs` or `outputs`; `None` for other documents.

    A request may name the outputs that it wants, beside its inputs.
    """
    for key in ("inputs", "outputs"):
        tensors = document.get(key)
        if isinstance(tensors, list) and tensors and all(map(is_tensor, tensors)):
            return cast("list[dict[str, JsonValue]]", tensors)
    return None


def is_tensor(value: JsonValue) -> bool:
    """Tell whether `value` is a tensor of the Open Inference Protocol v2, with or without its data."""
    return isinstance(value, dict) and value.keys() >= HEADER_KEYS


class Tensors(Struct, frozen=True):
    """The tensors of a document as columns, and by name as one row.

    `is_fixed` says that they have rows for certain; `is_ragged` that tensors of one dimension differ in length.
    """

    table: Table
    whole: dict[str, JsonValue]
    is_fixed: bool = False
    is_ragged: bool = False


def place_tensors(document: dict[str, JsonValue], tensors: list[dict[str, JsonValue]]) -> Tensors:
    """Return the `tensors` of `document`; a tensor of two dimensions, or of texts, has rows for certain."""
    if not all("data" in tensor for tensor in tensors):
        raise BinaryTensor("a tensor without data: its values are binary and follow elsewhere")
    columns = {str(tensor["name"]): tensor_rows(tensor) for tensor in tensors}
    if len(columns) != len(tensors):
        raise ValueError("two tensors share a name")
    left_out = sum(count_scalars(value) for tensor in tensors for key, value in tensor.items() if key not in _KEPT)
    beside, dropped = without({key: one for key, one in document.items() if one is not tensors}, _NOT_DATA)
    whole = beside | {name: values[0] if len(values) == 1 else values for name, values in columns.items()}
    certain = {len(columns[str(tensor["name"])]) for tensor in tensors if _has_rows(tensor)}
    counts = set(certain or map(len, columns.values()))
    is_ragged = len(counts) > 1
    if certain and is_ragged:
        raise ValueError("the tensors differ in the number of rows")
    count = 0 if is_ragged else counts.pop()
    others = {name: cast("JsonValue", values) for name, values in columns.items() if len(values) != count}
    if not is_ragged:
        columns = {name: values for name, values in columns.items() if name not in others}
        beside |= others
    table = Table(count, columns, beside, unwraps=True, left_out=left_out + dropped)
    return Tensors(table, whole, bool(certain), is_ragged)


def _has_rows(tensor: dict[str, JsonValue]) -> bool:
    data = tensor["data"]
    first = data[0] if isinstance(data, list) and data else None
    return len(cast("list[int]", tensor["shape"])) > 1 or isinstance(first, str)


def verbose_row(element: JsonValue) -> dict[str, JsonValue] | None:
    """Return the innermost object of `{"data": {"features": {"values": [...]}}}`, or `None` for another element."""
    for key in ("data", "features"):
        element = element.get(key) if isinstance(element, dict) and len(element) == 1 else None
    return element if isinstance(element, dict) and isinstance(element.get("values"), list) else None


def verbose_values(verbose: dict[str, JsonValue], max_values: int) -> list[JsonValue]:
    """Return the values of a verbose row; a sparse row has `keys` and `shape` beside `values`."""
    values = cast("list[JsonValue]", verbose["values"])
    if "keys" not in verbose:
        return values
    keys, shape = verbose["keys"], verbose.get("shape")
    if not isinstance(shape, list) or len(shape) != 1 or type(shape[0]) is not int or shape[0] < 0:
        raise ValueError("a sparse row's shape is not one whole number")
    if shape[0] > max_values:
        raise ValueError(f"sparse rows of more than {MAX_SPARSE_VALUES} values in one payload")
    row: list[JsonValue] = [0] * shape[0]
    if not isinstance(keys, list) or len(keys) != len(values):
        raise ValueError("a sparse row's keys and values differ in number")
    for key, value in zip(keys, values, strict=True):
        if type(key) is not int or not 0 <= key < len(row):
            raise ValueError("a sparse row's key lies outside its shape")
        row[key] = value
    return row
