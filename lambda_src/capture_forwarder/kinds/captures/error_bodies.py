"""Answers that are errors: capture has no status field, so only the body tells them from predictions."""

from capture_forwarder.payloads.rows import Row

_FIRST_ERROR_STATUS = 400
_LAST_ERROR_STATUS = 599


def is_error_body(row: Row) -> bool:
    """Tell whether a single named row is a container's error document and no prediction.

    Known forms: `{"code": 400, "type": ..., "message": ...}` (model servers), `{"error": ...}` alone (TensorFlow
    Serving), `{"ErrorCode": ..., "Message": ...}` (SageMaker).
    """
    if not isinstance(row, dict):
        return False
    code = row.get("code")
    served = (
        type(code) is int and _FIRST_ERROR_STATUS <= code <= _LAST_ERROR_STATUS and isinstance(row.get("message"), str)
    )
    return served or row.keys() == {"error"} or row.keys() >= {"ErrorCode", "Message"}
