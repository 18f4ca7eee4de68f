"""Lists that are one value, because the model's schema has an attribute of their name whose type is a structure."""

from capture_forwarder.domain.converters import CONVERTERS
from capture_forwarder.domain.schema import Attribute, Side
from capture_forwarder.domain.values import JsonValue


def is_structure(side: Side | None, name: str, value: JsonValue) -> bool:
    """Tell whether a list is the whole value of the attribute `name`, so that its elements are neither rows nor values.

    A list of one token is that list, and no text; `side` is the payload's side of the schema, if there is one.
    """
    return side is not None and name in side.structures and fits(side.by_name[name], value)


def fits(attribute: Attribute, value: JsonValue) -> bool:
    """Tell whether a list is a value of the type of `attribute`."""
    if not isinstance(value, list):
        return False
    try:
        CONVERTERS[attribute.value_type](value)
    except ValueError:
        return False
    return True
