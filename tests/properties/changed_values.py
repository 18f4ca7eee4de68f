"""Calls whose values are changed by chance: other values of the same kinds, and sometimes another skeleton."""

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.support.captures import Side

# Values that mean something to a reader: counts, statuses, probabilities, errors, and texts that look like JSON.
_NUMBERS = (0, 1, 2, -1, 404, 500, 0.5, 1.0, 0.0, 1e300, -2.5, 10**18, 2**63 - 1, 10**25)
_TEXTS = (
    *("", " ", "error", "list", "0", "1.5", "true", "null", "index", "INT32", "stop", "chat.completion"),
    *("Traceback (most recent call last): x", "[1]", '{"a":1}', "é", "a b", 'x"y', "a:b", '":"', "a\\", "\n"),
)
_OTHER_KINDS: tuple[Any, ...] = (None, 1, "t", 0.5, False, [], {}, [1])
_NAMES = ("error", "index", "code", "0", "x", "labels", "schema", "object")
_SPACES: tuple[dict[str, Any], ...] = ({}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": 1})


def changed(random: Random, side: Side, *, skeleton: bool) -> Side:
    """Return a side with other values; with `skeleton` its names, lengths and kinds may change, too."""
    is_base64 = side["encoding"] == "BASE64"
    try:
        document = json.loads(base64.b64decode(side["data"]) if is_base64 else side["data"])
    except ValueError:
        return side
    if not isinstance(document, dict | list):
        return side
    change = _any_value if skeleton else _value
    text = json.dumps(_changed(random, document, change, skeleton=skeleton), **random.choice(_SPACES))
    return side | {"data": base64.b64encode(text.encode()).decode() if is_base64 else text}


def _changed(random: Random, value: Any, change: Callable[[Random, Any], Any], *, skeleton: bool) -> Any:
    def one_of(parts: list[Any], other: Any) -> None:
        if skeleton and random.random() < 0.1:
            random.choice((lambda: random.shuffle(parts), parts.pop, lambda: parts.append(other)))()

    if isinstance(value, dict) and value:
        items = [(name, _changed(random, part, change, skeleton=skeleton)) for name, part in value.items()]
        one_of(items, (random.choice(_NAMES), 1))
        return dict(items)
    if isinstance(value, list) and value:
        parts = [_changed(random, part, change, skeleton=skeleton) for part in value]
        one_of(parts, parts[-1])
        return parts
    return value if random.random() < 0.4 else change(random, value)


def _any_value(random: Random, value: Any) -> Any:
    return random.choice(_OTHER_KINDS) if random.random() < 0.1 else _value(random, value)


def _value(random: Random, value: Any) -> Any:
    if isinstance(value, bool):
        return random.random() < 0.5
    if isinstance(value, int | float):
        return random.choice(_NUMBERS)
    return random.choice(_TEXTS) if isinstance(value, str) else value
