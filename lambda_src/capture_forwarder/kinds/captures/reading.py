"""Both sides of a call read together: the rows of each, and how they belong to each other."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureRecord, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import DecodingOptions, OneSided, PayloadOptions
from capture_forwarder.payloads.layouts import Row
from capture_forwarder.payloads.lazy import LISTED_ROWS, Lazy
from capture_forwarder.payloads.media import read_body
from capture_forwarder.payloads.rows import PayloadReading, Rows, read_rows

# With one of these names an object may be an error and no prediction.
ERROR_NAMES = frozenset({"error", "code", "ErrorCode"})
_ERROR_STATUSES = range(400, 600)
# A side that is rejected for one of these may be left out, where the route forwards the other side alone.
_OPTIONAL = frozenset({RejectionCode.ONE_SIDED, RejectionCode.BINARY_PAYLOAD, RejectionCode.ERROR_BODY})


class Reading(Struct, frozen=True):
    """How the rows of both sides of a call lie and how they are named; a side that is left out is `None`.

    The plain path makes this value; the compiled path makes a decoder of it. `is_cut` means that the response is one
    line of ordered values that was cut into rows.
    """

    request: PayloadReading | None
    response: PayloadReading | None
    is_cut: bool = False


class CallRows(Struct, frozen=True, gc=False):
    """The `count` rows of each side of a call, paired by number; a side that is left out is `None`."""

    count: int
    request: Rows | None
    response: Rows | None
    reading: Reading

    def pairs(self) -> Iterator[tuple[Row | None, Row | None]]:
        """Return an iterator over the rows of both sides."""
        return zip(_each(self.request, self.count), _each(self.response, self.count), strict=True)

    def pair(self, index: int) -> tuple[Row | None, Row | None]:
        """Return one row of both sides."""
        request, response = self.request, self.response
        return request.rows[index] if request else None, response.rows[index] if response else None


def _each(rows: Rows | None, count: int) -> Iterable[Row | None]:
    return rows.rows if rows else repeat(None, count)


def read_call(record: CaptureRecord, options: DecodingOptions, widths: Collection[int]) -> CallRows | Reason:
    """Return the rows of a call, or why it is rejected.

    `widths` are the numbers of ordered values that one row of the response may have; empty without a schema.
    """
    request = _read_payload(record.input, options.input, "request")
    response = _read_payload(record.output, options.output, "answer")
    if isinstance(request, Rows):
        if isinstance(response, Rows):
            return _pair(request, response, widths)
        if request.rows and _may_be_left_out(response, options):
            return CallRows(len(request.rows), request, None, Reading(request.reading, None))
        return response
    if isinstance(response, Rows) and response.rows and _may_be_left_out(request, options):
        return CallRows(len(response.rows), None, response, Reading(None, response.reading))
    return request


def _read_payload(payload: Payload | None, options: PayloadOptions, side: str) -> Rows | Reason:
    if payload is None:
        return Reason(
            RejectionCode.ONE_SIDED, f'the {side} was not captured; one_sided = "forward" sends the other side alone'
        )
    body = read_body(payload, options.content_type)
    rows = body if isinstance(body, Reason) else read_rows(body, options)
    if side == "answer" and isinstance(rows, Rows) and len(rows.rows) == 1 and _is_error_body(rows.rows[0]):
        return Reason(RejectionCode.ERROR_BODY, "the answer is an error, not a prediction")
    return rows


def _is_error_body(row: Row) -> bool:
    """Tell whether a response is a container's error document; captures have no status field that would say so.

    Known forms: `{"code": 400, "type": ..., "message": ...}` (model servers), `{"error": ...}` alone (TensorFlow
    Serving), `{"ErrorCode": ..., "Message": ...}` (SageMaker).
    """
    if not isinstance(row, dict):
        return False
    code = row.get("code")
    has_status = type(code) is int and code in _ERROR_STATUSES and isinstance(row.get("message"), str)
    return has_status or row.keys() == {"error"} or row.keys() >= {"ErrorCode", "Message"}


def _may_be_left_out(reason: Reason, options: DecodingOptions) -> bool:
    return options.one_sided is OneSided.FORWARD and reason.code in _OPTIONAL


def _pair(request: Rows, response: Rows, widths: Collection[int]) -> CallRows | Reason:
    """Pair rows by number: as many response rows as request rows, or one line of ordered values for all of them."""
    request_count, response_count = len(request.rows), len(response.rows)
    if request_count and request_count == response_count:
        return CallRows(request_count, request, response, Reading(request.reading, response.reading))
    if request_count > 1 and response_count == 1 and (cut := _cut(response.rows[0], request_count, widths or (1,))):
        reading = Reading(request.reading, response.reading, is_cut=True)
        return CallRows(request_count, request, Rows(cut, response.reading), reading)
    return Reason(
        RejectionCode.ROW_COUNT_MISMATCH,
        f"{request_count} input rows and {response_count} output rows; if the payloads are laid out otherwise, set "
        "the route's layout",
    )


def _cut(row: Row, count: int, widths: Collection[int]) -> Sequence[Row] | None:
    """Cut one line of ordered values into `count` rows.

    XGBoost's container answers several CSV rows with one comma-joined line, for backwards compatibility:
    https://github.com/aws/sagemaker-xgboost-container
    """
    width, rest = divmod(len(row), count)
    if not isinstance(row, list) or rest or width not in widths:
        return None
    values = row
    if count > LISTED_ROWS:
        return Lazy(count, lambda place: values[place * width : (place + 1) * width])
    return [values[start : start + width] for start in range(0, len(values), width)]
