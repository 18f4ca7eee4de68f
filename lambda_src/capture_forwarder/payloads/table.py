"""The one table of what can be read: (content type, layout) -> how to recognise it and how to decode it.

A new layout is one entry here. Order matters: the first entry of a content type that recognises a document wins,
unless the route names the layout.
"""

from collections.abc import Callable

from msgspec import Struct

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.media import Media
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads import layouts
from capture_forwarder.payloads.csv_rows import parse_csv
from capture_forwarder.payloads.documents import parse_documents, parse_json_lines
from capture_forwarder.payloads.media import Body
from capture_forwarder.payloads.rows import Row, Rows


class Decoder(Struct, frozen=True):
    """How a layout is told from the others, and how its document becomes rows."""

    recognises: Callable[[JsonValue], bool]
    decode: Callable[[JsonValue], list[Row]]


_JSON = {
    Layout.DATAFRAME_SPLIT: Decoder(layouts.is_dataframe_split, layouts.dataframe_split),
    Layout.KSERVE: Decoder(layouts.is_kserve, layouts.kserve),
    Layout.VECTOR: Decoder(layouts.is_vector, layouts.vector),
    Layout.COLUMNS: Decoder(layouts.is_columns, layouts.columns),
    Layout.INSTANCES: Decoder(layouts.is_instances, layouts.instances),
    Layout.LIST: Decoder(layouts.is_listed, layouts.listed),
    Layout.OBJECT: Decoder(layouts.is_object, layouts.single_object),
}
TABLE: dict[tuple[Media, Layout], Decoder] = {
    (Media.CSV, Layout.ROWS): Decoder(lambda _: True, layouts.listed),
    **{(Media.JSON, layout): decoder for layout, decoder in _JSON.items()},
    # A line of JSON Lines is one row as it stands: {"label": [...], "prob": [...]} there is BlazingText's one answer.
    **{(Media.JSON_LINES, layout): decoder for layout, decoder in _JSON.items() if layout is not Layout.COLUMNS},
}


def decode_body(body: Body, options: PayloadOptions) -> Rows | Reason:
    """Return the rows of a payload, or why it has none that can be told."""
    if body.media is Media.CSV:
        return _decode_csv(body.text, options)
    try:
        documents = parse_json_lines(body.text) if body.media is Media.JSON_LINES else parse_documents(body.text)
    except ValueError:
        return Reason(RejectionCode.BAD_JSON, "the payload is neither one JSON document nor one a line")
    media = body.media if len(documents) == 1 else Media.JSON_LINES
    rows: list[Row] = []
    for document in documents:
        decoded = _decode_document(media, document, options.layout)
        if isinstance(decoded, Reason):
            return decoded
        rows += decoded
    return Rows(rows)


def _decode_document(media: Media, document: JsonValue, pinned: Layout | None) -> list[Row] | Reason:
    for (known, layout), decoder in TABLE.items():
        if known is media and (layout is pinned if pinned else decoder.recognises(document)):
            try:
                return decoder.decode(document)
            except ValueError as error:
                return Reason(RejectionCode.UNKNOWN_LAYOUT, f"read as {layout}: {error}")
    return Reason(RejectionCode.UNKNOWN_LAYOUT, f"no layout for {media} fits; set the route's layout option")


def _decode_csv(text: str, options: PayloadOptions) -> Rows | Reason:
    try:
        cells = parse_csv(text)
    except ValueError as error:
        return Reason(RejectionCode.BAD_CSV, str(error))
    if not options.csv_header or not cells:
        return Rows(cells, textual=True)  # type: ignore[arg-type]  # lists are invariant; cells are JSON values
    names, *rows = cells
    if len(set(names)) != len(names) or any(len(row) != len(names) for row in rows):
        return Reason(RejectionCode.BAD_CSV, "the header names a column twice, or a row is not as long as it")
    return Rows([dict(zip(names, row, strict=True)) for row in rows], textual=True)
