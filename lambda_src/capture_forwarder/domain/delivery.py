"""The results of lines and inferences: permanent failures are values, temporary failures are exceptions."""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct


class RejectionCode(StrEnum):
    """The cause of a permanent failure; each code asks a person for one kind of action."""

    OBJECT_GONE = "object_gone"
    OBJECT_ARCHIVED = "object_archived"
    OBJECT_TRUNCATED = "object_truncated"
    OBJECT_DAMAGED = "object_damaged"
    NO_ROUTE = "no_route"
    GIVEN_UP = "given_up"
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
    ENCODING_REFUSED = "encoding_refused"
    UNKNOWN_CONTENT_TYPE = "unknown_content_type"
    UNKNOWN_LAYOUT = "unknown_layout"
    AMBIGUOUS_ROWS = "ambiguous_rows"
    ROW_COUNT_MISMATCH = "row_count_mismatch"
    VALUE_COUNT_MISMATCH = "value_count_mismatch"
    VALUE_TYPE_MISMATCH = "value_type_mismatch"
    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    AMBIGUOUS_NAME = "ambiguous_name"
    NAME_REFUSED = "name_refused"
    PARTNER_ID_TOO_LONG = "partner_id_too_long"
    PARTNER_ID_REFUSED = "partner_id_refused"
    INFERENCE_TOO_LARGE = "inference_too_large"
    REFUSED_BY_DESTINATION = "refused_by_destination"


class SkipReason(StrEnum):
    """The reason why a line is not forwarded, on purpose."""

    BLANK_LINE = "blank_line"
    SHADOW = "shadow"
    GROUND_TRUTH = "ground_truth"
    MERGED = "merged"


class Reason(Struct, frozen=True):
    """The reason of a permanent failure: a code, and a sentence that never holds captured data."""

    code: RejectionCode
    why: str


class Rejection(Struct, frozen=True):
    """A permanent failure of a line, or of one row of it: the reason and the place.

    `line` counts from 1, `index` is the row within the call, from 0, or `None` for the whole line.
    """

    reason: Reason
    line: int
    offset: int
    index: int | None = None
    partner_inference_id: str | None = None

    @property
    def code(self) -> RejectionCode:
        """The code of the reason."""
        return self.reason.code

    @property
    def why(self) -> str:
        """The sentence of the reason."""
        return self.reason.why


class Skipped(Struct, frozen=True):
    """A line that is counted and not forwarded."""

    reason: SkipReason
    line: int


class Superseded(Struct, frozen=True):
    """The object was overwritten after its event; the newer version has an event of its own."""


class RowStatus(StrEnum):
    """A destination's answer for one row of a batch."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    RETRYABLE = "retryable"


class RowResult(Struct, frozen=True, gc=False):
    """The result of one row. Only rejected rows have a `reason`, so all other results of one status are equal."""

    status: RowStatus
    reason: Reason | None = None


class LineResult(RowResult, frozen=True, gc=False):
    """The result of a line that was sent as it is, and whose rows have several results; none of them is retryable."""

    rows: tuple[RowResult, ...] = ()


ACCEPTED = RowResult(RowStatus.ACCEPTED)
DUPLICATE = RowResult(RowStatus.DUPLICATE)
RETRYABLE = RowResult(RowStatus.RETRYABLE)


class Receipt(Struct, frozen=True):
    """A destination's answer for a batch: one result a row, or one a line, in the order of the batch."""

    results: list[RowResult]


class PendingCause(StrEnum):
    """Why an object is pending."""

    DESTINATION_UNAVAILABLE = "destination_unavailable"
    DESTINATION_DENIED = "destination_denied"
    SOURCE_UNAVAILABLE = "source_unavailable"
    SOURCE_DENIED = "source_denied"
    OWN_RESOURCES = "own_resources"  # the progress table, quarantine or the queue
    LEASE = "lease"  # another run holds the object
    OUT_OF_TIME = "out_of_time"

    @property
    def needs_person(self) -> bool:
        """Whether the object stays pending until a person acts."""
        return self in {PendingCause.DESTINATION_DENIED, PendingCause.SOURCE_DENIED}


class Unavailable(Exception):
    """A temporary failure: no result was recorded, and the same work may succeed later."""

    cause: ClassVar[PendingCause] = PendingCause.OWN_RESOURCES
    retry_after_secs: float | None = None


class SourceUnavailable(Unavailable):
    """The object cannot be read now."""

    cause = PendingCause.SOURCE_UNAVAILABLE


class SourceDenied(SourceUnavailable):
    """The object cannot be read until a person acts: a permission, a key, a redirected bucket."""

    cause = PendingCause.SOURCE_DENIED


class SourceDamaged(SourceUnavailable):
    """The bytes that were read are not those that were stored, so the object must be read again from its start."""


class LeaseLost(Unavailable):
    """Another run took the objects of this run over, so this run must not commit them."""

    cause = PendingCause.LEASE


class DestinationUnavailable(Unavailable):
    """The destination accepted no row of the batch; all rows stay pending.

    `retry_after_secs` is set if the destination asked for a wait, `throttled` if it asked for fewer requests at once,
    `unanswered` if the request may have been too large or too slow: no answer came, or a gateway's 502 or 504.
    """

    cause = PendingCause.DESTINATION_UNAVAILABLE

    def __init__(
        self,
        why: str,
        *,
        retry_after_secs: float | None = None,
        throttled: bool = False,
        unanswered: bool = False,
    ) -> None:
        super().__init__(why)
        self.retry_after_secs = retry_after_secs
        self.throttled = throttled
        self.unanswered = unanswered


class DestinationDenied(DestinationUnavailable):
    """The destination denies this model or these credentials. A person must act; the rows stay pending until then."""

    cause = PendingCause.DESTINATION_DENIED


class BatchTooLarge(Exception):
    """The destination takes no request of this size; a smaller request may succeed."""


class BatchRefused(Exception):
    """The destination refuses the request as a whole, because of its rows; a request with fewer rows may succeed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.why)
        self.reason = reason
