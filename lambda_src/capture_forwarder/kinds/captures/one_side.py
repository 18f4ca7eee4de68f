"""One side of a call, where the route forwards it without the other."""

from capture_forwarder.domain.capture import Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import OneSided, PayloadOptions
from capture_forwarder.domain.schema import Side
from capture_forwarder.kinds.captures.reading import CallRows, Reading
from capture_forwarder.kinds.captures.side_rows import read_side
from capture_forwarder.payloads.bodies import Body
from capture_forwarder.payloads.deciding import Way
from capture_forwarder.payloads.shape import Says
from capture_forwarder.payloads.sides import shape_of

# A side that is rejected for one of these may be left out, where the route forwards the other side alone.
_OPTIONAL = frozenset({RejectionCode.ONE_SIDED, RejectionCode.BINARY_PAYLOAD, RejectionCode.ERROR_BODY})
_MEDIA = ("image/", "audio/", "video/", "application/x-image")


def read_one_side(
    body: Body, options: PayloadOptions, side: Side | None, other: Payload | None, *, is_answer: bool
) -> CallRows | Reason:
    """Return the rows of one side alone: fixed rows, else one row. `other` is the other side, if it was captured."""
    shape = shape_of(body, options, side, is_answer=is_answer)
    if isinstance(shape, Reason):
        return shape
    count = shape.count if shape.says is Says.FIXED and shape.count else 1
    if count > 1 and other and _is_media(other):
        return Reason(
            RejectionCode.ROW_COUNT_MISMATCH,
            f"an image, audio or video is one call, and the other side says {count} rows ({shape.subject}); "
            'input_layout or output_layout = "whole" says that they are one row',
        )
    way = Way.ROWS if shape.says is Says.FIXED and shape.count else Way.ONE
    stem = "prediction" if is_answer else "feature"
    rows = read_side(shape, count, way, None, body.form, stem, options.call_keys)
    if isinstance(rows, Reason):
        return rows
    if is_answer:
        return CallRows(count, None, rows, Reading(None, rows.reading))
    return CallRows(count, rows, None, Reading(rows.reading, None))


def _is_media(payload: Payload) -> bool:
    """Tell whether a payload declares an image, audio or video."""
    return (payload.content_type or "").strip().lower().startswith(_MEDIA)


def why_not_alone(missing: Reason, one_sided: OneSided) -> Reason | None:
    """Return why a side may not be sent without the other, which is `missing`; `None` if it may."""
    if one_sided is OneSided.FORWARD:
        return None if missing.code in _OPTIONAL else missing
    if missing.code is RejectionCode.BINARY_PAYLOAD:
        return Reason(missing.code, f'{missing.why}; one_sided = "forward" sends the other side alone')
    return missing
