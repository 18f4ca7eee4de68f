"""Text of CSV cells: numbers without a schema, and the effect of a route's options."""

from typing import Any

import pytest

from capture_forwarder.domain.converters import CellOptions, cell_converters, cell_parser
from capture_forwarder.domain.route import CsvSpace, EmptyText
from capture_forwarder.domain.schema import ValueType
from capture_forwarder.domain.values import parse_csv_cell

TEXTS: list[tuple[str, Any]] = [
    ("1", 1),
    ("-1", -1),
    ("0", 0),
    ("1.0", 1.0),
    (" 1.5 ", 1.5),
    ("+2", "+2"),
    ("+4712345678", "+4712345678"),
    ("+1.5e3", "+1.5e3"),
    ("+inf", None),
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
    ("1e400", None),
    ("-1e999", None),
    ("+1e400", "+1e400"),
    ("1e-400", 0.0),
    (str(2**63 - 1), 2**63 - 1),
    (str(2**63), str(2**63)),
    ("1" * 5000, "1" * 5000),
    ("true", "true"),
    (" Adelie", " Adelie"),
    ("١", "١"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[text[:20] for text, _ in TEXTS])
def test_a_cell_is_a_number_if_no_digit_is_lost(text: str, expected: Any) -> None:
    """Leading zeros and signs, huge integers and other digits than ASCII stay text; numbers that are not finite become null."""
    value = parse_csv_cell(text)
    assert value == expected
    assert type(value) is type(expected)


AUTO, KEEP, TRIM = CsvSpace
NULL, EMPTY = EmptyText
CELLS: list[tuple[CsvSpace, EmptyText, str, Any, Any, Any]] = [
    # Options, the cell, then what it is: without a schema, as STRING, as UNSTRUCTURED_TEXT.
    (AUTO, NULL, " Oslo ", " Oslo ", "Oslo", " Oslo "),
    (KEEP, NULL, " Oslo ", " Oslo ", " Oslo ", " Oslo "),
    (TRIM, NULL, " Oslo ", "Oslo", "Oslo", "Oslo"),
    (AUTO, EMPTY, " Oslo ", " Oslo ", "Oslo", " Oslo "),
    (AUTO, NULL, "\u00a0Oslo\t", "\u00a0Oslo\t", "Oslo", "\u00a0Oslo\t"),
    (TRIM, NULL, " 007 ", "007", "007", "007"),
    (KEEP, NULL, " 7 ", 7, " 7 ", " 7 "),
    (TRIM, EMPTY, " 7.5 ", 7.5, "7.5", "7.5"),
    (AUTO, NULL, "", None, None, None),
    (KEEP, NULL, "", None, None, None),
    (KEEP, NULL, "  ", None, None, None),
    (TRIM, NULL, "  ", None, None, None),
    (AUTO, EMPTY, "", "", "", ""),
    (AUTO, EMPTY, "  ", "  ", "", "  "),
    (KEEP, EMPTY, "  ", "  ", "  ", "  "),
    (TRIM, EMPTY, "  ", "", "", ""),
    (TRIM, EMPTY, "nan", None, "nan", "nan"),
    (AUTO, EMPTY, "1e400", None, "1e400", "1e400"),
]


@pytest.mark.parametrize(("space", "empty", "cell", "plain", "category", "text"), CELLS)
def test_a_route_decides_about_space_and_empty_text(
    space: CsvSpace, empty: EmptyText, cell: str, plain: Any, category: Any, text: Any
) -> None:
    """A category is trimmed by default; other text keeps its space, and empty text is null."""
    options = CellOptions(space, empty)
    typed = cell_converters(options)
    found = [
        cell_parser(options)(cell), typed[ValueType.STRING](cell), typed[ValueType.UNSTRUCTURED_TEXT](cell)
    ]  # fmt: skip
    assert found == [plain, category, text]
    assert [type(one) for one in found] == [type(plain), type(category), type(text)]


@pytest.mark.parametrize("space", CsvSpace)
@pytest.mark.parametrize("empty", EmptyText)
def test_numbers_times_and_images_do_not_depend_on_the_options(space: CsvSpace, empty: EmptyText) -> None:
    """Only text keeps a cell that is no number."""
    typed = cell_converters(CellOptions(space, empty))
    assert typed[ValueType.FLOAT](" 1.5 ") == 1.5
    assert typed[ValueType.INTEGER](" 3 ") == 3
    assert typed[ValueType.BOOLEAN](" true ") is True
    assert [typed[one]("  ") for one in ValueType if one not in (ValueType.STRING, ValueType.UNSTRUCTURED_TEXT)] == [
        None
    ] * (len(ValueType) - 2)
    assert typed[ValueType.IMAGE](" a.png") == ("a.png" if space is TRIM else " a.png")


def test_a_cell_that_was_read_as_a_list_is_text_again_for_an_attribute_of_text() -> None:
    """An answer may hold JSON lists of numbers in quotes."""
    assert cell_converters(CellOptions(TRIM, EMPTY))[ValueType.STRING]([0.8, 0.2]) == "[0.8,0.2]"
