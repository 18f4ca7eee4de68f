"""The complexity of the wildcards of a rule: how many beginnings of patterns one value can match at the same time.

EventBridge refuses a rule that is too complex. Its open-source engine has the measure, `MachineComplexityEvaluator`, and
recommends a limit of 10 a rule: https://github.com/aws/event-ruler (commit 337e8d99, Apache License 2.0, Copyright
Amazon.com, Inc. or its affiliates). This is that measure, ported from the definition in its comments to sets of positions
in patterns, which need no state machine of bytes. Its own cases are in test_complexity.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

STAR = None
Pattern = tuple[str | None, ...]
Position = tuple[int, int]


def wildcard(text: str) -> Pattern:
    r"""Return the characters of a pattern, with `STAR` for `*`; `\*` and `\\` are literal."""
    return tuple(STAR if one == "*" else one[-1] for one in re.findall(r"\\.|[^\\]", text))


def complexity(patterns: Iterable[Pattern], most: int = 100) -> int:
    """Return the complexity of the wildcard patterns of one field, or `most` if it is higher."""
    unique = sorted(set(patterns), key=repr)
    alphabet = {character for pattern in unique for character in pattern if character is not STAR} | {"other"}
    start = frozenset(_with_empty_stars(unique, ((index, 0) for index in range(len(unique)))))
    seen, waiting, highest = {start}, [start], 0
    while waiting and highest < most:
        positions = waiting.pop()
        for character in alphabet:
            reached = frozenset(_with_empty_stars(unique, _next(unique, positions, character)))
            if reached not in seen:
                seen.add(reached)
                waiting.append(reached)
                highest = max(highest, len(reached))
    return min(highest, most)


def _next(patterns: list[Pattern], positions: Iterable[Position], character: str) -> Iterator[Position]:
    """Yield the beginnings that match a value after one more character."""
    for index, position in positions:
        pattern = patterns[index]
        if position and pattern[position - 1] is STAR:
            yield index, position
        if position < len(pattern) and pattern[position] == character:
            yield index, position + 1


def _with_empty_stars(patterns: list[Pattern], positions: Iterable[Position]) -> Iterator[Position]:
    """Yield `positions`, and behind them the stars that match the empty text."""
    for index, position in positions:
        yield index, position
        if position < len(patterns[index]) and patterns[index][position] is STAR:
            yield index, position + 1


def rule_complexity(event_pattern: Mapping[str, Any], most: int = 100) -> int:
    """Return the highest complexity of a field of a rule; values are strings of JSON, with their quotes."""
    fields = _fields(event_pattern)
    return max((complexity(map(wildcard, field), most) for field in fields if field), default=0)


def _fields(pattern: Mapping[str, Any]) -> Iterator[list[str]]:
    for value in pattern.values():
        if isinstance(value, Mapping):
            yield from _fields(value)
        else:
            yield [f'"{one["wildcard"]}"' for one in value if isinstance(one, Mapping) and "wildcard" in one]
