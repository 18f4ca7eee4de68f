"""How a captured call was read, and the rows of both of its sides."""

from collections.abc import Iterable, Iterator
from itertools import repeat

from msgspec import Struct

from capture_forwarder.kinds.captures.side_rows import SideRows
from capture_forwarder.payloads.placement import PayloadReading
from capture_forwarder.payloads.whole import Row


class Reading(Struct, frozen=True):
    """How the rows of both sides of a call lie and how they are named; a side that is left out is `None`.

    The plain path makes this value; the compiled path makes a decoder of it. `is_cut` means that open values of the
    response were cut into rows.
    """

    request: PayloadReading | None
    response: PayloadReading | None
    is_cut: bool = False


class CallRows(Struct, frozen=True, gc=False):
    """The `count` rows of each side of a call, paired by number; a side that is left out is `None`."""

    count: int
    request: SideRows | None
    response: SideRows | None
    reading: Reading

    @property
    def left_out(self) -> int:
        """How many values of the call are not data, and are left out."""
        return sum(side.left_out for side in (self.request, self.response) if side)

    def pairs(self) -> Iterator[tuple[Row | None, Row | None]]:
        """Return an iterator over the rows of both sides."""
        return zip(_each(self.request, self.count), _each(self.response, self.count), strict=True)

    def pair(self, index: int) -> tuple[Row | None, Row | None]:
        """Return one row of both sides."""
        request, response = self.request, self.response
        return request.rows[index] if request else None, response.rows[index] if response else None


def _each(side: SideRows | None, count: int) -> Iterable[Row | None]:
    return side.rows if side else repeat(None, count)
