"""Types of the values of a row. Decoders of payloads are compiled from them."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct, defstruct

from capture_forwarder.domain.schema import Attribute, ValueType
from capture_forwarder.payloads.documents import UNREADABLE
from capture_forwarder.payloads.error_bodies import ERROR_NAMES

# A decoder raises one of these when it refuses a text.
REFUSED = UNREADABLE
Names = tuple[str, ...]
Values = Sequence[Any]
# The names of every row, and the values of every row in the order of these names.
Rows = tuple[Names, Sequence[Values]]
# Names in an answer of which only the plain path knows what they mean: errors, the order of rows, a pandas Series, a
# stream.
ODD_NAMES = ERROR_NAMES | {"index", "0", "token"}
_LARGEST = sys.float_info.max
INT64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
# Bounds keep out NaN and infinity, and integers of more than 64 bits. Timestamps are missing: they are rewritten.
TYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)],
    ValueType.INTEGER: INT64,
    ValueType.BOOLEAN: bool,
    ValueType.STRING: str,
    ValueType.IMAGE: str,
    ValueType.UNSTRUCTURED_TEXT: str,
}
# What a row and each of its values take as objects, and what the rows of a text may take before they are read lazily.
_ROW_BYTES, _VALUE_BYTES = 350, 45
_MIN_LARGE_BYTES, _LARGE_TIMES = 4_000_000, 6


class PayloadDecoder(Struct, frozen=True):
    """Reads payloads. Functions raise one of `REFUSED`.

    `read` returns all rows of a text. `read_each` returns one row of each of several texts, all with the same names: it
    does for all texts together what `read` does for each.
    """

    read: Callable[[str], Rows]
    read_each: Callable[[Sequence[str]], Rows]

    @classmethod
    def of(cls, read: Callable[[str], Rows]) -> "PayloadDecoder":
        """Return a decoder that reads several texts one by one."""

        def read_each(texts: Sequence[str]) -> Rows:
            found = list(map(read, texts))
            names = found[0][0]
            if any(one[0] is not names for one in found):
                raise ValueError("other names")
            return names, only_rows([rows for _, rows in found])

        return cls(read, read_each)


def only_rows(found: Iterable[Sequence[Any]]) -> list[Any]:
    """Return the only row of each payload. Raises `ValueError` if one has another number of rows."""
    return [row for (row,) in found]


def row_struct(
    attributes: tuple[Attribute, ...], *, ordered: bool, types: Mapping[ValueType, Any] = TYPES
) -> type[Struct]:
    """Return a struct of exactly these attributes, all required: an array of values in order, or an object of names."""
    names = tuple(attribute.name for attribute in attributes)
    return named_struct(names, [types[attribute.value_type] for attribute in attributes], ordered=ordered)


def named_struct(names: Names, types: Sequence[Any], *, ordered: bool = False) -> type[Struct]:
    """Return a struct of exactly these values, all required.

    Names need not be valid in Python, so fields are numbered, and renamed.
    """
    fields = [(f"f{place}", type_) for place, type_ in enumerate(types)]
    renamed = {f"f{place}": name for place, name in enumerate(names)}
    return defstruct(
        "Row", fields, array_like=ordered, forbid_unknown_fields=True, gc=False, rename=None if ordered else renamed
    )


def are_texts(attributes: tuple[Attribute, ...]) -> bool:
    """Tell whether every attribute accepts any text."""
    return all(TYPES.get(attribute.value_type, str) is str for attribute in attributes)


def is_large(text: str, row_count: int, width: int) -> bool:
    """Tell whether all rows of `text` together, of `width` values, would take much more memory than the text."""
    return row_count * (_ROW_BYTES + width * _VALUE_BYTES) > _MIN_LARGE_BYTES + _LARGE_TIMES * len(text)
