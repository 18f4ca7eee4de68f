"""Rows made into named, typed values: by the model's schema where there is one, else by generated names."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from capture_forwarder.domain.converters import CONVERTERS, CellOptions, Converter, cell_converters, cell_parser
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.inference import Value
from capture_forwarder.domain.route import UnknownAttributes
from capture_forwarder.domain.schema import STRUCTURES, Attribute, Side, ValueType
from capture_forwarder.domain.values import JsonValue, json_scalar
from capture_forwarder.payloads.elements_kind import NESTED, Document
from capture_forwarder.payloads.structured import fits
from capture_forwarder.payloads.whole import Row

Named = dict[str, Value] | Reason
Converters = Mapping[ValueType, Converter]
_AS_SENT = CellOptions()
_NOTHING: Document = {}
_TEXTS = {str}
# Nested names repeat their parents' in every leaf, so a long parent with many leaves would grow without bound.
_MAX_NAME_CHARS = 1024


def generated_names(
    row: Row, stem: str, call: Document = _NOTHING, *, textual: bool, cells: CellOptions = _AS_SENT
) -> Named:
    """Name ordered values `{stem}_0`, `{stem}_1`, ...; keep the names of others.

    `call` holds values of the whole call: they keep their names, as `call.name` where the row has that name.
    With `textual` texts are cells of CSV: numbers in them are recognised, and `cells` converts other text.
    """
    named = row if isinstance(row, dict) else {f"{stem}_{index}": value for index, value in enumerate(row)}
    types = set(map(type, named.values()))
    value_of = _cell_value(cells, types) if textual else json_scalar
    if not call and NESTED.isdisjoint(types) and not any(len(name) > _MAX_NAME_CHARS for name in named):
        return {name: value_of(value) for name, value in named.items()}
    leaves = list(_leaves(named))
    if call:
        taken = {name for name, _ in leaves}
        leaves += [(f"call.{name}" if name in taken else name, value) for name, value in _leaves(call)]
    values = {name: value_of(value) for name, value in leaves}
    if len(values) != len(leaves):
        return Reason(RejectionCode.AMBIGUOUS_NAME, "two nested values come to the same name")
    if any(len(name) > _MAX_NAME_CHARS for name in values):
        return Reason(RejectionCode.UNKNOWN_LAYOUT, f"a name of more than {_MAX_NAME_CHARS} characters")
    return values


def _cell_value(cells: CellOptions, types: set[type]) -> Callable[[Any], Value]:
    parse = cell_parser(cells)
    if types == _TEXTS:
        return parse
    return lambda value: parse(value) if isinstance(value, str) else json_scalar(value)


def schema_names(
    row: Row,
    side: Side,
    unknown: UnknownAttributes,
    call: Document = _NOTHING,
    *,
    is_column: bool = False,
    textual: bool = False,
    cells: CellOptions = _AS_SENT,
) -> Named:
    """Give every value its attribute, by order of position or by name, and the attribute's type.

    With `is_column` the values of a row come from a single list: they have the order of the attributes, unless the
    schema knows one of their names. A value of the whole call is sent only if the schema has an attribute of its name.
    With `textual` texts are cells of CSV, and `cells` converts text that is no number.
    """
    converters = cell_converters(cells) if textual else CONVERTERS
    if is_column and isinstance(row, dict):
        row = _ordered_if_unknown(row, side)
    named = _by_name(row, side, unknown, converters) if isinstance(row, dict) else _by_position(row, side, converters)
    if not call or isinstance(named, Reason):
        return named
    taken = {*row, *(name for name, _ in _leaves(row))} if isinstance(row, dict) else named.keys()
    known = [(side.by_name[name], value) for name, value in _call_values(call, side, taken)]
    values = _typed(known, converters)
    return values if isinstance(values, Reason) else named | values


def _call_values(call: Document, side: Side, taken: Collection[str]) -> Iterator[tuple[str, JsonValue]]:
    """Yield the values of the whole call that the schema knows by name; structures are values too.

    A name that the row has itself, one of `taken`, is `call.name`.
    """
    for name, value in call.items():
        for leaf, leaf_value in ((name, value),) if name in side.by_name else _leaves({name: value}):
            own = f"call.{leaf}" if leaf in taken else leaf
            if own in side.by_name:
                yield own, leaf_value


def _ordered_if_unknown(row: Document, side: Side) -> Row:
    leaves = list(_leaves(row))
    is_known = any(name in side.by_name for name in (*row, *(name for name, _ in leaves)))
    return row if is_known else [value for _, value in leaves]


def _by_position(row: list[JsonValue], side: Side, converters: Converters) -> Named:
    if len(side.visible) == 1 and side.structures and _is_structure_itself(row, side.visible[0]):
        row = [row]
    attributes = side.positional(len(row))
    if attributes is None:
        expected = " or ".join(map(str, sorted(side.widths))) or "no"
        return Reason(
            RejectionCode.VALUE_COUNT_MISMATCH, f"{len(row)} ordered values where the model has {expected} attributes"
        )
    return all_typed(zip(attributes, row, strict=True), converters)


def _is_structure_itself(row: list[JsonValue], attribute: Attribute) -> bool:
    """Tell whether ordered values are the one value of the only attribute: a list."""
    is_cell = len(row) == 1 and (fits(attribute, row[0]) or (isinstance(row[0], str) and row[0].lstrip()[:1] == "["))
    return attribute.value_type in STRUCTURES and not is_cell and fits(attribute, row)


def _by_name(row: dict[str, JsonValue], side: Side, unknown: UnknownAttributes, converters: Converters) -> Named:
    known: list[tuple[Attribute, JsonValue]] = []
    for name, value in row.items():
        nested = _leaves({name: value}, side.structures) if name not in side.by_name else ((name, value),)
        for leaf, leaf_value in nested:
            if leaf in side.by_name:
                known.append((side.by_name[leaf], leaf_value))
            elif unknown is UnknownAttributes.REJECT:
                return _unknown(leaf)
    if row and not known:
        return _none_left(next(iter(row)))
    values = _typed(known, converters)
    return values if isinstance(values, Reason) else {attribute.name: None for attribute in side.expected} | values


def _typed(known: list[tuple[Attribute, JsonValue]], converters: Converters) -> Named:
    """Return named values as the types of their attributes, unless two have one name."""
    values = all_typed(known, converters)
    if not isinstance(values, Reason) and len(values) != len(known):
        return Reason(RejectionCode.AMBIGUOUS_NAME, "two nested values come to the same name")
    return values


def all_typed(pairs: Iterable[tuple[Attribute, JsonValue]], converters: Converters) -> Named:
    """Return each value as the type of its attribute, by the attribute's name."""
    values: dict[str, Value] = {}
    for attribute, value in pairs:
        try:
            values[attribute.name] = None if value is None else converters[attribute.value_type](value)
        except ValueError as error:
            why = f"attribute {attribute.name} expects {attribute.value_type}: {error}"
            return Reason(RejectionCode.VALUE_TYPE_MISMATCH, why)
    return values


