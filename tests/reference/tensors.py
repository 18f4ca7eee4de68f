"""Tensors of KServe's second protocol (sections 2 and 4 of the rule)."""

from math import prod
from typing import Any

from tests.reference.kinds import has_lists, simple_kind
from tests.reference.model import Column, Rejected, Table, View, Where


def is_tensors(value: Any) -> bool:
    """Tell whether a value is a list of tensors."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and {"name", "shape", "datatype"} <= one.keys() for one in value)
    )


def tensors_of(document: dict[str, Any], where: Where) -> str:
    """Return the key of the tensors, or an empty text."""
    keys = ("outputs", "inputs") if where.answer else ("inputs", "outputs")
    return next((key for key in keys if is_tensors(document.get(key))), "")


def kserve_view(document: dict[str, Any], key: str, where: Where) -> View:
    """Return the statement of tensors: rows if one has two dimensions or holds text."""
    tensors = [(one, values_of(one)) for one in document[key]]
    dropped = {key, "id", "model_name", "model_version", "parameters"} | (set() if where.answer else {"outputs"})
    rest = {name: value for name, value in document.items() if name not in dropped}
    scalars = {one["name"]: flat[0] for one, flat in tensors if not one["shape"]}
    columns = [Column(one["name"], shaped(flat, one["shape"]), one=True) for one, flat in tensors if one["shape"]]
    names = [*scalars, *(column.name for column in columns)]
    if len(set(names)) < len(tensors):
        raise Rejected("ambiguous_name", "two tensors with one name")
    whole = {column.name: column.elements for column in columns} | scalars | rest
    fixed = [one["shape"][0] for one, flat in tensors if one["shape"] and (one["shape"][1:] or is_text(flat))]
    lengths = tuple(len(column.elements) for column in columns)
    n = (fixed or lengths or (1,))[0]
    table: Table | Rejected = Table(columns, scalars | rest)
    if any(map(has_lists, rest.values())) or (n != 1 and len(set(lengths)) > 1):
        table = Rejected("unknown_layout", "lists of other lengths beside the rows")
    elif len(set(lengths)) > 1:
        table = Table(
            [column if len(column.elements) == 1 else Column(column.name, [column.elements]) for column in columns],
            scalars | rest,
        )
    if fixed or where.options.layout == "kserve":
        return View("fixed", n, whole, table)
    if len(set(lengths)) != 1:
        return View("call", 1, whole, lengths=lengths)
    return View("open", n, whole, table, cuttable=True, beside=bool(rest or scalars))


def values_of(tensor: dict[str, Any]) -> list[Any]:
    """Return all values of a tensor in order."""
    if not isinstance(tensor.get("data"), list):
        raise Rejected("binary_payload", "a tensor without data")
    flat = flattened(tensor["data"])
    shape = tensor["shape"]
    if (
        not isinstance(shape, list)
        or not all(type(one) is int and one >= 0 for one in shape)
        or prod(shape) != len(flat)
    ):
        raise Rejected("unknown_layout", "the shape names another number of values")
    return flat


def is_text(values: list[Any]) -> bool:
    return simple_kind(values) == "texts"


def flattened(value: Any) -> list[Any]:
    return [one for inner in value for one in flattened(inner)] if isinstance(value, list) else [value]


def shaped(flat: list[Any], shape: list[int]) -> list[Any]:
    """Return the values nested as the shape says."""
    if len(shape) < 2:
        return flat
    width = prod(shape[1:])
    return [shaped(flat[at * width : (at + 1) * width], shape[1:]) for at in range(shape[0])]
