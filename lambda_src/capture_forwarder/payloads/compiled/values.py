"""The types of attributes as a typed decoder knows them: none takes what the plain path makes another value of."""

import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any

from msgspec import Meta, Struct, defstruct

from capture_forwarder.domain.schema import Attribute, ValueType

# Decoders are made once a process, not once a run; of the schemas of a few hundred models.
MAX_SHAPES = 1024
_LARGEST = sys.float_info.max
# Bounds keep out NaN and infinity, and integers of more than 64 bits.
_TYPES: dict[ValueType, Any] = {
    ValueType.FLOAT: Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)],
    ValueType.INTEGER: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    ValueType.BOOLEAN: bool,
    ValueType.STRING: str,
    ValueType.IMAGE: str,
    ValueType.UNSTRUCTURED_TEXT: str,
}


def has_fast_types(attributes: Iterable[Attribute]) -> bool:
    """Tell whether a typed decoder knows the type of every attribute; timestamps are written anew by the plain path."""
    return all(attribute.value_type in _TYPES for attribute in attributes)


def fast_type(attribute: Attribute) -> Any:
    """Return the type that a decoder is built with."""
    return _TYPES[attribute.value_type]


def is_textual(attribute: Attribute) -> bool:
    """Tell whether any text is a value of the attribute."""
    return fast_type(attribute) is str


@lru_cache(MAX_SHAPES)
def row_struct(attributes: tuple[Attribute, ...], *, ordered: bool) -> type[Struct]:
    """Return a struct of exactly these attributes, all required: an array of values in order, or an object of names.

    A model's names need not be Python's, so fields are numbered, and renamed.
    """
    fields = [(f"f{place}", fast_type(attribute)) for place, attribute in enumerate(attributes)]
    names = {f"f{place}": attribute.name for place, attribute in enumerate(attributes)}
    return defstruct(
        "Row", fields, array_like=ordered, forbid_unknown_fields=True, gc=False, rename=None if ordered else names
    )
