"""The wire contract of Arthur's endpoint for SageMaker Data Capture: a file of lines, and a list of failures; pure.

Source: the OpenAPI models in `arthur-client` 1.4.0 and https://docs.arthur.ai/docs/sagemaker-data-capture
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from capture_forwarder.destinations.arthur_platform.models import path_of
from capture_forwarder.destinations.row_answers import (
    UNREADABLE,
    check_status,
    failure_of_all,
    row_result,
    shown,
    unreadable,
)
from capture_forwarder.destinations.statuses import Answer
from capture_forwarder.domain.batch import WholeLine
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    BatchRefused,
    DestinationUnavailable,
    LineResult,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
)

# A content type that may stand in the header of a part. Anybody who may upload an object chooses its type.
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[a-z]+=[A-Za-z0-9_.-]+)*")
_MAX_TYPE_CHARS = 255
_DEFAULT_TYPE = "application/jsonlines"


class _Failure(Struct, frozen=True, gc=False):
    status: int | float
    event_id: str
    inference_index_in_event: int
    message: str | None = None


class _Counts(Struct, frozen=True):
    success: int
    failure: int
    total: int


class _FileAnswer(Struct):
    counts: _Counts
    failures: list[_Failure] = []


_decode_file = msgspec.json.Decoder(_FileAnswer).decode


def captures_path(model_id: str) -> str:
    """Return the path for a file of captured lines of a model."""
    return f"{path_of(model_id)}/inferences/integrations/sagemaker_data_capture"


def content_type(boundary: str) -> str:
    """Return the content type of a request."""
    return f"multipart/form-data; boundary={boundary}"


def body(lines: Sequence[WholeLine], object_type: str | None, boundary: str) -> Iterator[bytes]:
    """Yield the pieces of a request: one file of all lines, with the content type of their object."""
    yield (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="inference_data"; filename="smdatacapture.jsonl"\r\n'
        f"Content-Type: {_part_type(object_type)}\r\n\r\n"
    ).encode()
    for line in lines:
        yield line.data
        yield b"\n"
    yield f"\r\n--{boundary}--\r\n".encode()


def _part_type(object_type: str | None) -> str:
    is_usable = object_type and len(object_type) <= _MAX_TYPE_CHARS and _CONTENT_TYPE.fullmatch(object_type)
    return object_type if object_type and is_usable else _DEFAULT_TYPE


def read_receipt(answer: Answer, lines: Sequence[WholeLine]) -> Receipt:
    """Return one result a line: the failures are assigned by event id and index, all other rows are accepted.

    Raises `DestinationUnavailable`, `DestinationDenied`, `BatchTooLarge` or `BatchRefused`; then no row has a result.
    If the platform reads another number of rows, the request is refused, so that it is halved down to that line.
    """
    check_status(answer)
    try:
        found = _decode_file(answer.body)
    except UNREADABLE as error:
        raise unreadable(answer) from error
    if len(found.failures) != found.counts.failure:
        raise unreadable(answer)
    _check_total(found, lines)
    failures = _by_place(found.failures, lines)
    results = [_line_result(line, failures.get(line.event_id, {})) for line in lines]
    if results and all(result is RETRYABLE for result in results):
        raise failure_of_all([one.status for one in found.failures], answer.retry_after_secs)
    return Receipt(results)


def _check_total(found: _FileAnswer, lines: Sequence[WholeLine]) -> None:
    total = sum(line.row_count for line in lines)
    if found.counts.total != total:
        why = f"the platform reads {found.counts.total} inferences where {total} lie"
        if found.failures:
            why += f": {shown(found.failures[0].message)}"
        raise BatchRefused(Reason(RejectionCode.REFUSED_BY_DESTINATION, why))


def _by_place(failures: Sequence[_Failure], lines: Sequence[WholeLine]) -> dict[str, dict[int, RowResult]]:
    """Return the results of failed rows by event id and index. Raises `DestinationUnavailable` for other rows."""
    rows = {line.event_id: line.row_count for line in lines}
    found: dict[str, dict[int, RowResult]] = {}
    for one in failures:
        if not 0 <= one.inference_index_in_event < rows.get(one.event_id, 0):
            raise DestinationUnavailable("the failures name other rows than those that were sent: none can be assigned")
        result = row_result(one.status, one.message)
        # A failure with a status of success is none that the contract knows: the row is sent again.
        is_failure = result.status is RowStatus.REJECTED
        found.setdefault(one.event_id, {})[one.inference_index_in_event] = result if is_failure else RETRYABLE
    return found


def _line_result(line: WholeLine, failed: dict[int, RowResult]) -> RowResult:
    if not failed:
        return ACCEPTED
    indices = range(line.row_count) if line.indices is None else line.indices
    rows = tuple(failed.get(index, ACCEPTED) for index in indices)
    if RETRYABLE in rows:
        return RETRYABLE
    return LineResult(RowStatus.ACCEPTED, None, rows)
