"""What becomes of lines and inferences: permanent noes as values, transient ones as exceptions."""

from enum import StrEnum

from msgspec import Struct


class RejectionCode(StrEnum):
    """Why something will never be delivered as it is; each code is one thing for a person to look at."""

    OBJECT_GONE = "object_gone"
    OBJECT_ARCHIVED = "object_archived"
    OBJECT_TRUNCATED = "object_truncated"
    LINE_TOO_LONG = "line_too_long"
    LINE_NOT_JSON = "line_not_json"
    NOT_A_CAPTURE = "not_a_capture"
    ONE_SIDED = "one_sided"
    ERROR_BODY = "error_body"
    BINARY_PAYLOAD = "binary_payload"
    BAD_BASE64 = "bad_base64"
    BAD_TEXT = "bad_text"
    BAD_CSV = "bad_csv"
    BAD_JSON = "bad_json"
    UNKNOWN_CONTENT_TYPE = "unknown_content_type"
    UNKNOWN_LAYOUT = "unknown_layout"
    ROW_COUNT_MISMATCH = "row_count_mismatch"
    VALUE_COUNT_MISMATCH = "value_count_mismatch"
    VALUE_TYPE_MISMATCH = "value_type_mismatch"
    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    AMBIGUOUS_NAME = "ambiguous_name"
    PARTNER_ID_TOO_LONG = "partner_id_too_long"
    INFERENCE_TOO_LARGE = "inference_too_large"
    REFUSED_BY_DESTINATION = "refused_by_destination"


class SkipReason(StrEnum):
    """Why a line is rightly not forwarded."""

    BLANK_LINE = "blank_line"
    SHADOW = "shadow"
    GROUND_TRUTH = "ground_truth"
    MERGED = "merged"


class Reason(Struct, frozen=True):
    """A permanent no before its place is known: the code, and a sentence that never holds captured data."""

    code: RejectionCode
    why: str


class Rejection(Struct, frozen=True, kw_only=True):
    """A permanent no for a line, or for one row of it (`index` counts from 0)."""

    code: RejectionCode
    why: str
    line: int
    offset: int
    index: int | None = None
    partner_inference_id: str | None = None


class Skipped(Struct, frozen=True):
    """A line that is counted and left out."""

    reason: SkipReason
    line: int


class Superseded(Struct, frozen=True):
    """The object was overwritten since its event: that writing has an event of its own."""


class RowStatus(StrEnum):
    """A destination's answer for one row of a batch."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    RETRYABLE = "retryable"


class RowResult(Struct, frozen=True, gc=False):
    """What became of one row; `refusal` is set for rejected rows only, so that all others of a status are equal."""

    status: RowStatus
    refusal: Reason | None = None


ACCEPTED = RowResult(RowStatus.ACCEPTED)
DUPLICATE = RowResult(RowStatus.DUPLICATE)
RETRYABLE = RowResult(RowStatus.RETRYABLE)


class Receipt(Struct, frozen=True):
    """A destination's answer for a batch: one result a row, in the order of the batch."""

    results: list[RowResult]


class Unavailable(Exception):
    """A transient no: nothing was settled, the same work may succeed later."""


class SourceUnavailable(Unavailable):
    """The capture object could not be read now."""


class LeaseLost(Unavailable):
    """Somebody else has taken the object over: what this run would write down is no longer the truth."""


class DestinationUnavailable(Unavailable):
    """The destination took none of the batch; all of it is still owed.

    `retry_after_secs` is set when the destination said how long to wait, `throttled` when it asked for less at once.
    """

    def __init__(self, why: str, *, retry_after_secs: float | None = None, throttled: bool = False) -> None:
        super().__init__(why)
        self.retry_after_secs = retry_after_secs
        self.throttled = throttled


class DestinationDenied(DestinationUnavailable):
    """The destination refuses this model or these credentials: only a person can mend it, the data stays owed."""


class BatchTooLarge(Exception):
    """The destination takes no request of this size; a smaller one may pass."""
