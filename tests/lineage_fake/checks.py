"""Checks a request against the constraints of botocore's service model. botocore itself does not check them."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from tests.lineage_fake.errors import invalid


@cache
def service() -> ServiceModel:
    """Return the model of SageMaker's API."""
    return botocore.session.get_session().get_service_model("sagemaker")


def check(operation: str, params: Mapping[str, Any]) -> None:
    """Raise a ValidationException that names every value outside the model's constraints, as SageMaker does."""
    shape = service().operation_model(operation).input_shape
    problems = list(_problems(shape, params, "")) if shape else []
    if problems:
        many = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise invalid(many + "; ".join(problems))


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    yield from _own(shape, value, path)
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if value.get(name) is None:
                yield _failed(None, _below(path, name), "Member must not be null")
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _problems(member, value[name], _below(path, name))
    elif isinstance(shape, ListShape):
        for index, each in enumerate(value):
            yield from _problems(shape.member, each, f"{path}.{index + 1}.member")
    elif isinstance(shape, MapShape):
        for key, each in value.items():
            yield from _problems(shape.key, key, path)
            yield from _problems(shape.value, each, f"{path}.{key}.member")


def _own(shape: Shape, value: Any, path: str) -> Iterator[str]:
    limits = shape.metadata
    number = shape.type_name in {"integer", "long"}
    size = value if number else len(value) if shape.type_name in {"string", "list", "map"} else None
    what = "value" if number else "length"
    if size is not None and "min" in limits and size < limits["min"]:
        yield _failed(value, path, f"Member must have {what} greater than or equal to {limits['min']}")
    if size is not None and "max" in limits and size > limits["max"]:
        yield _failed(value, path, f"Member must have {what} less than or equal to {limits['max']}")
    if "enum" in limits and value not in limits["enum"]:
        yield _failed(value, path, f"Member must satisfy enum value set: {limits['enum']}")
    if "pattern" in limits and not _matches(limits["pattern"], value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {limits['pattern']}")


# The pattern of tags. Python's `re` has no classes of Unicode categories.
_LETTERS_SEPARATORS_NUMBERS = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
# The characters that end a line in Java's regular expressions, where `.` matches none of them.
_LINE_ENDS = re.compile("[\n\r\u0085\u2028\u2029]")


def _matches(pattern: str, value: str) -> bool:
    if pattern == _LETTERS_SEPARATORS_NUMBERS:
        return all(character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN" for character in value)
    if pattern == ".*":
        return not _LINE_ENDS.search(value)
    return re.fullmatch(pattern, value) is not None


def _failed(value: Any, path: str, rule: str) -> str:
    shown = "at" if value is None else f"'{value}' at"
    return f"Value {shown} '{path}' failed to satisfy constraint: {rule}"


def _below(path: str, name: str) -> str:
    lower = name[:1].lower() + name[1:]
    return f"{path}.{lower}" if path else lower
