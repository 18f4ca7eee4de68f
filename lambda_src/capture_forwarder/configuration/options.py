"""The options of `forwarder.toml`, read off the settings: the check and the documentation share this description."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import NODEFAULT, Struct
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
    """One option: `write` describes its values; `repeated` says that it is a list of tables, `[[...]]`.

    `tables` are the structs that a nested table may have; if there are several, each has a tag, its `kind`. `choices`
    are the texts that the option accepts, if it accepts no others. `kinds` are the types of its values in TOML.
    """

    name: str
    value_type: Any
    required: bool
    default: Any
    meaning: str
    write: str
    tables: tuple[type[Struct], ...]
    repeated: bool
    choices: tuple[str, ...]
    kinds: frozenset[type]

    def heading(self, path: str) -> str:
        """Return the head of this option's table in the file, such as `[stack.vpc]` for the path `stack.vpc`."""
        return f"[[{path}]]" if self.repeated else f"[{path}]"


def options(struct: type[Struct]) -> Iterator[Option]:
    """Yield the options of one table; those of a struct with a tag begin with the tag."""
    yield from _tag(struct)
    for info in fields(struct):
        value, texts = _unwrapped(type_info(info.type))
        inner = value.item_type if isinstance(value, VarTupleType) else value
        kinds = inner.types if isinstance(inner, UnionType) else (inner,)
        nested = tuple(each.cls for each in kinds if isinstance(each, StructType))
        yield Option(
            name=info.name,
            value_type=info.type,
            required=info.required,
            default=info.default,
            meaning=texts["description"],
            write=texts.get("title") or _limits(value),
            tables=nested,
            repeated=bool(nested) and inner is not value,
            choices=tuple(member.value for member in value.cls) if isinstance(value, EnumType) else (),
            kinds=_KINDS.get(type(value), frozenset()),
        )


def tables(struct: type[Struct], path: str = "") -> Iterator[tuple[str, type[Struct]]]:
    """Yield head and struct of every table below the table at `path`, in the order of the file."""
    for option in options(struct):
        below = f"{path}.{option.name}" if path else option.name
        for table in option.tables:
            tag = tag_of(table)
            yield option.heading(below) + (f' with {tag[0]} = "{tag[1]}"' if tag else ""), table
            yield from tables(table, below)


def tag_of(struct: type[Struct]) -> tuple[str, str] | None:
    """Return the name and the value of the option that chooses `struct` among others, or `None`."""
    config = struct.__struct_config__
    return (config.tag_field, str(config.tag)) if config.tag_field and config.tag is not None else None


def common_options(structs: Sequence[type[Struct]]) -> list[Option]:
    """Return the options that all of `structs` have, and a tag that takes the value of any of them."""
    shared = set.intersection(*({option.name for option in options(struct)} for struct in structs))
    tags = [tag for struct in structs if (tag := tag_of(struct))]
    return [
        _tag_option(option.name, tuple(value for _, value in tags)) if tags and option.name == tags[0][0] else option
        for option in options(structs[0])
        if option.name in shared
    ]


def _tag(struct: type[Struct]) -> Iterator[Option]:
    if tag := tag_of(struct):
        yield _tag_option(tag[0], (tag[1],))


def _tag_option(name: str, values: tuple[str, ...]) -> Option:
    return Option(
        name=name,
        value_type=Literal[values],
        required=True,
        default=NODEFAULT,
        meaning="Kind of the table",
        write=_one_of([f'"{value}"' for value in values]),
        tables=(),
        repeated=False,
        choices=values,
        kinds=frozenset({str}),
    )


def _unwrapped(kind: Type) -> tuple[Type, dict[str, str]]:
    """Return the type of a value, without `None`, and its `title` and `description`: the outer ones win."""
    match kind:
        case Metadata(type=inner, extra_json_schema=extra):
            value, texts = _unwrapped(inner)
            return value, texts | (extra or {})
        case UnionType(types=types) if not all(isinstance(each, StructType) for each in types):
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
