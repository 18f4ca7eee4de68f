"""The body of a payload made into rows."""

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.documents import parse_csv, parse_documents, parse_json_lines
from capture_forwarder.payloads.layouts import RULES, Placed, Placement, Row, RowForm, Rule
from capture_forwarder.payloads.media import Body, BodyForm


class PayloadReading(Struct, frozen=True):
    """How a payload was read: the form of its body, and the placement of its rows (of JSON Lines: in the last line)."""

    body: BodyForm
    placement: Placement


class Rows(Struct, frozen=True, gc=False):
    """The rows of one payload, and how they were read."""

    rows: list[Row]
    reading: PayloadReading


_CSV = Placement(Layout.ROWS, RowForm.VALUES)
_CSV_WITH_HEADER = Placement(Layout.ROWS, RowForm.TABLE)
# A line of JSON Lines is one row: `{"label": [...], "prob": [...]}` is one answer of BlazingText, no columns.
_RULES: dict[Media, dict[Layout, Rule]] = {
    Media.JSON: RULES,
    Media.JSON_LINES: {layout: rule for layout, rule in RULES.items() if layout is not Layout.COLUMNS},
}


def read_rows(body: Body, options: PayloadOptions) -> Rows | Reason:
    """Return the rows of a payload, or why they cannot be read."""
    if body.form.media is Media.CSV:
        return _read_csv(body, header=options.csv_header)
    is_lines = body.form.media is Media.JSON_LINES
    try:
        documents = parse_json_lines(body.text) if is_lines else parse_documents(body.text)
    except ValueError:
        return Reason(RejectionCode.BAD_JSON, "the payload is neither one JSON document nor one a line")
    form = body.form if len(documents) == 1 else replace(body.form, media=Media.JSON_LINES)
    placement, rows = _CSV, list[Row]()
    for document in documents:
        placed = _place(form.media, document, options.layout)
        if isinstance(placed, Reason):
            return placed
        placement = placed[0]
        rows += placed[1]
    return Rows(rows, PayloadReading(form, placement))


def _place(media: Media, document: JsonValue, pinned: Layout | None) -> Placed | Reason:
    for layout, rule in _RULES[media].items():
        if layout is pinned if pinned else rule.recognises(document):
            try:
                return rule.place(document)
            except ValueError as error:
                return Reason(RejectionCode.UNKNOWN_LAYOUT, f"read as {layout}: {error}")
    return Reason(RejectionCode.UNKNOWN_LAYOUT, f"no layout for {media} fits; set the route's layout option")


def csv_reading(form: BodyForm, *, header: bool) -> PayloadReading:
    """Return how CSV is read: unlike JSON documents, it has one layout."""
    return PayloadReading(form, _CSV_WITH_HEADER if header else _CSV)


def _read_csv(body: Body, *, header: bool) -> Rows | Reason:
    reading = csv_reading(body.form, header=header)
    try:
        cells = parse_csv(body.text)
    except ValueError as error:
        return Reason(RejectionCode.BAD_CSV, str(error))
    if not header or not cells:
        return Rows(cells, reading)  # type: ignore[arg-type]  # lists are invariant; cells are JSON values
    names, *rows = cells
    if len(set(names)) != len(names) or any(len(row) != len(names) for row in rows):
        return Reason(RejectionCode.BAD_CSV, "the header names a column twice, or a row is not as long as it")
    return Rows([dict(zip(names, row, strict=True)) for row in rows], reading)
