"""Captured text and JSON values made into numbers, truth values, times and text.

A function raises `ValueError` when a value does not fit; the message never holds the value. Empty text and numbers that
are not finite become null: JSON cannot write them, and Arthur reads null as missing.
"""

import re
from datetime import datetime
from math import isfinite

import msgspec

from capture_forwarder.domain.inference import Value

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

# There is only one way to match a run of digits, so that a megabyte of hostile digits takes linear time.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"([+-]?0{0,9}\d{1,19})(?:\.0*)?", re.ASCII)
_PLAIN_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)
_PADDED = re.compile(r"-?0\d", re.ASCII)
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_TRUTH = {"true": True, "false": False, "1": True, "0": False, "-0": False, "1.0": True, "0.0": False}
_INT64 = range(-(2**63), 2**63)
_INT64_CHARS = 20
# Any integer of fewer characters has at most 64 bits.
_SAFE_INT64_CHARS = 19
_NUMBER_STARTS = frozenset("-.0123456789")
_NUMBER_ENDS = frozenset(".0123456789")
_MAY_BE_PADDED = frozenset("-0")
_EXACT_FLOAT = 2**53


def parse_csv_cell(text: str) -> Value:
    """Return the number in a cell, null for empty text and a number that is not finite, else the text itself.

    Text with digits or signs that a number would lose (leading zeros, a leading `+`, more than 64 bits) stays text, so
    that ids and telephone numbers are kept.
    """
    stripped = text.strip()
    if not stripped or stripped[-1] not in _NUMBER_ENDS:
        return None if not stripped or _is_not_finite(stripped) else text
    if stripped[0] not in _NUMBER_STARTS:
        return text
    if "." not in stripped and _PLAIN_INTEGER.fullmatch(stripped):
        return int(stripped) if len(stripped) <= _INT64_CHARS and int(stripped) in _INT64 else text
    if stripped[0] in _MAY_BE_PADDED and _PADDED.match(stripped):
        return text
    number = _number(stripped)
    if number is None:
        return text
    return number if isfinite(number) else None


def is_number(text: str) -> bool:
    """Tell whether the text of a cell is a number, finite or not."""
    stripped = text.strip()
    return bool(_NUMBER.fullmatch(stripped)) or _is_not_finite(stripped)


def json_scalar(value: JsonValue) -> Value:
    """Return a JSON scalar as it is; an integer of more than 64 bits becomes text, so that no digit is lost."""
    if isinstance(value, int) and value not in _INT64:
        return str(value)
    return value if not isinstance(value, list | dict) else as_text(value)


def as_text(value: JsonValue) -> str:
    """Return text as it is, anything else as its JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_not_finite(text: str) -> bool:
    return text.lstrip("+-").lower() in _NOT_FINITE


def _number(text: str) -> float | None:
    """Return the number that `text` is, infinity for one that is too large, `None` for other text.

    `float()` is several times faster than a regular expression. For ASCII text without `_` it accepts the same numbers,
    and the words for those that are not finite.
    """
    if not text.isascii() or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def float_value(value: JsonValue) -> float | None:
    """Return the finite number that `value` is or shows; null for empty text and a number that is not finite."""
    if type(value) is float and isfinite(value):
        return value
    if isinstance(value, str):
        quick = _number(value)
        if quick is not None and isfinite(quick):
            return 0.0 if not quick and value.strip() == "-0" else quick  # `-0` is an integer, so it has no sign
        stripped = value.strip()
        if not stripped or _is_not_finite(stripped):
            return None
        if stripped != value:
            return float_value(stripped)
        if not _NUMBER.fullmatch(stripped):
            raise ValueError("not a number")
        value = float(stripped)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")  # noqa: TRY004 - one exception type says "does not fit"
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("too large for a 64-bit float") from None
    if not isfinite(number):
        raise ValueError("too large for a 64-bit float")
    return number


def integer_value(value: JsonValue) -> int | None:
    """Return the whole number of at most 64 bits that `value` is or shows; null as for `float_value`."""
    if type(value) is int and value in _INT64:
        return value
    if type(value) is str and len(value) < _SAFE_INT64_CHARS and _PLAIN_INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, str) and (whole := _WHOLE.fullmatch(value.strip())):
        number = int(whole[1])
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        fractional = float_value(value)
        if fractional is None:
            return None
        number = int(fractional)
        if number != fractional or abs(number) > _EXACT_FLOAT:
            raise ValueError("not a whole number")
    if number not in _INT64:
        raise ValueError("more than 64 bits")
    return number


def boolean_value(value: JsonValue) -> bool | None:
    """Return the truth value that `value` is or shows: true, false, 0 or 1; null for empty text."""
    text = as_text(value).strip().lower()
    if not text:
        return None
    if text not in _TRUTH:
        raise ValueError("neither true, false, 0 nor 1")
    return _TRUTH[text]


def timestamp_value(value: JsonValue) -> str | None:
    """Return ISO 8601 text with a time zone, in one form; null for empty text."""
    if not isinstance(value, str):
        raise ValueError("not a timestamp")  # noqa: TRY004 - one exception type says "does not fit"
    if not value.strip():
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("not an ISO 8601 timestamp") from None
    if moment.tzinfo is None:
        raise ValueError("a timestamp without a time zone")
    return moment.isoformat()
