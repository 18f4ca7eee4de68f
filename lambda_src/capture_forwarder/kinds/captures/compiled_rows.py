"""Rows of the compiled path: the values of both sides under their names."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from capture_forwarder.domain.inference import Sides
from capture_forwarder.payloads.compiled_types import Names, named_struct

# Makes an object from the values of a request and those of its answer, in order.
RowMaker = Callable[..., Any]
# Structs are encoded fast and made slowly, so they are made for names that came before. Callers choose names: limits
# keep hostile ones from filling the memory.
_MAX_STRUCTS = 64
_MAX_SEEN = 256
_ENOUGH = 2
_MAX_FIELDS = 2000


class RowMakers:
    """Chooses how the rows of one decoder are made, by the names of both sides.

    A row is flat, or with `apart` it is `Sides`, of which each has its own names.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._is_apart = apart
        # The names of the last rows, compared by identity, and what made them.
        self.last: tuple[Names | None, Names | None, RowMaker] = (None, None, dict)
        self._structs: dict[tuple[Names, Names], RowMaker] = {}
        self._seen: Counter[tuple[Names, Names]] = Counter()

    def maker(self, asked: Names, answered: Names, count: int) -> RowMaker:
        """Return the builder of each of `count` rows with these names.

        If both sides have a name, the value of the answer is `output.{name}`, as on the plain path. Raises `ValueError`
        if several rows have such a name, because the plain path compares their values, and if this name is taken.
        """
        names = asked + answered
        is_shared = len(set(names)) < len(names)
        if is_shared:
            names = self._shared(asked, answered, count)
        row = self._structs.get((asked, answered))
        if row is None:
            return self._new(asked, answered, names, count)
        if not is_shared:
            self.last = (asked, answered, row)
        return row

    def _new(self, asked: Names, answered: Names, names: Names, count: int) -> RowMaker:
        key = (asked, answered)
        if len(self._seen) >= _MAX_SEEN:
            self._seen.clear()
        self._seen[key] += count
        is_new = self._seen[key] < _ENOUGH or len(self._structs) >= _MAX_STRUCTS or len(names) > _MAX_FIELDS
        make = _dictionary if is_new else _struct
        row = _sides(make(asked), make(answered), len(asked)) if self._is_apart else make(names)
        if not is_new:
            self._structs[key] = row
        return row

    def _shared(self, asked: Names, answered: Names, count: int) -> Names:
        """Return the names of a row of sides that share names. Raises `ValueError`."""
        same = set(asked).intersection(answered)
        names = asked + tuple(f"output.{name}" if name in same else name for name in answered)
        if count > 1 or (len(set(names)) < len(names) and not self._is_apart):
            raise ValueError("several rows with a name that both sides have, or a name that is taken")
        return names


def _sides(inputs: RowMaker, outputs: RowMaker, width: int) -> RowMaker:
    """Return what makes both sides of a row; its first `width` values are those of the request."""
    return lambda *values: Sides(inputs(*values[:width]), outputs(*values[width:]))


def _dictionary(names: Names) -> RowMaker:
    return lambda *values: dict(zip(names, values, strict=True))


@lru_cache(_MAX_SEEN)
def _struct(names: Names) -> RowMaker:
    return named_struct(names, [object] * len(names))
