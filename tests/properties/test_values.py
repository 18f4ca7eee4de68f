"""The shortcuts of `domain.values` for numbers in text give the same results as the rule, a regular expression."""

import re
from math import copysign, isfinite
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture_forwarder.domain.converters import typed
from capture_forwarder.domain.schema import ValueType
from capture_forwarder.domain.values import parse_csv_cell

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
PLAIN_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)
WHOLE = re.compile(r"([+-]?\d+)(?:\.0*)?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]*(?:nan|inf|infinity)", re.IGNORECASE)
INT64 = range(-(2**63), 2**63)
MISFIT = "does not fit"

ODD = [
    "infinity", "-Infinity", "+nan", "--inf", "nan", "1_0", "1_000.5", "٣", "1٣", "１", "0x10", "1e5", "1e", "1e400",
    "-1e400", "-0", "-0.0", "+0", "00", "007", "-007", "+01.5", "0.5", "00.5", "-00.5", "+1", "1.", ".5", ".", "-", "+",
    "1.e5", "e5", "1-", "v1.0", "segment-12", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "999999999999999999", "9999999999999999999", "12345678901234567890123", "1" * 400,
    "9007199254740993", "9007199254740993.0", "1e18", "1.0", "16.000", "16.5", "", " ", "1\x00", "1 2", "1\n", "\x1c1",
    "1\x1f", "\u00a01.5", "1.5\u2003", "\t-2 ", "\x0b3\x0c", "true", "é",
]  # fmt: skip
TEXTS = (
    st.sampled_from(ODD)
    | st.text(st.sampled_from("0123456789.+-eE_ \t\x1cnaif٣"), max_size=8)
    | st.integers().map(str)
    | st.floats().map(repr)
    | st.builds(
        lambda before, text, after: before + text + after,
        st.sampled_from([" ", "", "\x1d", "\u00a0"]),
        st.sampled_from(ODD),
        st.sampled_from([" ", "", "\x1d"]),
    )
)


def exact(value: Any) -> tuple[type, str]:
    """Return type and text of a value: 1, 1.0 and true differ, and so do 0.0 and -0.0."""
    return type(value), repr(value)


def cell_by_rule(text: str) -> Any:
    """Return the value of a CSV cell without a schema."""
    stripped = text.strip()
    if not stripped or NOT_FINITE.fullmatch(stripped):
        return None
    if PLAIN_INTEGER.fullmatch(stripped):
        return int(stripped) if len(stripped) < 30 and int(stripped) in INT64 else text
    if NUMBER.fullmatch(stripped) and not re.match(r"\+|-?0[0-9]", stripped):
        return float(stripped) if isfinite(float(stripped)) else None
    return text


def float_by_rule(text: str) -> Any:
    """Return the value of a FLOAT attribute."""
    stripped = text.strip()
    if not stripped or NOT_FINITE.fullmatch(stripped):
        return None
    if stripped == "-0":
        return 0.0
    fits = NUMBER.fullmatch(stripped) and isfinite(float(stripped))
    return float(stripped) if fits else MISFIT


def integer_by_rule(text: str) -> Any:
    """Return the value of an INTEGER attribute."""
    whole = WHOLE.fullmatch(text.strip())
    if whole and len(whole[1]) < 300:
        return int(whole[1]) if int(whole[1]) in INT64 else MISFIT
    number = float_by_rule(text)
    if number in (None, MISFIT):
        return number
    return int(number) if number == int(number) and abs(number) <= 2**53 else MISFIT


def typed_or_misfit(value: Any, value_type: ValueType) -> Any:
    """Return the typed value, or that it does not fit."""
    try:
        return typed(value, value_type)
    except ValueError:
        return MISFIT


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_follow_the_rule(text: str) -> None:
    """`float()`, `int()` and the rule disagree about many of these."""
    _follows_the_rule(text)


@given(TEXTS)
@example("1" * 5000)
@example("\u00a0-0")
@example("\x1c-0")
def test_any_text_follows_the_rule(text: str) -> None:
    """Value, type and sign of zero are the same."""
    _follows_the_rule(text)


def _follows_the_rule(text: str) -> None:
    assert exact(parse_csv_cell(text)) == exact(cell_by_rule(text))
    assert exact(typed_or_misfit(text, ValueType.FLOAT)) == exact(float_by_rule(text))
    assert exact(typed_or_misfit(text, ValueType.INTEGER)) == exact(integer_by_rule(text))


@given(st.floats() | st.integers() | st.booleans() | st.sampled_from([2**63, -(2**63) - 1, 10**400, 2**53 + 1]))
def test_numbers_of_json_follow_the_rule(value: float) -> None:
    """FLOAT takes any finite number; INTEGER takes whole numbers of at most 64 bits, floats only up to 2^53."""
    is_number = not isinstance(value, bool)
    as_float: Any = MISFIT
    if is_number and abs(value) < 2**1023 and isfinite(value):
        as_float = float(value)
    elif is_number and isinstance(value, float) and isfinite(value):
        as_float = value
    assert exact(typed_or_misfit(value, ValueType.FLOAT)) == exact(as_float)
    as_integer: Any = MISFIT
    if is_number and isinstance(value, int) and value in INT64:
        as_integer = value
    elif isinstance(value, float) and isfinite(value) and value == int(value) and abs(value) <= 2**53:
        as_integer = int(value)
    assert exact(typed_or_misfit(value, ValueType.INTEGER)) == exact(as_integer)


def test_minus_zero_keeps_its_sign_as_a_float() -> None:
    """`-0` is an integer, so it is zero for every type; `-0.0` is a float."""
    assert exact(parse_csv_cell("-0")) == exact(0)
    assert exact(typed("-0", ValueType.FLOAT)) == exact(0.0)
    assert exact(typed("-0", ValueType.BOOLEAN)) == exact(value=False)
    assert exact(typed("-0.0", ValueType.FLOAT)) == exact(-0.0)
    assert copysign(1, float(str(parse_csv_cell("-0.0")))) == -1
