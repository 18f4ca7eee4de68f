"""The body of a payload: what its text holds, before anything is known of rows."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import PayloadOptions
from capture_forwarder.domain.values import JsonValue, is_number
from capture_forwarder.payloads.csv_text import read_cells
from capture_forwarder.payloads.declared import Declared, declared
from capture_forwarder.payloads.documents import RepeatedName
from capture_forwarder.payloads.json_text import read_document, read_json, read_json_lines
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.transfer import decode_text

_MARK, _REPLACED = "\ufeff", "\ufffd"
_BRACKETS = ("[", "{")


class Body(Struct, frozen=True, gc=False):
    """The content of a payload, and how its text was found.

    `content` is by `form.media`: of JSON the document, of JSON Lines one document a line, of CSV the cells of each line
    that is not blank, of TEXT the text. A long list in it is read lazily. `is_one_call` says that a list is one call.
    `header` is the declared one of CSV. `with_blank` is CSV of one column in which each blank line between others is an
    empty cell, if there are such lines.
    """

    form: BodyForm
    content: JsonValue | Sequence[JsonValue] | Sequence[list[str]]
    is_one_call: bool = False
    header: bool | None = None
    with_blank: Sequence[list[str]] | None = None


def read_body(payload: Payload, options: PayloadOptions, *, is_answer: bool) -> Body | Reason:
    """Return the content of a payload, or why it cannot be read."""
    side = "output" if is_answer else "input"
    found = declared(payload.encoding, payload.content_type, options.content_type, options.csv_delimiter, side)
    if found.refusal:
        return found.refusal
    text = decode_text(payload.data, found) if found.base64 else payload.data
    if isinstance(text, Reason):
        return text
    text = text.lstrip(_MARK) if text[:1] == _MARK else text
    if "\0" in text or text[:1] == _REPLACED:
        return Reason(RejectionCode.BAD_TEXT, "the text was binary: it holds U+0000 or begins with U+FFFD")
    if found.media is Media.CSV:
        return _read_csv(text, found, options, side)
    if found.media is Media.JSON or found.media is Media.JSON_LINES:
        return _read_json(text, found, options)
    return _look(text, found, options) or _unknown(text, found, side)


_NO_JSON = Reason(RejectionCode.BAD_JSON, "the payload is neither one JSON document nor one a line")
_REPEATED = Reason(
    RejectionCode.BAD_JSON, "an object has a name twice, so that a value is lost; the script must write each name once"
)


def _read_json(text: str, found: Declared, options: PayloadOptions) -> Body | Reason:
    try:
        media, content = read_json(text) if found.media is Media.JSON else read_json_lines(text)
    except RepeatedName:
        return _REPEATED
    except ValueError:
        return (_look(text, found, options) if found.may_differ else None) or _NO_JSON
    form = found.form if media is found.media else replace(found.form, media=media)
    return Body(form, content, found.is_one_call)


def _read_csv(text: str, found: Declared, options: PayloadOptions, side: str) -> Body | Reason:
    if text.lstrip()[:1] in _BRACKETS:
        try:
            if body := _json_in_csv(text, found):
                return body
        except RepeatedName:
            return _REPEATED
    try:
        cells = read_cells(text, options.csv_delimiter or ",")
    except ValueError as error:
        return Reason(RejectionCode.BAD_CSV, str(error))
    return Body(found.form, cells.rows, header=found.header, with_blank=cells.with_blank)


def _json_in_csv(text: str, found: Declared) -> Body | None:
    """Return the JSON in a text that begins with a bracket; XGBoost writes lists with commas between them."""
    for read in (read_json, _read_bare_list):
        try:
            media, content = read(text)
        except RepeatedName:
            raise
        except ValueError:
            continue
        return Body(replace(found.form, media=media), content)
    return None


def _read_bare_list(text: str) -> tuple[Media, JsonValue | Sequence[JsonValue]]:
    return Media.JSON, read_document(f"[{text}]")


def _look(text: str, found: Declared, options: PayloadOptions) -> Body | Reason | None:
    """Return the content of a text that looks like JSON or like numbers in CSV, and `None` for another text."""
    if text.lstrip()[:1] in _BRACKETS:
        try:
            body = _json_in_csv(text, found)
        except RepeatedName:
            return _REPEATED
        return replace(body, form=replace(body.form, declared=False)) if body else None
    try:
        cells = read_cells(text, options.csv_delimiter or ",")
    except ValueError:
        return None
    if not cells.rows or not all(is_number(cell) for row in cells.rows for cell in row):
        return None
    form = replace(found.form, media=Media.CSV, declared=False)
    return Body(form, cells.rows, header=found.header, with_blank=cells.with_blank)


def _unknown(text: str, found: Declared, side: str) -> Body | Reason:
    if found.media is Media.TEXT:
        return Body(found.form, text)
    return Reason(
        RejectionCode.UNKNOWN_CONTENT_TYPE,
        "a body of a content type that holds no rows, or without one; it looks like neither JSON nor numbers in CSV; "
        f"set the route's {side}_content_type",
    )
