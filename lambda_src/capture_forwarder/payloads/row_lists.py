"""Lists of a document that grow with the number of rows of a call, and documents with another number of rows."""

from msgspec import Struct, field

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.skeleton import Path


class RowLists(Struct, frozen=True):
    """The parts of a document that depend on the number of rows.

    `widths` has the number of elements a row for each list of values. `indices` are lists that count the rows: 0, 1, 2,
    and so on. `counts` are leaves that hold the number of rows. `lengths` are those of all other lists.
    """

    widths: dict[Path, int] = field(default_factory=dict)
    indices: set[Path] = field(default_factory=set)
    counts: set[Path] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)

    def origin(self, path: Path) -> tuple[Path, int | None]:
        """Return the path of the same value in the first row, and the row; `None` for a value that is in no row."""
        for end, place in enumerate(path):
            if width := self.widths.get(path[:end]):
                row, offset = divmod(place, width)
                return (*path[:end], offset, *path[end + 1 :]), row
        return path, None

    def counts_rows(self, path: Path) -> bool:
        """Tell whether a value is the number of rows, or that of its own row."""
        return path in self.counts or path[:-1] in self.indices


def row_lists(document: JsonValue, count: int) -> RowLists:
    """Return the parts of a document that depend on its `count` rows, by their lengths."""
    found = RowLists()
    _find(document, (), count, found)
    return found


def _find(value: JsonValue, path: Path, count: int, found: RowLists) -> None:
    if isinstance(value, list) and len(value) == count > 0:
        _add(value, path, found)
        _find(value[0], (*path, 0), 0, found)
    elif isinstance(value, list):
        found.lengths.add(len(value))
        for place, part in enumerate(value):
            _find(part, (*path, place), count, found)
    elif isinstance(value, dict):
        done = _add_tensor(value, path, count, found)
        for place, (name, part) in enumerate(value.items()):
            if name not in done:
                _find(part, (*path, place), count, found)


def _add(values: list[JsonValue], path: Path, found: RowLists) -> None:
    if {*map(type, values)} == {int} and values == list(range(len(values))):
        found.indices.add(path)
    else:
        found.widths[path] = 1


def _add_tensor(document: dict[str, JsonValue], path: Path, count: int, found: RowLists) -> tuple[str, ...]:
    """Add the parts of a tensor whose first size is the number of rows; return their names."""
    shape, data = document.get("shape"), document.get("data")
    if not isinstance(shape, list) or not isinstance(data, list) or shape[:1] != [count] or not count:
        return ()
    places = {name: place for place, name in enumerate(document)}
    found.counts.add((*path, places["shape"], 0))
    width, rest = divmod(len(data), count)
    found.lengths.update({width, *(size for size in shape[1:] if isinstance(size, int))})
    if rest or width <= 1:
        return ("shape",)
    found.widths[*path, places["data"]] = width
    return "shape", "data"


def resized(value: JsonValue, lists: RowLists, count: int, path: Path = ()) -> JsonValue:
    """Return a document with `count` rows; those of `value` are repeated, or the last ones removed."""
    if path in lists.indices:
        return list(range(count))
    if path in lists.counts:
        return count
    if isinstance(value, list):
        if path in lists.widths:
            return [value[place % len(value)] for place in range(count * lists.widths[path])]
        return [resized(part, lists, count, (*path, place)) for place, part in enumerate(value)]
    if isinstance(value, dict):
        return {name: resized(part, lists, count, (*path, place)) for place, (name, part) in enumerate(value.items())}
    return value
