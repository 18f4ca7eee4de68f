"""Consecutive lines of a capture object whose inferences travel, and are nearly always settled, together."""

from collections.abc import Sequence

from msgspec import Struct, field

from capture_forwarder.domain.capture import Line


class Stretch(Struct):
    """Lines from number `number` and byte `offset` on, up to byte `end`, and what is owed of them.

    Line by line `counts` says how many inferences are on their way; these have places, counted from 0 through the whole
    stretch. `indices` are their rows in their calls, if not simply all rows of every call. What stands where is worked
    out when somebody asks, which is for a rejection, or after trouble: a line alone costs next to nothing until then.
    """

    number: int
    offset: int
    end: int = 0
    lines: list[bytes] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    indices: list[int] | None = None
    owed: int = 0
    _settled: set[int] = field(default_factory=set)

    def settle(self, places: Sequence[int]) -> None:
        """Enter that nothing is owed any more of the inferences at `places`."""
        self.owed -= len(places)
        if self.owed:
            self._settled.update(places)

    def row(self, place: int) -> tuple[Line, int]:
        """Return the line that the inference at `place` comes from, and its row in that call."""
        offset, first = self.offset, 0
        for number, (data, count) in enumerate(zip(self.lines, self.counts, strict=True), self.number):
            end = offset + len(data) + 1
            if place < first + count:
                return Line(number, offset, end, data), self.indices[place] if self.indices else place - first
            offset, first = end, first + count
        raise IndexError(place)

    def settled_to(self) -> tuple[int, int]:
        """Return how many bytes of the object, and how many lines, are behind the first that is not settled."""
        if not self.owed:
            return self.end, self.number + len(self.lines) - 1
        place = next(place for place in range(sum(self.counts)) if place not in self._settled)
        line, _ = self.row(place)
        return line.offset, line.number - 1
