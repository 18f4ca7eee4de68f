"""One side of a call, where the route forwards it without the other."""

from msgspec import Struct

from capture_forwarder.domain.capture import Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import OneSided, PayloadOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.kinds.captures.reading import CallRows, Reading
from capture_forwarder.kinds.captures.side_rows import Names, read_side
from capture_forwarder.payloads.bodies import Body
from capture_forwarder.payloads.deciding import Way
from capture_forwarder.payloads.shape import Says, Shape
from capture_forwarder.payloads.sides import shape_of

# A side that is rejected for one of these may be left out, where the route forwards the other side alone.
_OPTIONAL = frozenset({RejectionCode.ONE_SIDED, RejectionCode.BINARY_PAYLOAD, RejectionCode.ERROR_BODY})
_MEDIA = ("image/", "audio/", "video/", "application/x-image")


class OneSide(Struct, frozen=True):
    """Reads the request or the answer alone, where the route forwards it without the other."""

    one_sided: OneSided
    options: PayloadOptions
    side: Side | None
    is_answer: bool

    def read(self, body: Body, missing: Reason, other: Payload | None) -> CallRows | Reason:
        """Return the rows of a side, or why it is rejected: fixed rows, else one row.

        `missing` says why the other side cannot be read; `other` is that side, if it was captured.
        """
        if self.one_sided is not OneSided.FORWARD and missing.code is RejectionCode.BINARY_PAYLOAD:
            return Reason(missing.code, f'{missing.why}; one_sided = "forward" sends the other side alone')
        if self.one_sided is not OneSided.FORWARD or missing.code not in _OPTIONAL:
            return missing
        shape = shape_of(body, self.options, self.side, is_answer=self.is_answer)
        if isinstance(shape, Reason):
            return shape
        return _why_not_alone(shape, missing, other) or self._rows(body, shape)

    def _rows(self, body: Body, shape: Shape) -> CallRows | Reason:
        has_rows = shape.says is Says.FIXED and shape.count > 0
        count, way = (shape.count, Way.ROWS) if has_rows else (1, Way.ONE)
        names = Names(self.options.call_keys, self.side, self.is_answer)
        rows = read_side(shape, count, way, None, body.form, names)
        if isinstance(rows, Reason):
            return rows
        if self.is_answer:
            return CallRows(count, None, rows, Reading(None, rows.reading))
        return CallRows(count, rows, None, Reading(rows.reading, None))


def _why_not_alone(shape: Shape, missing: Reason, other: Payload | None) -> Reason | None:
    """Return why one side is not forwarded without the other, or `None`."""
    if shape.has_lines and not shape.count:
        return Reason(missing.code, "one side is missing, binary or an error, and the other side has no lines")
    if shape.says is Says.FIXED and shape.count > 1 and other and _is_media(other):
        return Reason(
            RejectionCode.ROW_COUNT_MISMATCH,
            f"an image, audio or video is one call, and the other side says {shape.count} rows ({shape.subject}); "
            'input_layout or output_layout = "whole" says that they are one row',
        )
    return None


def _is_media(payload: Payload) -> bool:
    """Tell whether a payload declares an image, audio or video."""
    return (payload.content_type or "").strip().lower().startswith(_MEDIA)