def _none_left(name: str) -> Reason:
    return Reason(
        RejectionCode.UNKNOWN_ATTRIBUTE,
        f"the model has no attribute for any value of this side, such as {name[:64]!a}; add attributes, or correct "
        "their names",
    )


def _unknown(name: str) -> Reason:
    return Reason(
        RejectionCode.UNKNOWN_ATTRIBUTE,
        f"the model has no attribute {name[:64]!a} on this side; add it, or set the route's unknown_attributes "
        'to "drop"',
    )


def _leaves(named: dict[str, JsonValue], structures: frozenset[str] = frozenset()) -> Iterator[tuple[str, JsonValue]]:
    """Yield scalars under flat names: objects join theirs with `.`, lists their index with `_`; empty ones are null.

    A value whose flat name is in `structures` is kept whole.
    """
    pending = list(reversed(named.items()))
    while pending:
        name, value = pending.pop()
        if type(value) not in NESTED or name in structures or len(name) > _MAX_NAME_CHARS:
            yield name, value
        elif not value:
            yield name, None
        elif isinstance(value, dict):
            pending += reversed([(f"{name}.{key}", part) for key, part in value.items()])
        else:
            pending += reversed(
                [(f"{name}_{index}", part) for index, part in enumerate(cast("list[JsonValue]", value))]
            )
