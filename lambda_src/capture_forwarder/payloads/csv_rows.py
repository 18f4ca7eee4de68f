"""CSV payloads: headerless unless the route says otherwise, any of the three line ends, quotes as in RFC 4180."""

import csv
import io


def parse_csv(text: str) -> list[list[str]]:
    """Return the cells of every row that is not blank. Raises `ValueError` if a quoted cell is malformed."""
    if '"' in text:
        rows = _quoted(text)
    else:
        rows = [line.split(",") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]


def _quoted(text: str) -> list[list[str]]:
    # The module's limit of 128 KiB a cell is below what a prompt may hold, and it is a setting of the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError("a quoted cell is malformed") from error
