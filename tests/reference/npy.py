"""Arrays of NumPy as the nested lists that they would be in JSON, read by the description of the format alone.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import struct
from math import isfinite, prod
from typing import Any

from tests.reference.model import Rejected


def array_of(raw: bytes) -> Any:
    """Return the nested list of a .npy file: format 1 to 3, C order, numbers, bools and fixed texts."""
    try:
        values, shape = values_of(raw)
    except (SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error):
        raise Rejected("binary_payload", "no .npy file") from None
    if not shape:
        return values[0]
    return values if len(shape) == 1 else [values[at * shape[1] : (at + 1) * shape[1]] for at in range(shape[0])]


def values_of(raw: bytes) -> tuple[list[Any], tuple[int, ...]]:
    """Return all values in order, and the shape."""
    size = struct.unpack_from("<H" if raw[6] == 1 else "<I", raw, 8)[0]
    start = (10 if raw[6] == 1 else 12) + size
    header = ast.literal_eval(raw[start - size : start].decode("utf-8" if raw[6] == 3 else "latin-1"))
    kind, shape = header["descr"], header["shape"]
    if raw[:6] != b"\x93NUMPY" or header["fortran_order"] or kind[1] not in "fiubUS" or len(shape) > 2:
        raise ValueError("an array of another kind")
    width = int(kind[2:]) * (4 if kind[1] == "U" else 1)
    cells, order = raw[start:], ">" if kind[0] == ">" else "<"
    if len(cells) != width * prod(shape):
        raise ValueError("another number of bytes")
    return [array_cell(cells[at : at + width], kind[1], order) for at in range(0, len(cells), width)], shape


def array_cell(raw: bytes, kind: str, order: str) -> Any:
    if kind == "U":
        return raw.decode("utf-32-le" if order == "<" else "utf-32-be").rstrip("\0")
    if kind == "S":
        return raw.decode("utf-8").rstrip("\0")
    if kind == "b":
        return raw != b"\0"
    if kind == "f":
        value = struct.unpack(order + {2: "e", 4: "f", 8: "d"}[len(raw)], raw)[0]
        return value if isfinite(value) else None
    return int.from_bytes(raw, "little" if order == "<" else "big", signed=kind == "i")
