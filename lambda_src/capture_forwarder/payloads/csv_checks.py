"""What the text of CSV must not hold, or may hold in its first line, so that the plain path surely reads its cells."""

import re
from collections.abc import Sequence

from capture_forwarder.domain.values import is_number
from capture_forwarder.payloads.compiled_types import ODD_NAMES, REFUSED, Names, Values
from capture_forwarder.payloads.csv_columns import CsvColumns
from capture_forwarder.payloads.csv_text import CsvForm
from capture_forwarder.payloads.headers import looks_like_names
from capture_forwarder.payloads.lazy import LARGE_CHARS
from capture_forwarder.payloads.not_csv import why_not_csv

# Printed objects of Python, JSON, text that was binary, and no text.
ODD_STARTS = frozenset({"<", "\ufffd", "[", "{", ""})
# Cells with space around them, of which the options of the route and the type decide; and empty cells of text.
_ODD_CELL = re.compile(r"(?:^|,)\s|\s(?:,|$)", re.MULTILINE)
_FORM = CsvForm()
# The headers that Hugging Face's toolkit demands.
DEMANDED = frozenset({"inputs", "question,context"})
DEMANDED_CELLS = (["inputs"], ["question", "context"])
_LINE_END, _QUOTED_LINE_END, _NEXT_ROW = "\n", '"\n"', '"],["'
_UNSURE_STARTS = ODD_STARTS | {"b"}
_BYTES = ("b'", 'b"')
AFTER_CELL = frozenset({",", "\n", ""})
# A name that cannot make the text another format.
_NAME = re.compile(r"""[^\W\d_][^][(){}<>;|'"\t]*+""")


def key_of(header: list[str], *, is_answer: bool) -> Names:
    """Return the names of a header. Raises `ValueError` for names of which only the plain path knows the meaning."""
    if (is_answer and not ODD_NAMES.isdisjoint(header)) or not all(map(_NAME.fullmatch, header)):
        raise ValueError("names with a meaning, or with odd characters")
    return tuple(header)


def cells_of(text: str) -> list[list[str]]:
    """Return the cells that the plain path reads. Raises `ValueError` for texts that it may read otherwise."""
    check_text(text)
    found = _FORM.read(text)
    rows = found.rows
    if not isinstance(rows, list) or not rows or found.with_blank:
        raise ValueError("a large text, or blank lines that may be cells")
    return rows


def check_text(text: str) -> None:
    """Raise `ValueError` for a text that the plain path may not read as cells."""
    if "\0" in text or "\ufeff" in text or "[" in text or text.lstrip()[:1] in ODD_STARTS:
        raise ValueError("a text with an odd start, or with lists")
    if not is_plain_in_quotes(text) and why_not_csv(text, None, ""):
        raise ValueError("a text that is no CSV")


def json_of(text: str) -> str | None:
    """Return cells, some in quotes, as a JSON array of arrays of texts; `None` where a CSV reader has to read them.

    Every second part between quotes is the text of one cell. Where it touches another text, quotes mean something else.
    """
    if '""' in text or "\\" in text or "\r" in text or len(text) > LARGE_CHARS:
        return None
    text = text.rstrip("\n")
    if text[0] == text[-1] == '"' and _are_all_quoted(text):
        return f"[[{text.replace(_QUOTED_LINE_END, _NEXT_ROW) if _LINE_END in text else text}]]"
    parts = text.split('"')
    last = len(parts) - 1
    for place in range(0, last + 1, 2):
        part = parts[place]
        if (place and part[:1] not in AFTER_CELL) or (place < last and part[-1:] not in AFTER_CELL):
            return None
        parts[place] = part.replace(",", '","').replace("\n", '"],["')
    return None if last % 2 else f'[["{"".join(parts)}"]]'


def _are_all_quoted(text: str) -> bool:
    """Tell whether all cells of a text that begins and ends with a quote are in quotes, and hold none."""
    ends = text.count('"\n"') if _LINE_END in text else 0
    return text.count('"') == 2 * (text.count('","') + ends + 1)


def check_names(cells: list[str], columns: CsvColumns) -> None:
    """Raise `ValueError` if the first of several lines may be names."""
    if looks_like_names(cells) or cells == list(columns.names):
        raise ValueError("a first line that may be names")


def check_first_cells(cells: list[str]) -> None:
    """Raise `ValueError` if several lines of an answer begin so differently that they may be columns."""
    found = set(cells)  # labels often come again
    if len(set(map(is_number, found))) > 1 or not all(map(str.strip, found)):
        raise ValueError("lines that may be columns")


def is_plain_in_quotes(text: str) -> bool:
    """Tell whether a text with quotes surely holds no printed values, and no quote after a blank."""
    has_brackets = "(" in text or "{" in text or "<" in text
    has_odd_space = "\t" in text or (" " in text and ' "' in text)
    return '"' in text and not has_brackets and not has_odd_space and text[:2] not in _BYTES


def is_plain(text: str) -> bool:
    """Tell whether the plain path surely reads a text with these cells: no printed values, other delimiters or space.

    Single characters are found fastest one after the other. Decoders of JSON refuse control characters in cells.
    """
    return (
        text.isascii()
        and " " not in text
        and "[" not in text
        and "(" not in text
        and "{" not in text
        and ";" not in text
        and "|" not in text
        and text[:1] not in _UNSURE_STARTS
    )


def are_plain_lines(text: str, lines: Sequence[str]) -> bool:
    """Tell whether the plain path surely reads each of these lines as it reads them as the lines of `text`.

    No line is empty, or ends within it, no cell is printed values, and nothing else than commas may be a delimiter.
    """
    if "\r" in text or "\t" in text:
        return False
    starts = {line[:1] for line in lines}
    is_clear = starts.isdisjoint(_UNSURE_STARTS)
    return is_clear and (is_plain(text.replace(", ", ",") if " " in text else text) or is_read_alike(text))


def is_read_alike(text: str) -> bool:
    """Tell the same as `is_plain` of any text without quotes and backslashes, which takes longer."""
    if "[" in text or "(" in text or "{" in text or "\ufeff" in text or text[:1] in ODD_STARTS:
        return False
    return not _has_odd_space(text) and why_not_csv(text, None, "") is None


def _has_odd_space(text: str) -> bool:
    """Tell whether a cell may begin or end with white space. A text with single blanks in its cells has no other."""
    if ", " in text or " ," in text:
        return True
    words = text.replace("\n", " ")
    return " ".join(words.split()) != words and bool(_ODD_CELL.search(text))


def rows_after_blanks(columns: CsvColumns, text: str) -> list[Values] | None:
    """Return the values of lines without quotes in which every cell but the first begins with one blank.

    Numbers may have a blank before or behind them. Returns `None` for other lines.
    """
    if columns.has_texts and text.count(", ") != text.count(","):
        return None
    lines = text.replace(", ", ",") if columns.has_texts else text.replace(", ", ",").replace(" ,", ",")
    if not is_plain(lines):
        return None
    try:
        return columns.rows_after_blanks(lines)
    except REFUSED:
        return None
