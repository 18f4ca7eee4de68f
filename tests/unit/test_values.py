"""Numbers in CSV cells without a schema."""

from typing import Any

import pytest

from capture_forwarder.domain.values import parse_csv_cell

TEXTS: list[tuple[str, Any]] = [
    ("1", 1),
    ("-1", -1),
    ("0", 0),
    ("1.0", 1.0),
    (" 1.5 ", 1.5),
    ("+2", 2.0),
    (".5", 0.5),
    ("5.", 5.0),
    ("1e5", 100000.0),
    ("0.10", 0.1),
    ("", None),
    ("  ", None),
    ("nan", None),
    ("-Infinity", None),
    ("007", "007"),
    ("-01.5", "-01.5"),
    ("1_000", "1_000"),
    ("0x10", "0x10"),
    ("1e999", None),
    ("-1e999", None),
    (str(2**63 - 1), 2**63 - 1),
    (str(2**63), str(2**63)),
    ("1" * 5000, "1" * 5000),
    ("true", "true"),
    (" Adelie", " Adelie"),
    ("١", "١"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[text[:20] for text, _ in TEXTS])
def test_a_cell_is_a_number_if_no_digit_is_lost(text: str, expected: Any) -> None:
    """Leading zeros, huge integers and other digits than ASCII stay text; what no float can hold is null."""
    value = parse_csv_cell(text)
    assert value == expected
    assert type(value) is type(expected)
