"""Arrays of NumPy, `.npy` and `.npz`, converted to the values that JSON would hold.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Arrays of objects are pickles,
and a pickle can run code when it is read. They are refused, as are structured types, complex numbers and dates.
"""

import ast
import re
import struct
from collections.abc import Iterator
from math import isfinite, prod
from typing import Any, cast

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.archives import Unreadable, members_of
from capture_forwarder.payloads.lazy import Lazy

_MAGIC, _ZIP_MAGIC = b"\x93NUMPY", b"PK\x03\x04"
_VERSION_AT, _LENGTH_AT = len(_MAGIC), len(_MAGIC) + 2
# How the length of the header is written, by major version.
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}
# A longer header is that of a structured type.
_MAX_HEADER_BYTES = 1024
_HEADER_KEYS = {"descr", "fortran_order", "shape"}
# Dates and durations have a unit: `<M8[D]`.
_TYPE = re.compile(r"([<>=|]?)([a-zA-Z])(\d{0,9})(?:(?<=[Mm]8)\[\w{1,20}\])?", re.ASCII)
_MATRIX = 2
# Longer lists are made when they are read.
_LISTED_VALUES = 10_000
# Types of numbers, and their codes in the struct module.
_CODES = {
    "f2": "e", "f4": "f", "f8": "d", "b1": "?",
    "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
}  # fmt: skip
_BYTES, _TEXT, _TEXT_BYTES = "S", "U", 4


class _Array(Struct, frozen=True):
    """The values of an array: `size` bytes each, `order` is `<` or `>`, `code` is that of numbers, or S or U."""

    raw: memoryview
    shape: tuple[int, ...]
    code: str
    order: str
    size: int
    is_fortran: bool

    def values(self, start: int, count: int) -> list[Any]:
        """Return values as they lie in memory. Raises `Unreadable` for text that is damaged."""
        if self.code == _BYTES:
            return self._texts(self.raw[start * self.size : (start + count) * self.size])
        if self.code == _TEXT:
            return self._wide_texts(self.raw[start * self.size : (start + count) * self.size])
        values = struct.unpack_from(f"{self.order}{count}{self.code}", self.raw, start * self.size)
        return [value if isfinite(value) else None for value in values]

    def _texts(self, raw: memoryview) -> list[str]:
        pieces = (bytes(raw[at : at + self.size]).rstrip(b"\0") for at in range(0, len(raw), self.size))
        try:
            return [_without_nul(piece.decode()) for piece in pieces]
        except UnicodeDecodeError as error:
            raise Unreadable("an array of bytes holds other text than UTF-8") from error

    def _wide_texts(self, raw: memoryview) -> list[str]:
        text = bytes(raw).decode("utf-32-le" if self.order == "<" else "utf-32-be", "replace")
        width = self.size // _TEXT_BYTES
        return [_without_nul(text[at : at + width].rstrip("\0")) for at in range(0, len(text), width)]

    def row(self, at: int) -> list[Any]:
        """Return one row of a matrix."""
        height, width = self.shape
        if not self.is_fortran:
            return self.values(at * width, width)
        return [self.values(column * height + at, 1)[0] for column in range(width)]

    def pieces(self) -> Iterator[list[Any]]:
        """Yield all values as they lie in memory, some at a time."""
        count = prod(self.shape)
        for start in range(0, count, _LISTED_VALUES):
            yield self.values(start, min(_LISTED_VALUES, count - start))


def read_array(raw: bytes) -> JsonValue | Reason:
    """Return the array in a body as nested lists, or why it is not read.

    An archive with one array is that array; with several it is an object of them by name. NaN and infinity are null.
    Long lists are lazy sequences.
    """
    try:
        if not raw.startswith(_ZIP_MAGIC):
            return _read(raw)
        arrays = {name: _read(member) for name, member in members_of(raw)}
    except Unreadable as error:
        return Reason(RejectionCode.BINARY_PAYLOAD, str(error))
    return arrays if len(arrays) > 1 else next(iter(arrays.values()))


def _read(raw: bytes) -> JsonValue:
    array = _array(raw)
    if array.code in (_BYTES, _TEXT):
        for _ in array.pieces():  # raises for damaged text now, and not when the rows are read
            pass
    return cast("JsonValue", _listed(array))


def _listed(array: _Array) -> Any:
    count = prod(array.shape)
    if not array.shape:
        return array.values(0, 1)[0]
    if len(array.shape) == _MATRIX:
        height = array.shape[0]
        return Lazy(height, array.row) if count > _LISTED_VALUES else list(map(array.row, range(height)))
    if count <= _LISTED_VALUES:
        return array.values(0, count)
    return Lazy(count, lambda at: array.values(at, 1)[0], lambda: (one for piece in array.pieces() for one in piece))


def _array(raw: bytes) -> _Array:
    """Return the array in a `.npy` file. Raises `Unreadable`."""
    header, start = _header(raw)
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise Unreadable("the shape of the array is malformed")
    if len(shape) > _MATRIX:
        raise Unreadable("the array has more than two dimensions; the script must write JSON")
    code, order, size = _type(header["descr"])
    count = prod(shape)
    if not count and len(shape) == _MATRIX and shape[0]:
        raise Unreadable("the array has rows without values")
    if len(raw) - start != count * size:
        raise Unreadable("the array has more or less data than its shape says")
    return _Array(memoryview(raw)[start:], shape, code, order, size, header["fortran_order"] is True)


def _header(raw: bytes) -> tuple[dict[str, Any], int]:
    """Return the header of a `.npy` file, and where the data start. Raises `Unreadable`."""
    length_format = _LENGTHS.get(raw[_VERSION_AT]) if raw.startswith(_MAGIC) and len(raw) > _VERSION_AT else None
    if not length_format:
        raise Unreadable("the body is no array of NumPy in a version that is read (1 to 3)")
    start = _LENGTH_AT + struct.calcsize(length_format)
    if len(raw) < start:
        raise Unreadable("the array is cut off")
    end = start + struct.unpack_from(length_format, raw, _LENGTH_AT)[0]
    if end - start > _MAX_HEADER_BYTES:
        raise Unreadable("the header of the array is too long; structured types are not read")
    try:
        header = ast.literal_eval(raw[start:end].decode("latin-1").strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise Unreadable("the header of the array is malformed") from error
    if not isinstance(header, dict) or header.keys() != _HEADER_KEYS:
        raise Unreadable("the header of the array is malformed")
    return header, end


def _type(descr: object) -> tuple[str, str, int]:
    """Return code, order and size of values. Raises `Unreadable` for types that are not read, by name."""
    found = _TYPE.fullmatch(descr) if isinstance(descr, str) else None
    if not found:
        raise Unreadable("arrays of structured types are not read; the script must write JSON")
    order, kind, size = found[1], found[2], int(found[3] or 0)
    order = ">" if order == ">" else "<"
    if kind == _BYTES and size:
        return _BYTES, order, size
    if kind == _TEXT and size:
        return _TEXT, order, size * _TEXT_BYTES
    if code := _CODES.get(f"{kind}{size}"):
        return code, order, size
    names = {"O": "objects (pickles)", "c": "complex numbers", "M": "dates", "m": "durations"}
    raise Unreadable(f"arrays of {names.get(kind, 'this type')} are not read; the script must write JSON")


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise Unreadable("an array of text holds U+0000")
    return text
