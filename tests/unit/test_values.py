"""Numbers parse_csv_cell in CSV text when no schema says what to expect."""

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
    ("1e999", "1e999"),
    (str(2**63 - 1), 2**63 - 1),
    (str(2**63), str(2**63)),
    ("1" * 5000, "1" * 5000),
    ("true", "true"),
    (" Adelie", " Adelie"),
    ("١", "١"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[text[:20] for text, _ in TEXTS])
def test_csv_text_is_a_number_only_if_the_number_gives_it_back(text: str, expected: Any) -> None:
    """Numbers become numbers; leading zeros, huge integers and foreign digits stay text, so that no id loses any."""
    found = parse_csv_cell(text)
    assert found == expected
    assert type(found) is type(expected)
