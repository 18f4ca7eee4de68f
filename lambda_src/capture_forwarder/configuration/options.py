"""The options of `forwarder.toml`, read off the settings: the check and the documentation share this description."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.inspect import (
    BoolType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)
from msgspec.structs import fields

_KINDS: dict[type[Type], frozenset[type]] = {
    StrType: frozenset({str}),
    EnumType: frozenset({str}),
    LiteralType: frozenset({int}),
    IntType: frozenset({int}),
    FloatType: frozenset({int, float}),
    BoolType: frozenset({bool}),
    VarTupleType: frozenset({list}),
    DictType: frozenset({dict}),
    StructType: frozenset({dict}),
}


class Option(Struct, frozen=True, kw_only=True):
    """One option: `write` describes its values; `table` is the struct of a nested table, `repeated` for `[[...]]`.

    `choices` are the texts that it accepts, if it accepts no others. `kinds` are the types of its values in TOML.
    """

    name: str
    value_type: Any
    required: bool
    default: Any
    meaning: str
    write: str
    table: type[Struct] | None
    repeated: bool
    choices: tuple[str, ...]
    kinds: frozenset[type]

    def heading(self, path: str) -> str:
        """Return the head of this option's table in the file, such as `[stack.vpc]` for the path `stack.vpc`."""
        return f"[[{path}]]" if self.repeated else f"[{path}]"


def options(struct: type[Struct]) -> Iterator[Option]:
    """Yield the options of one table."""
    for info in fields(struct):
        value, texts = _unwrapped(type_info(info.type))
        inner = value.item_type if isinstance(value, VarTupleType) else value
        yield Option(
            name=info.name,
            value_type=info.type,
            required=info.required,
            default=info.default,
            meaning=texts["description"],
            write=texts.get("title") or _limits(value),
            table=inner.cls if isinstance(inner, StructType) else None,
            repeated=isinstance(inner, StructType) and inner is not value,
            choices=tuple(member.value for member in value.cls) if isinstance(value, EnumType) else (),
            kinds=_KINDS.get(type(value), frozenset()),
        )


def tables(struct: type[Struct], path: str = "") -> Iterator[tuple[str, type[Struct]]]:
    """Yield head and struct of every table below the table at `path`, in the order of the file."""
    for option in options(struct):
        if option.table:
            below = f"{path}.{option.name}" if path else option.name
            yield option.heading(below), option.table
            yield from tables(option.table, below)


def _unwrapped(kind: Type) -> tuple[Type, dict[str, str]]:
    """Return the type of a value, without `None`, and its `title` and `description`: the outer ones win."""
    match kind:
        case Metadata(type=inner, extra_json_schema=extra):
            value, texts = _unwrapped(inner)
            return value, texts | (extra or {})
        case UnionType(types=types):
            return _unwrapped(next(each for each in types if not isinstance(each, NoneType)))
        case _:
            return kind, {}


def _limits(value: Type) -> str:
    """Return a description of the values of a type."""
    match value:
        case EnumType(cls=cls):
            return _one_of([f'"{member.value}"' for member in cls])
        case LiteralType(values=values):
            return _one_of([str(value) for value in values])
        case IntType(ge=least, le=most):
            return _range(least, most)
        case BoolType():
            return "true or false"
        case _:
            return "text"


def _one_of(values: list[str]) -> str:
    return f"one of {', '.join(values)}" if len(values) > 1 else values[0]


def _range(least: float | None, most: float | None) -> str:
    if least is None:
        return "a whole number"
    return f"{least} or more" if most is None else f"{least} to {most}"
