"""Rows made into named, typed values: by the model's schema where there is one, else by generated names."""

from collections.abc import Iterator

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.inference import Value
from capture_forwarder.domain.route import UnknownAttributes
from capture_forwarder.domain.schema import Attribute, Side
from capture_forwarder.domain.values import CONVERTERS, JsonValue, json_scalar, parse_csv_cell
from capture_forwarder.payloads.elements_kind import Document, is_list
from capture_forwarder.payloads.whole import Row

Named = dict[str, Value] | Reason
_NOTHING: Document = {}
# Nested names repeat their parents' in every leaf, so a long parent with many leaves would grow without bound.
_MAX_NAME_CHARS = 1024


def generated_names(row: Row, stem: str, call: Document = _NOTHING, *, textual: bool) -> Named:
    """Name ordered values `{stem}_0`, `{stem}_1`, ...; keep the names of others; recognise numbers in CSV text.

    `call` holds values of the whole call: they keep their names, as `call.name` where the row has that name.
    """
    named = row if isinstance(row, dict) else {f"{stem}_{index}": value for index, value in enumerate(row)}
    scalar = _cell if textual else json_scalar
    if not call and _is_flat(named):
        return {name: scalar(value) for name, value in named.items()}
    leaves = list(_leaves(named))
    if call:
        taken = {name for name, _ in leaves}
        leaves += [(f"call.{name}" if name in taken else name, value) for name, value in _leaves(call)]
    values = {name: scalar(value) for name, value in leaves}
    if len(values) != len(leaves):
        return Reason(RejectionCode.AMBIGUOUS_NAME, "two nested values come to the same name")
    if any(len(name) > _MAX_NAME_CHARS for name in values):
        return Reason(RejectionCode.UNKNOWN_LAYOUT, f"a name of more than {_MAX_NAME_CHARS} characters")
    return values


def _is_nested(value: JsonValue) -> bool:
    return isinstance(value, dict) or is_list(value)


def _cell(value: JsonValue) -> Value:
    return parse_csv_cell(value) if isinstance(value, str) else json_scalar(value)


def _is_flat(named: dict[str, JsonValue]) -> bool:
    """Tell whether no value has to be flattened and no name is too long; most rows are like this."""
    for name, value in named.items():  # noqa: SIM110 - a generator takes twice the time
        if len(name) > _MAX_NAME_CHARS or _is_nested(value):
            return False
    return True


def schema_names(
    row: Row, side: Side, unknown: UnknownAttributes, call: Document = _NOTHING, *, is_list: bool = False
) -> Named:
    """Give every value its attribute, by order of position or by name, and the attribute's type.

    With `is_list` a row of names has the values of a single list: they have the order of the attributes, unless the
    schema knows one of their names. A value of the whole call is sent only if the schema has an attribute of its name.
    """
    if is_list and isinstance(row, dict):
        leaves = list(_leaves(row))
        if not any(name in side.by_name for name in (*row, *(name for name, _ in leaves))):
            row = [value for _, value in leaves]
    known = {name: value for name, value in _leaves(call) if name in side.by_name} if call else _NOTHING
    named = _by_name(row, side, unknown) if isinstance(row, dict) else _by_position(row, side)
    if not known or isinstance(named, Reason):
        return named
    values = _all_typed([(side.by_name[name], value) for name, value in known.items()])
    return values if isinstance(values, Reason) else values | named


def _by_position(row: list[JsonValue], side: Side) -> Named:
    attributes = side.positional(len(row))
    if attributes is None:
        expected = " or ".join(map(str, sorted(side.widths))) or "no"
        return Reason(
            RejectionCode.VALUE_COUNT_MISMATCH, f"{len(row)} ordered values where the model has {expected} attributes"
        )
    return _all_typed(zip(attributes, row, strict=True))


def _by_name(row: dict[str, JsonValue], side: Side, unknown: UnknownAttributes) -> Named:
    known: list[tuple[Attribute, JsonValue]] = []
    for name, value in row.items():
        nested = _leaves({name: value}) if name not in side.by_name else ((name, value),)
        for leaf, leaf_value in nested:
            if leaf in side.by_name:
                known.append((side.by_name[leaf], leaf_value))
            elif unknown is UnknownAttributes.REJECT:
                return _unknown(leaf)
    values = _all_typed(known)
    if isinstance(values, Reason):
        return values
    if len(values) != len(known):
        return Reason(RejectionCode.AMBIGUOUS_NAME, "two nested values come to the same name")
    return {attribute.name: None for attribute in side.expected} | values


def _all_typed(pairs: Iterator[tuple[Attribute, JsonValue]] | list[tuple[Attribute, JsonValue]]) -> Named:
    values: dict[str, Value] = {}
    for attribute, value in pairs:
        try:
            values[attribute.name] = None if value is None else CONVERTERS[attribute.value_type](value)
        except ValueError as error:
            why = f"attribute {attribute.name} expects {attribute.value_type}: {error}"
            return Reason(RejectionCode.VALUE_TYPE_MISMATCH, why)
    return values


def _unknown(name: str) -> Reason:
    return Reason(
        RejectionCode.UNKNOWN_ATTRIBUTE,
        f"the model has no attribute {name[:64]!a} on this side; add it, or set the route's unknown_attributes "
        'to "drop"',
    )


def _leaves(named: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """Yield scalars under flat names: objects join theirs with `.`, lists their index with `_`; empty ones are null."""
    pending = list(reversed(named.items()))
    while pending:
        name, value = pending.pop()
        if not _is_nested(value) or len(name) > _MAX_NAME_CHARS:
            yield name, value
        elif not value:
            yield name, None
        elif isinstance(value, dict):
            pending += reversed([(f"{name}.{key}", part) for key, part in value.items()])
        else:
            pending += reversed([(f"{name}_{index}", part) for index, part in enumerate(value)])
