"""Section 5 of the rule: the names of values."""

from collections import Counter
from typing import Any

from tests.reference.kinds import is_error, is_plain, ordered
from tests.reference.model import Column, Named, Refused, Rejected, Table, View, Where


def flat(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return each scalar with its name; an empty list or object is null."""
    if is_plain(value) or not value:
        return [(name, None if isinstance(value, list | dict) else value)]
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in flat(f"{name}.{key}", inner)]
    return [pair for at, inner in enumerate(value) for pair in flat(f"{name}_{at}", inner)]


def named(pairs: list[tuple[str, Any]]) -> Named:
    """Return the values by name; a name twice rejects the call."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Rejected("ambiguous_name", "two values with one name")
    return found


def fields(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [pair for key, value in document.items() for pair in flat(key, value)]


def element(name: str, value: Any, stem: str, *, one: bool = False) -> list[tuple[str, Any]]:
    """Return the named values of one element of a column; `name` is "" for ordered values."""
    column = Column(name, [value], one=one)
    return [pair for key, inner in part_of(column, value, stem).items() for pair in flat(key, inner)]


def part_of(column: Column, value: Any, stem: str) -> dict[str, Any]:
    """Return the values of one element of a column before nested ones are named."""
    while column.one and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if (values := ordered(value)) is not None and not column.name:
        value = values
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and not column.name:
        return {f"{stem}_{at}": inner for at, inner in enumerate(value)}
    return {column.name or f"{stem}_0": value}


def table_rows(table: Table, n: int, where: Where) -> list[Named | Refused]:
    """Return the rows of a payload, each with the values of the call."""
    rows: list[Named | Refused] = []
    for at in range(n):
        elements = [(column, column.elements[at]) for column in table.columns]
        alone = len(elements) == 1 and is_error({column.name: value for column, value in elements})
        if where.answer and (alone or any(is_error(value) for _, value in elements)):
            rows.append(Refused("error_body"))
            continue
        parts = [(column.name, part_of(column, value, where.stem)) for column, value in elements]
        names = Counter(name for _, part in parts for name in part)
        own = named(
            [
                pair
                for key, part in parts
                for name, value in part.items()
                for pair in flat(f"{key or where.stem}.{name}" if names[name] > 1 and name != key else name, value)
            ]
        )
        call = [pair for key, value in table.call.items() for pair in flat(key, value)]
        rows.append(named([*own.items(), *((f"call.{key}" if key in own else key, value) for key, value in call)]))
    return rows


def whole(view: View, where: Where, *, unwrap: bool) -> Named:
    """Return a payload as one row; with `unwrap` lists of one are that value, as they are in rows."""
    content, stem = view.whole, where.stem
    if where.answer and (is_error(content) or (isinstance(content, list) and any(map(is_error, content)))):
        raise Rejected("error_body")
    if isinstance(content, list):
        return named(whole_list(content, stem))
    if not isinstance(content, dict):
        return {f"{stem}_0": content}
    if (values := ordered(content)) is not None:
        return named(element("", values, stem))
    pairs: list[tuple[str, Any]] = []
    for key, value in content.items():
        single = isinstance(value, list) and len(value) == 1 and not view.closed
        if single and (unwrap or is_plain(value[0])):
            pairs += flat(key, value[0])
        else:
            pairs += flat(key, value)
    return named(pairs)


def whole_list(content: list[Any], stem: str) -> list[tuple[str, Any]]:
    if not content or not all(one is None or isinstance(one, dict) for one in content) or content[0] is None:
        return [pair for at, value in enumerate(content) for pair in flat(f"{stem}_{at}", value)]
    rest = [pair for at, value in enumerate(content[1:], 1) for pair in flat(f"{stem}_{at}", value)]
    return fields(content[0]) + rest
