"""The body of a payload made into rows."""

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.payloads.documents import parse_documents, parse_json_lines, read_csv
from capture_forwarder.payloads.large import read_lines, read_list
from capture_forwarder.payloads.layouts import Placed, Placement, Row, RowForm, place, place_lines
from capture_forwarder.payloads.lazy import LARGE_CHARS, Lazy
from capture_forwarder.payloads.media import Body, BodyForm
from capture_forwarder.payloads.tables import named_rows


class PayloadReading(Struct, frozen=True):
    """How a payload was read: the form of its body, and the placement of its rows (of JSON Lines: in the last line)."""

    body: BodyForm
    placement: Placement


class Rows(Struct, frozen=True, gc=False):
    """The rows of one payload, and how they were read."""

    rows: Sequence[Row]
    reading: PayloadReading


_CSV = Placement(Layout.ROWS, RowForm.VALUES)
_CSV_WITH_HEADER = Placement(Layout.ROWS, RowForm.TABLE)


def read_rows(body: Body, options: PayloadOptions) -> Rows | Reason:
    """Return the rows of a payload, or why they cannot be read."""
    if body.form.media is Media.CSV:
        return _read_csv(body, header=options.csv_header)
    try:
        large = _read_large(body, options.layout) if len(body.text) > LARGE_CHARS else None
        return large or _read_json(body, options.layout)
    except ValueError:
        return Reason(RejectionCode.BAD_JSON, "the payload is neither one JSON document nor one a line")


def _read_json(body: Body, pinned: Layout | None) -> Rows | Reason:
    """Raises `ValueError` if the text is neither one JSON document nor one a line."""
    is_lines = body.form.media is Media.JSON_LINES
    documents = parse_json_lines(body.text) if is_lines else parse_documents(body.text)
    if len(documents) == 1:
        return _rows(place(documents[0], body.form.media, pinned), body.form)
    lines = place_lines(documents, pinned)
    placed = lines if isinstance(lines, Reason) else (lines[0] or _CSV, lines[1])
    return _rows(placed, replace(body.form, media=Media.JSON_LINES))


def _read_large(body: Body, pinned: Layout | None) -> Rows | Reason | None:
    """Return the rows of a list or of lines; `None` for a document of another form. Raises `ValueError` as above."""
    if body.form.media is Media.JSON and (placed := read_list(body.text, pinned)):
        return _rows(placed, body.form)
    lines = read_lines(body.text, body.form.media, pinned)
    return _rows(lines, replace(body.form, media=Media.JSON_LINES)) if lines else None


def _rows(placed: Placed | Reason, form: BodyForm) -> Rows | Reason:
    return placed if isinstance(placed, Reason) else Rows(placed[1], PayloadReading(form, placed[0]))


def csv_reading(form: BodyForm, *, header: bool) -> PayloadReading:
    """Return how CSV is read: unlike JSON documents, it has one layout."""
    return PayloadReading(form, _CSV_WITH_HEADER if header else _CSV)


def _read_csv(body: Body, *, header: bool) -> Rows | Reason:
    reading = csv_reading(body.form, header=header)
    try:
        cells = read_csv(body.text)
    except ValueError as error:
        return Reason(RejectionCode.BAD_CSV, str(error))
    if not header or not cells:
        return Rows(cells, reading)  # type: ignore[arg-type]  # lists are invariant; cells are JSON values
    names, width = cells[0], len(cells[0])
    if len(set(names)) != width or any(len(row) != width for row in cells):
        return Reason(RejectionCode.BAD_CSV, "the header names a column twice, or a row is not as long as it")
    rows = cells[1:] if isinstance(cells, list) else _without_first(cells)
    return Rows(named_rows(names, rows), reading)


def _without_first(cells: Sequence[list[str]]) -> Sequence[list[str]]:
    return Lazy(len(cells) - 1, lambda place: cells[place + 1], lambda: islice(cells, 1, None))
