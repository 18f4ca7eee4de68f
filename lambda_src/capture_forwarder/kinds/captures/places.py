"""Where the plain path puts the values of a call: other values are put into an example, to see where they come out."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.examples import Changes, Example, Result

_NO_LEAF = -1
_OTHERS = frozenset({int, float, str})


class Places(Struct, frozen=True):
    """Where values go. By place in the result: the place of the leaf with its value; and the leaves that may change.

    The source of a value that comes from no document is -1.
    """

    sources: Sequence[int]
    free: frozenset[int]


def find_places(example: Example, kept: Collection[int] = ()) -> Places:
    """Return where the plain path puts the values of an example. Raises `ValueError` if that depends on the values.

    The leaves at the places `kept` are not changed.
    """
    changed = [(place, leaf) for place, leaf in enumerate(example.leaves) if place not in kept]
    bools = [place for place, leaf in changed if type(leaf.value) is bool]
    others = [place for place, leaf in changed if type(leaf.value) in _OTHERS]
    free = _free(example, others)
    found: dict[int, int] = {}
    strange = {_key(value): place for place, value in _strange(example, free).items()}
    for at, value in enumerate(example.changed(_strange(example, free)).values):
        if _key(value) in strange:
            found[at] = strange[_key(value)]
    for place in bools:
        flipped = example.changed({place: not example.leaves[place].value}).values
        found |= {at: place for at, value in enumerate(flipped) if _key(value) != _key(example.base.values[at])}
    return _checked(example, found, {*free, *bools}) or _without_unused_numbers(example, found, {*free, *bools})


def _without_unused_numbers(example: Example, found: dict[int, int], free: set[int]) -> Places:
    """Return the places if whole numbers that are in no row, as those of an index, keep their values."""
    used = set(found.values())
    kept = {place for place in free if place in used or type(example.leaves[place].value) is not int}
    places = _checked(example, found, kept) if kept != free else None
    if places is None:
        raise ValueError("values that decide how a call is read, or that are changed")
    return places


def _free(example: Example, places: list[int]) -> list[int]:
    """Return those of `places` whose values may change, and only change their own values of the result."""
    changes = _strange(example, places)
    result = example.with_changes(changes)
    if result is not None and _is_explained(example.base, result, changes):
        return places
    if len(places) <= 1:
        return []
    middle = len(places) // 2
    return _free(example, places[:middle]) + _free(example, places[middle:])


def _is_explained(base: Result, result: Result, changes: Changes) -> bool:
    new = set(map(_key, changes.values()))
    return all(
        _key(value) in new or (value is was or _key(value) == _key(was))
        for value, was in zip(result.values, base.values, strict=True)
    )


def _key(value: Any) -> Any:
    """Return a value that equals that of other values only if they are equal and of one type, but for whole numbers."""
    return (type(value) is bool, value) if not isinstance(value, list | dict) else msgspec.json.encode(value)


def _strange(example: Example, places: Sequence[int]) -> dict[int, JsonValue]:
    """Return other values of the same kinds, all different."""
    return {place: strange_value(example.leaves[place].value, place) for place in places}


def strange_value(value: JsonValue, place: int) -> JsonValue:
    """Return another value of the same kind, by the place of its leaf."""
    if isinstance(value, str):
        return f"Text{place}q"
    return 7_654_000 + place if isinstance(value, int) else 7_654_000.5 + place


def _with_fixed(example: Example, found: dict[int, int], free: set[int]) -> list[int]:
    """Return the source of every value of the result, a leaf of its own side.

    Values that never change come from a leaf that never changes, or from none, as the null of an empty list.
    """
    fixed = {
        (part.start, _key(example.leaves[place].value)): place
        for part in (example.request, example.response)
        if part
        for place in part.places
        if place not in free
    }
    sources = []
    for at, value in enumerate(example.base.values):
        part = example.part_of(at)
        place = found.get(at, fixed.get((part.start, _key(value)))) if part else _NO_LEAF
        if place is None or (part and place not in part.places):
            raise ValueError("a value that is in no leaf of its side")
        sources.append(place)
    return sources


def _fraction(value: JsonValue, place: int) -> JsonValue:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return str(place)
    return place % 2 if isinstance(value, int) else (place + 0.25) / 4096


def _negative(value: JsonValue, place: int) -> JsonValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return f" text {place}, and more"
    return -place - 1 if isinstance(value, int) else -(place + 0.125)


_VARIANTS: tuple[Callable[[JsonValue, int], JsonValue], ...] = (_fraction, _negative)


def _checked(example: Example, found: dict[int, int], free: set[int]) -> Places | None:
    """Return the places if they hold for numbers from 0 to 1 and below 0, and for texts that hold numbers."""
    sources = _with_fixed(example, found, free)
    for variant in _VARIANTS:
        changes = {place: variant(example.leaves[place].value, place) for place in free}
        result = example.with_changes(changes)
        if result is None:
            return None
        for source, value in zip(sources, result.values, strict=True):
            if source != _NO_LEAF and _key(value) != _key(changes.get(source, example.leaves[source].value)):
                return None
    return Places(sources, frozenset(free))
