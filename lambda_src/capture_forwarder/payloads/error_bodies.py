"""Answers that are errors and no predictions; captures have no status field that would say so.

Known forms: model servers, TensorFlow Serving, SageMaker, TGI and TEI (`error_type`), MLflow (`error_code`), LMI
(`details.finish_reason`), FastAPI (`detail`), OpenAI (`object`), Java's runtimes (`errorType`), Python tracebacks.
"""

from collections.abc import Sequence
from typing import Any

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.values import JsonValue

# With one of these names an object may be an error and no prediction.
ERROR_NAMES = frozenset(
    {"error", "code", "status", "error_code", "ErrorCode", "errorType", "object", "detail", "details"}
)
ERROR = Reason(RejectionCode.ERROR_BODY, "the answer is an error, not a prediction")
SENTENCE = Reason(
    RejectionCode.ERROR_BODY,
    'the answer is one text of several words, as errors are; output_layout = "whole" says that it is a prediction',
)
_STATUSES = range(400, 600)
_PAIRS = (
    {"error", "error_type"},
    {"error_code", "message"},
    {"ErrorCode", "Message"},
    {"errorType", "errorMessage"},
)
TRACEBACK = "Traceback (most recent call last)"


def is_error_body(value: JsonValue) -> bool:
    """Tell whether an object, or a text, is a container's error."""
    if isinstance(value, str):
        return value.lstrip().startswith(TRACEBACK)
    return isinstance(value, dict) and not ERROR_NAMES.isdisjoint(value) and _is_error(value)


def _is_error(value: dict[str, Any]) -> bool:
    names = value.keys()
    if names == {"error"}:
        return not _is_measured(value["error"])
    if any(_is_status(value.get(name)) for name in ("code", "status")) and ("message" in names or "error" in names):
        return True
    if names == {"detail"} or value.get("object") == "error" or any(names >= pair for pair in _PAIRS):
        return True
    details = value.get("details")
    return isinstance(details, dict) and details.get("finish_reason") == "error"


def _is_status(value: JsonValue) -> bool:
    return type(value) is int and value in _STATUSES


def _is_measured(value: Any) -> bool:
    """Tell whether the value under `error` is a number or a list of numbers, as of a reconstruction error."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value) > 0 and all(map(_is_measured, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_sentence(value: JsonValue) -> bool:
    """Tell whether a whole answer is one text of several words."""
    return isinstance(value, str) and len(value.split(None, 2)) > 1
